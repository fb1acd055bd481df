-- +goose Up
-- One text for SQLite and PostgreSQL: TEXT, BIGINT (times are unix
-- milliseconds, UTC, passed in; 0 is "never"), BYTEA. Every table carries the
-- workspace in its key, but for leases and the installation's own values.

CREATE TABLE workspaces (
  id               TEXT NOT NULL PRIMARY KEY,
  name             TEXT NOT NULL,
  host             TEXT NOT NULL,
  language         TEXT NOT NULL,
  settings         TEXT NOT NULL,
  settings_version BIGINT NOT NULL,
  created_at       BIGINT NOT NULL
);

CREATE TABLE pools (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  id           TEXT NOT NULL,
  name         TEXT NOT NULL,
  settings     TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);

CREATE TABLE users (
  workspace_id          TEXT NOT NULL,
  id                    TEXT NOT NULL,
  pool_id               TEXT NOT NULL,
  email                 TEXT NOT NULL,
  email_key             TEXT NOT NULL,
  email_verified_at     BIGINT NOT NULL,
  name                  TEXT NOT NULL,
  role                  TEXT NOT NULL,
  state                 TEXT NOT NULL,
  language              TEXT NOT NULL,
  zone                  TEXT NOT NULL,
  password_hash         TEXT NOT NULL,
  password_version      BIGINT NOT NULL,
  password_changed_at   BIGINT NOT NULL,
  require_second_factor TEXT NOT NULL,
  default_method        TEXT NOT NULL,
  default_set_at        BIGINT NOT NULL,
  created_at            BIGINT NOT NULL,
  signed_in_at          BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, email_key),
  FOREIGN KEY (workspace_id, pool_id) REFERENCES pools (workspace_id, id)
);

-- One enrolled proof, or one set of recovery codes. The secret is sealed and
-- bound to this row. counter is the method's own: the last accepted step of a
-- time-based code, the recovery codes left.
CREATE TABLE credentials (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  kind         TEXT NOT NULL,
  name         TEXT NOT NULL,
  name_key     TEXT NOT NULL,
  state        TEXT NOT NULL,
  replaces     TEXT NOT NULL,
  secret       BYTEA NOT NULL,
  counter      BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL,
  used_at      BIGINT NOT NULL,
  used_from    TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX credentials_of_user ON credentials (workspace_id, user_id, kind);
CREATE UNIQUE INDEX credentials_name ON credentials (workspace_id, user_id, kind, name_key) WHERE state = 'active';

-- The judge of single use: a proof whose (credential, number) row exists was
-- spent before, whatever any counter says.
CREATE TABLE spent_proofs (
  workspace_id  TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  number        BIGINT NOT NULL,
  spent_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, credential_id, number)
);
CREATE INDEX spent_proofs_age ON spent_proofs (spent_at);

-- Wrong answers, counted per subject (an account, an address), per sort of
-- proof, apart for browsers that signed in before ("known") and the rest.
CREATE TABLE guesses (
  workspace_id TEXT NOT NULL,
  subject      TEXT NOT NULL,
  sort         TEXT NOT NULL,
  counter      TEXT NOT NULL,
  tries        BIGINT NOT NULL,
  since        BIGINT NOT NULL,
  locked_until BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, subject, sort, counter)
);
CREATE INDEX guesses_age ON guesses (since);

-- GCRA state (the theoretical arrival time) of everything that is limited by
-- rate and not by wrong answers: mails to an account, requests of an address.
CREATE TABLE rates (
  workspace_id TEXT NOT NULL,
  subject      TEXT NOT NULL,
  arrival      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, subject)
);
CREATE INDEX rates_age ON rates (arrival);

-- One row for each person who completed a sign-in with one browser's cookie.
CREATE TABLE browsers (
  workspace_id   TEXT NOT NULL,
  id             TEXT NOT NULL,
  user_id        TEXT NOT NULL,
  token_hash     BYTEA NOT NULL,
  known_since    BIGINT NOT NULL,
  trusted_until  BIGINT NOT NULL,
  last_method    TEXT NOT NULL,
  last_method_at BIGINT NOT NULL,
  seen_at        BIGINT NOT NULL,
  user_agent     TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, token_hash, user_id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX browsers_of_user ON browsers (workspace_id, user_id);

-- One sign-in under way. user_id is empty for an account that does not exist:
-- it is led through the same steps.
CREATE TABLE attempts (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  browser_hash BYTEA NOT NULL,
  user_id      TEXT NOT NULL,
  identifier   TEXT NOT NULL,
  entry        TEXT NOT NULL,
  state        TEXT NOT NULL,
  first        TEXT NOT NULL,
  first_at     BIGINT NOT NULL,
  second       TEXT NOT NULL,
  second_at    BIGINT NOT NULL,
  effect       TEXT NOT NULL,
  return_to    TEXT NOT NULL,
  ip           TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX attempts_of_user ON attempts (workspace_id, user_id);
CREATE INDEX attempts_age ON attempts (expires_at);

CREATE TABLE sessions (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  token_hash   BYTEA NOT NULL,
  user_id      TEXT NOT NULL,
  browser_id   TEXT NOT NULL,
  entry        TEXT NOT NULL,
  first        TEXT NOT NULL,
  first_at     BIGINT NOT NULL,
  second       TEXT NOT NULL,
  second_at    BIGINT NOT NULL,
  mailed_at    BIGINT NOT NULL,
  known_since  BIGINT NOT NULL,
  return_to    TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  seen_at      BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  ip           TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, token_hash),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_of_user ON sessions (workspace_id, user_id);
CREATE INDEX sessions_age ON sessions (expires_at);

-- Links that work once, by the button on their page: set-up, invitation,
-- reset, rescue, new address, turning off.
CREATE TABLE links (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  kind         TEXT NOT NULL,
  token_hash   BYTEA NOT NULL,
  user_id      TEXT NOT NULL,
  detail       TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  spent_at     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, token_hash)
);
CREATE INDEX links_of_user ON links (workspace_id, user_id, kind);
CREATE INDEX links_age ON links (expires_at);

-- Codes sent to the account's address: 15 minutes, 5 tries, one purpose.
CREATE TABLE mailed_codes (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  session_id   TEXT NOT NULL,
  code_mac     BYTEA NOT NULL,
  tries        BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  spent_at     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX mailed_codes_of_session ON mailed_codes (workspace_id, session_id);
CREATE INDEX mailed_codes_age ON mailed_codes (expires_at);

-- The outbox. The body is sealed, and erased when the message was handed over.
CREATE TABLE messages (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  kind         TEXT NOT NULL,
  channel      TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  recipient    TEXT NOT NULL,
  body         BYTEA NOT NULL,
  state        TEXT NOT NULL,
  tries        BIGINT NOT NULL,
  next_at      BIGINT NOT NULL,
  lease_until  BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  sent_at      BIGINT NOT NULL,
  problem      TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX messages_due ON messages (state, next_at);

-- The audit log. A sealer chains whole batches later: seal_id says which.
CREATE TABLE events (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  at           BIGINT NOT NULL,
  kind         TEXT NOT NULL,
  outcome      TEXT NOT NULL,
  actor_kind   TEXT NOT NULL,
  actor_id     TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  target       TEXT NOT NULL,
  session_id   TEXT NOT NULL,
  attempt_id   TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  ip           TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  detail       TEXT NOT NULL,
  seal_id      BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX events_of_user ON events (workspace_id, user_id, id);
CREATE INDEX events_unsealed ON events (id) WHERE seal_id IS NULL;
CREATE INDEX events_age ON events (at);

CREATE TABLE seals (
  workspace_id TEXT NOT NULL,
  id           BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  events       BIGINT NOT NULL,
  digest       BYTEA NOT NULL,
  mac          BYTEA NOT NULL,
  PRIMARY KEY (workspace_id, id)
);

CREATE TABLE leases (
  name   TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  until  BIGINT NOT NULL
);

-- The installation's own values, sealed where they are secret.
CREATE TABLE installation (
  name  TEXT NOT NULL PRIMARY KEY,
  value BYTEA NOT NULL
);

INSERT INTO workspaces (id, name, host, language, settings, settings_version, created_at)
VALUES ('wsp_default', 'Countersign', '', '', '{}', 1, 0);
INSERT INTO pools (workspace_id, id, name, settings, created_at)
VALUES ('wsp_default', 'pool_default', 'Everybody', '{}', 0);

-- +goose Down
DROP TABLE installation;
DROP TABLE leases;
DROP TABLE seals;
DROP TABLE events;
DROP TABLE messages;
DROP TABLE mailed_codes;
DROP TABLE links;
DROP TABLE sessions;
DROP TABLE attempts;
DROP TABLE browsers;
DROP TABLE rates;
DROP TABLE guesses;
DROP TABLE spent_proofs;
DROP TABLE credentials;
DROP TABLE users;
DROP TABLE pools;
DROP TABLE workspaces;
