-- name: GetWorkspace :one
SELECT * FROM workspaces WHERE id = @id;

-- name: ListWorkspaces :many
SELECT * FROM workspaces ORDER BY id;

-- name: LockWorkspace :one
-- Takes the workspace's row for this transaction: acts that must not cross
-- (two owners who demote each other) go through it one after the other.
UPDATE workspaces SET settings_version = settings_version WHERE id = @id RETURNING id;

-- name: NameWorkspace :execrows
UPDATE workspaces SET name = @name WHERE id = @id;

-- name: StoreSettings :execrows
UPDATE workspaces SET settings = @settings, settings_version = settings_version + 1
WHERE id = @id AND settings_version = @settings_version;

-- name: RaiseSettings :execrows
-- Whatever is read under this version is read anew, on every node; compare-and-set.
UPDATE workspaces SET settings_version = settings_version + 1 WHERE id = @id AND settings_version = @settings_version;
