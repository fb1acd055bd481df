-- +goose Up
-- The role of whoever locked a disabled account: nobody ends the lock of a higher rank. ''
-- is the operator, and whoever locked one before this was noted.
ALTER TABLE users ADD COLUMN locked_by TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE users DROP COLUMN locked_by;
