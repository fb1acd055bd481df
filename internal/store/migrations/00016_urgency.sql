-- +goose Up
-- How urgent a message is: 0 before 1 before 2. What waited before, and what a program from
-- before posts meanwhile, is in the middle.
ALTER TABLE messages ADD COLUMN urgency BIGINT NOT NULL DEFAULT 1;
-- Workspaces take turns: each finds its next message here, however many of others wait.
CREATE INDEX messages_turn ON messages (channel, urgency, workspace_id, next_at, id) WHERE state = 'queued';

-- +goose Down
DROP INDEX messages_turn;
ALTER TABLE messages DROP COLUMN urgency;
