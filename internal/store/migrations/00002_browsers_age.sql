-- +goose Up
-- Browsers that nobody uses any more are swept by their age.
CREATE INDEX browsers_age ON browsers (seen_at);

-- +goose Down
DROP INDEX browsers_age;
