-- +goose Up
-- How urgent a message is: 0 before 1 before 2. What waited before, and what a program from
-- before posts meanwhile, is in the middle.
ALTER TABLE messages ADD COLUMN urgency BIGINT NOT NULL DEFAULT 1;
-- Workspaces take turns: each finds its next message here, however many of others wait.
CREATE INDEX messages_turn ON messages (channel, urgency, workspace_id, next_at, id) WHERE state = 'queued';
-- 1 for who was written to on the same day already, and is therefore left out in this round.
ALTER TABLE campaign_people ADD COLUMN left_out BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE campaign_people DROP COLUMN left_out;
DROP INDEX messages_turn;
ALTER TABLE messages DROP COLUMN urgency;
