-- +goose Up
-- Who comes into which identity pool when the account is made: the first rule that fits,
-- by place, counts. kind is domain; value is the part of an address behind the @, folded.
CREATE TABLE pool_rules (
  workspace_id TEXT NOT NULL,
  place        BIGINT NOT NULL,
  kind         TEXT NOT NULL,
  value        TEXT NOT NULL,
  pool_id      TEXT NOT NULL,
  PRIMARY KEY (workspace_id, place),
  UNIQUE (workspace_id, kind, value),
  FOREIGN KEY (workspace_id, pool_id) REFERENCES pools (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX users_of_pool ON users (workspace_id, pool_id, email_key);

-- A reset of somebody's second factor that one administrator asked for, and another one
-- has to confirm.
CREATE TABLE reset_requests (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  asked_by     TEXT NOT NULL,
  reason       TEXT NOT NULL,
  state        TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  decided_by   TEXT NOT NULL,
  decided_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX reset_requests_of_user ON reset_requests (workspace_id, user_id);
CREATE INDEX reset_requests_waiting ON reset_requests (workspace_id, created_at) WHERE state = 'waiting';
CREATE INDEX reset_requests_age ON reset_requests (expires_at);

-- A code that the help desk gave: in the place of the second step, once. No code lies
-- here, only its keyed digest.
CREATE TABLE help_codes (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  code_mac     BYTEA NOT NULL,
  given_by     TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  spent_at     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX help_codes_of_user ON help_codes (workspace_id, user_id);
CREATE INDEX help_codes_age ON help_codes (expires_at);

-- One mail to everybody who had no second factor at a moment, and what became of them.
-- pool_id is '' for the whole workspace. In each round everybody who still has none is
-- mailed once.
CREATE TABLE campaigns (
  workspace_id TEXT NOT NULL,
  id           TEXT NOT NULL,
  pool_id      TEXT NOT NULL,
  created_by   TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  round        BIGINT NOT NULL,
  round_at     BIGINT NOT NULL,
  finished_at  BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX campaigns_running ON campaigns (created_at) WHERE finished_at = 0;

CREATE TABLE campaign_people (
  workspace_id TEXT NOT NULL,
  campaign_id  TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  round        BIGINT NOT NULL,
  mailed_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, campaign_id, user_id),
  FOREIGN KEY (workspace_id, campaign_id) REFERENCES campaigns (workspace_id, id) ON DELETE CASCADE,
  FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX campaign_people_due ON campaign_people (workspace_id, campaign_id, round, user_id);
CREATE INDEX campaign_people_of_user ON campaign_people (workspace_id, user_id);

-- When this person last said "remind me later" in this browser.
ALTER TABLE browsers ADD COLUMN reminded_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE browsers DROP COLUMN reminded_at;
DROP TABLE campaign_people;
DROP TABLE campaigns;
DROP TABLE help_codes;
DROP TABLE reset_requests;
DROP INDEX users_of_pool;
DROP TABLE pool_rules;
