-- +goose Up
-- A workspace beside the default one has a host name, which no other has; the default
-- one, whose host is '', is at the configured address. accent is '#rrggbb' or ''; logo is
-- the name of the file in logos, '' for none; sender stands before the address of mails,
-- '' for the workspace's name.
CREATE UNIQUE INDEX workspaces_host ON workspaces (host) WHERE host <> '';
ALTER TABLE workspaces ADD COLUMN accent TEXT NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN logo TEXT NOT NULL DEFAULT '';

-- The pictures lie apart: every page reads its workspace's row, and browsers ask for the
-- picture once. name ends in the kind, which is our own finding.
CREATE TABLE logos (
  workspace_id TEXT NOT NULL,
  name         TEXT NOT NULL,
  body         BYTEA NOT NULL,
  PRIMARY KEY (workspace_id, name),
  FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE logos;
ALTER TABLE workspaces DROP COLUMN logo;
ALTER TABLE workspaces DROP COLUMN sender;
ALTER TABLE workspaces DROP COLUMN accent;
DROP INDEX workspaces_host;
