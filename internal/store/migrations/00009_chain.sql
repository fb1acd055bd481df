-- +goose Up
-- The chain over the audit log: a row for each batch of events that was sealed. Nobody
-- wrote the table of the first migration. first_id to last_id encloses the batch, newest_at
-- is the moment of its latest event. digest is over the whole of its events, mac over this
-- row and the mac of the seal before it. marks holds 8 bytes for each event, in the order of
-- ids: they tell which one is wrong, and go when the events go. retired_at is when retention
-- removed the events, retired_mac that it was ours.
DROP TABLE seals;
CREATE TABLE seals (
  workspace_id TEXT NOT NULL,
  id           BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  events       BIGINT NOT NULL,
  first_id     TEXT NOT NULL,
  last_id      TEXT NOT NULL,
  newest_at    BIGINT NOT NULL,
  digest       BYTEA NOT NULL,
  mac          BYTEA NOT NULL,
  marks        BYTEA NOT NULL,
  retired_at   BIGINT NOT NULL,
  retired_mac  BYTEA NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX seals_kept ON seals (workspace_id, id) WHERE retired_at = 0;

-- Where each chain ends, apart from the chain: whoever cuts its tail off leaves this.
CREATE TABLE seal_heads (
  workspace_id TEXT NOT NULL,
  seal_id      BIGINT NOT NULL,
  mac          BYTEA NOT NULL,
  PRIMARY KEY (workspace_id)
);

-- Retention goes by seals; nothing looks for the age of a single event.
DROP INDEX events_age;

-- +goose Down
CREATE INDEX events_age ON events (at);
DROP TABLE seal_heads;
DROP TABLE seals;
CREATE TABLE seals (
  workspace_id TEXT NOT NULL,
  id           BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  events       BIGINT NOT NULL,
  digest       BYTEA NOT NULL,
  mac          BYTEA NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
