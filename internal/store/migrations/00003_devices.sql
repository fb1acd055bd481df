-- +goose Up
-- A paired phone, or a command line that is one. Its row stays when it is removed:
-- what its keys signed can be checked for as long as the audit log is kept.
-- subscription is sealed and bound to this row: where pushes go, and the keys they are
-- sealed with. credential_id is its row of credentials, once it is active.
CREATE TABLE devices (
  workspace_id  TEXT NOT NULL,
  id            TEXT NOT NULL,
  user_id       TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  kind          TEXT NOT NULL,
  name          TEXT NOT NULL,
  platform      TEXT NOT NULL,
  client        TEXT NOT NULL,
  version       TEXT NOT NULL,
  state         TEXT NOT NULL,
  device_key    BYTEA NOT NULL,
  verify_id     BYTEA NOT NULL,
  verify_key    BYTEA NOT NULL,
  verify_user   BYTEA NOT NULL,
  backed_up     BIGINT NOT NULL,
  counter       BIGINT NOT NULL,
  biometrics    BIGINT NOT NULL,
  notifications TEXT NOT NULL,
  subscription  BYTEA NOT NULL,
  delivery      TEXT NOT NULL,
  code_given    BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  activated_at  BIGINT NOT NULL,
  seen_at       BIGINT NOT NULL,
  ended_at      BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX devices_of_user ON devices (workspace_id, user_id);

-- One phone on its way to be somebody's. secret holds both codes, sealed, so that the
-- page can be read again; the digests find the row.
CREATE TABLE pairings (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  session_id   TEXT NOT NULL,
  state        TEXT NOT NULL,
  secret       BYTEA NOT NULL,
  code_hash    BYTEA NOT NULL,
  short_mac    BYTEA NOT NULL,
  claimed_by   TEXT NOT NULL,
  token_hash   BYTEA NOT NULL,
  kind         TEXT NOT NULL,
  name         TEXT NOT NULL,
  platform     TEXT NOT NULL,
  client       TEXT NOT NULL,
  version      TEXT NOT NULL,
  challenge    BYTEA NOT NULL,
  verify_user  BYTEA NOT NULL,
  salt         BYTEA NOT NULL,
  confirm_mac  BYTEA NOT NULL,
  mailed_mac   BYTEA NOT NULL,
  tries        BIGINT NOT NULL,
  device_id    TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  ip           TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, code_hash),
  UNIQUE (workspace_id, short_mac),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX pairings_of_user ON pairings (workspace_id, user_id);
CREATE INDEX pairings_age ON pairings (expires_at);

-- One question to a person's phones: what they are shown, the number that stands on
-- the other screen, and how it ended. act is what a fresh proof is for. requester is the sign-in, session or pairing that
-- asked, and alone may use the answer.
CREATE TABLE requests (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  kind         TEXT NOT NULL,
  act          TEXT NOT NULL,
  requester    TEXT NOT NULL,
  only_device  TEXT NOT NULL,
  state        TEXT NOT NULL,
  mode         TEXT NOT NULL,
  number       TEXT NOT NULL,
  display      TEXT NOT NULL,
  ip           TEXT NOT NULL,
  known        BIGINT NOT NULL,
  first_at     BIGINT NOT NULL,
  rung         BIGINT NOT NULL,
  device_id    TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  decided_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX requests_of_user ON requests (workspace_id, user_id, created_at);
CREATE INDEX requests_of_requester ON requests (workspace_id, requester, created_at);
CREATE INDEX requests_pending ON requests (expires_at) WHERE state = 'pending';
CREATE INDEX requests_decided ON requests (decided_at);
CREATE INDEX requests_age ON requests (created_at);

-- The judge of single use of a signed call: a nonce whose row exists was used.
CREATE TABLE nonces (
  workspace_id TEXT NOT NULL,
  key_id       TEXT NOT NULL,
  nonce        TEXT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, key_id, nonce)
);
CREATE INDEX nonces_age ON nonces (expires_at);

-- When the phone was asked in the place of the password, whether or not there is one.
ALTER TABLE attempts ADD COLUMN asked BIGINT NOT NULL DEFAULT 0;

-- The one act that the session's second factor was given for, '' for any.
ALTER TABLE sessions ADD COLUMN second_for TEXT NOT NULL DEFAULT '';

-- Each channel has workers of its own, and none reads what waits for the others.
DROP INDEX messages_due;
CREATE INDEX messages_due ON messages (state, channel, next_at);

-- +goose Down
DROP INDEX messages_due;
CREATE INDEX messages_due ON messages (state, next_at);
ALTER TABLE sessions DROP COLUMN second_for;
ALTER TABLE attempts DROP COLUMN asked;
DROP TABLE nonces;
DROP TABLE requests;
DROP TABLE pairings;
DROP TABLE devices;
