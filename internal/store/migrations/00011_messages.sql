-- +goose Up
-- The delivery log: those of one state and one way, the newest first.
CREATE INDEX messages_told ON messages (workspace_id, channel, state, id);

-- +goose Down
DROP INDEX messages_told;
