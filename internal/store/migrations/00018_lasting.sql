-- +goose Up
-- Who has given so many wrong answers in a row that only somebody else ends the lock, is found
-- for lists and counts. No end of a pause tells: the last one is over after a day.
CREATE INDEX guesses_lasting ON guesses (workspace_id, subject) WHERE tries >= 100;

-- +goose Down
DROP INDEX guesses_lasting;
