-- name: GetWorkspace :one
SELECT * FROM workspaces WHERE id = @id;

-- name: HasWorkspace :one
SELECT COUNT(*) > 0 AS there FROM workspaces WHERE id = @id;

-- name: ListChained :many
-- Every workspace that a log knows, also one that is not there, or has another identifier.
SELECT workspace_id FROM seals UNION SELECT workspace_id FROM seal_heads UNION SELECT workspace_id FROM events UNION SELECT id FROM workspaces ORDER BY 1;

-- name: ListWorkspaces :many
SELECT * FROM workspaces ORDER BY id;

-- name: ListHomes :many
-- What every node knows of all workspaces: not their settings.
SELECT id, host, name, language, accent, sender, logo FROM workspaces ORDER BY id;

-- name: LockWorkspace :one
-- Takes the workspace's row for this transaction: acts that must not cross
-- (two owners who demote each other) go through it one after the other.
UPDATE workspaces SET settings_version = settings_version WHERE id = @id RETURNING id;

-- name: NameWorkspace :execrows
UPDATE workspaces SET name = @name WHERE id = @id;

-- name: InsertWorkspace :exec
INSERT INTO workspaces (id, name, host, language, settings, settings_version, created_at)
VALUES (@id, @name, @host, @language, '{}', 1, @created_at);

-- name: ChangeWorkspace :execrows
UPDATE workspaces SET name = @name, host = @host, language = @language, accent = @accent, sender = @sender, logo = @logo WHERE id = @id;

-- name: DeleteWorkspace :execrows
-- The last of a workspace: its row. What else there is of it was removed before.
DELETE FROM workspaces WHERE id = @id AND id <> 'wsp_default';

-- name: CountBound :one
-- How many people there are, and how much of what they set up works at one host name
-- alone: passkeys and phones.
SELECT
  CAST((SELECT COUNT(*) FROM users WHERE users.workspace_id = @workspace_id) AS BIGINT) AS people,
  CAST((SELECT COUNT(*) FROM passkeys WHERE passkeys.workspace_id = @workspace_id) AS BIGINT) AS passkeys,
  CAST((SELECT COUNT(*) FROM devices WHERE devices.workspace_id = @workspace_id AND devices.state IN ('active', 'signed_out')) AS BIGINT) AS phones;

-- name: GetLogo :one
SELECT body FROM logos WHERE workspace_id = @workspace_id AND name = @name;

-- name: InsertLogo :exec
INSERT INTO logos (workspace_id, name, body) VALUES (@workspace_id, @name, @body) ON CONFLICT (workspace_id, name) DO NOTHING;

-- name: DeleteOtherLogos :execrows
DELETE FROM logos WHERE workspace_id = @workspace_id AND name <> @name;

-- name: StoreSettings :execrows
UPDATE workspaces SET settings = @settings, settings_version = settings_version + 1
WHERE id = @id AND settings_version = @settings_version;

-- name: RaiseSettings :execrows
-- Whatever is read under this version is read anew, on every node; compare-and-set.
UPDATE workspaces SET settings_version = settings_version + 1 WHERE id = @id AND settings_version = @settings_version;
