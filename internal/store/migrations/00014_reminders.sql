-- +goose Up
-- What somebody asked for with these mails: a requirement, or a filter of people to be
-- reminded. '' where a program from before has begun them.
ALTER TABLE campaigns ADD COLUMN asked TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE campaigns DROP COLUMN asked;
