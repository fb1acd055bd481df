-- +goose Up
-- One code that was sent as a text: for which sign-in or session (holder), to which
-- number (credential_id, whose secret the number is), and what became of it. No number
-- lies here. A newer one of the same holder sets expires_at to 0. cost is in millionths
-- of the currency.
CREATE TABLE texts (
  workspace_id  TEXT NOT NULL,
  id            TEXT NOT NULL,
  user_id       TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  holder        TEXT NOT NULL,
  code_mac      BYTEA NOT NULL,
  tries         BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL,
  spent_at      BIGINT NOT NULL,
  country       TEXT NOT NULL,
  state         TEXT NOT NULL,
  provider      TEXT NOT NULL,
  reference     TEXT NOT NULL,
  parts         BIGINT NOT NULL,
  cost          BIGINT NOT NULL,
  currency      TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX texts_of_holder ON texts (workspace_id, holder);
CREATE INDEX texts_of_user ON texts (workspace_id, user_id);
CREATE INDEX texts_of_reference ON texts (workspace_id, provider, reference);
CREATE INDEX texts_age ON texts (created_at);

-- How many texts were sent within a window, by account, number, block of numbers,
-- country, and in all. Numbers are keyed digests.
CREATE TABLE text_caps (
  workspace_id TEXT NOT NULL,
  subject      TEXT NOT NULL,
  since        BIGINT NOT NULL,
  taken        BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, subject)
);
CREATE INDEX text_caps_age ON text_caps (since);

-- What texts cost, by day (its first moment, UTC), kept when people are deleted.
CREATE TABLE text_totals (
  workspace_id TEXT NOT NULL,
  day          BIGINT NOT NULL,
  country      TEXT NOT NULL,
  provider     TEXT NOT NULL,
  currency     TEXT NOT NULL,
  texts        BIGINT NOT NULL,
  parts        BIGINT NOT NULL,
  delivered    BIGINT NOT NULL,
  failed       BIGINT NOT NULL,
  cost         BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, day, country, provider, currency)
);

-- +goose Down
DROP TABLE text_totals;
DROP TABLE text_caps;
DROP TABLE texts;
