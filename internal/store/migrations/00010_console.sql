-- +goose Up
-- How a person is sorted in lists, as package fold writes it: hexadecimal, so that both
-- databases, whatever their collation, have one order. '' is somebody whom a program
-- from before wrote: the worker of package people fills it in.
ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
CREATE INDEX users_listed ON users (workspace_id, name_key, id, pool_id, role, state);

-- Those who have a role are few, and a change of settings looks at them while others wait.
CREATE INDEX users_managing ON users (workspace_id, role, state, id);

-- The words by which a person is found: those of the name and of the address, and the
-- whole address. As package fold writes them, so that a prefix is a range of this key.
CREATE TABLE person_words (
  workspace_id TEXT NOT NULL,
  word         TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  PRIMARY KEY (workspace_id, word, user_id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX person_words_of_user ON person_words (workspace_id, user_id, word);

-- Who is locked is looked for among few, and not among all who ever typed a wrong code.
CREATE INDEX guesses_locked ON guesses (workspace_id, locked_until) WHERE locked_until > 0;

-- When the session was last used in the console, 0 for never.
ALTER TABLE sessions ADD COLUMN console_at BIGINT NOT NULL DEFAULT 0;

-- How many could sign in, and how many of them had a second factor, at the end of a day
-- (its first moment, UTC); that of today is written each hour.
CREATE TABLE pool_days (
  workspace_id TEXT NOT NULL,
  pool_id      TEXT NOT NULL,
  day          BIGINT NOT NULL,
  people       BIGINT NOT NULL,
  protected    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, pool_id, day),
  FOREIGN KEY (workspace_id, pool_id) REFERENCES pools (workspace_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE pool_days;
ALTER TABLE sessions DROP COLUMN console_at;
DROP INDEX guesses_locked;
DROP TABLE person_words;
DROP INDEX users_managing;
DROP INDEX users_listed;
ALTER TABLE users DROP COLUMN name_key;
