-- +goose Up
-- Passkeys are credentials of the kind passkey, their keys sealed there. Here lies the
-- digest of each identifier, in clear: no two people have the same (WebAuthn Level 3,
-- section 7.1, step 27).
CREATE TABLE passkeys (
  workspace_id  TEXT NOT NULL,
  digest        BYTEA NOT NULL,
  credential_id TEXT NOT NULL,
  PRIMARY KEY (workspace_id, digest),
  UNIQUE (workspace_id, credential_id),
  FOREIGN KEY (workspace_id, credential_id) REFERENCES credentials (workspace_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE passkeys;
