-- name: GetPool :one
SELECT * FROM pools WHERE workspace_id = @workspace_id AND id = @id;

-- name: ListPools :many
SELECT * FROM pools WHERE workspace_id = @workspace_id ORDER BY created_at, id;

-- name: LockPool :one
-- Takes the pool's row: whoever comes into it, and whoever deletes it, goes one after
-- the other.
UPDATE pools SET name = name WHERE workspace_id = @workspace_id AND id = @id RETURNING *;

-- name: InsertPool :exec
INSERT INTO pools (workspace_id, id, name, settings, created_at) VALUES (@workspace_id, @id, @name, '{}', @created_at);

-- name: RenamePool :execrows
UPDATE pools SET name = @name WHERE workspace_id = @workspace_id AND id = @id;

-- name: StorePoolSettings :execrows
UPDATE pools SET settings = @settings WHERE workspace_id = @workspace_id AND id = @id;

-- name: DeletePool :execrows
DELETE FROM pools WHERE workspace_id = @workspace_id AND id = @id;

-- name: CountPool :one
SELECT COUNT(*) FROM users WHERE workspace_id = @workspace_id AND pool_id = @pool_id;

-- name: CountPools :many
SELECT pool_id, COUNT(*) AS people FROM users WHERE workspace_id = @workspace_id GROUP BY pool_id;

-- name: SetUserPool :execrows
UPDATE users SET pool_id = @pool_id WHERE workspace_id = @workspace_id AND id = @id;

-- name: ListPoolRules :many
SELECT * FROM pool_rules WHERE workspace_id = @workspace_id ORDER BY place;

-- name: DeletePoolRules :execrows
DELETE FROM pool_rules WHERE workspace_id = @workspace_id;

-- name: InsertPoolRule :exec
INSERT INTO pool_rules (workspace_id, place, kind, value, pool_id) VALUES (@workspace_id, @place, @kind, @value, @pool_id);
