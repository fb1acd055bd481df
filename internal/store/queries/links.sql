-- name: InsertLink :exec
INSERT INTO links (workspace_id, id, kind, token_hash, user_id, detail, created_at, expires_at, spent_at)
VALUES (@workspace_id, @id, @kind, @token_hash, @user_id, @detail, @created_at, @expires_at, 0);

-- name: GetLink :one
SELECT * FROM links WHERE workspace_id = @workspace_id AND token_hash = @token_hash;

-- name: SpendLink :execrows
UPDATE links SET spent_at = @spent_at
WHERE workspace_id = @workspace_id AND id = @id AND spent_at = 0 AND expires_at > @spent_at;

-- name: VoidLinks :execrows
UPDATE links SET spent_at = @spent_at WHERE workspace_id = @workspace_id AND user_id = @user_id AND kind = @kind AND spent_at = 0;

-- name: VoidLinksOfUser :execrows
UPDATE links SET spent_at = @spent_at WHERE workspace_id = @workspace_id AND user_id = @user_id AND spent_at = 0;

-- name: DeleteOldLinks :execrows
DELETE FROM links WHERE expires_at < @before;

-- name: InsertMailedCode :exec
INSERT INTO mailed_codes (workspace_id, id, user_id, session_id, code_mac, tries, created_at, expires_at, spent_at)
VALUES (@workspace_id, @id, @user_id, @session_id, @code_mac, 0, @created_at, @expires_at, 0);

-- name: TryMailedCode :one
-- Takes one of the code's five tries before it is compared.
UPDATE mailed_codes SET tries = tries + 1
WHERE workspace_id = @workspace_id AND session_id = @session_id AND user_id = @user_id AND spent_at = 0 AND expires_at > CAST(@now AS BIGINT) AND tries < 5
RETURNING *;

-- name: GetMailedCode :one
-- The session's newest code, whatever its state.
SELECT * FROM mailed_codes WHERE workspace_id = @workspace_id AND session_id = @session_id AND user_id = @user_id
ORDER BY created_at DESC, id LIMIT 1;

-- name: SpendMailedCode :execrows
UPDATE mailed_codes SET spent_at = @spent_at WHERE workspace_id = @workspace_id AND id = @id AND spent_at = 0;

-- name: VoidMailedCodes :execrows
DELETE FROM mailed_codes WHERE workspace_id = @workspace_id AND session_id = @session_id;

-- name: VoidMailedCodesOfUser :execrows
DELETE FROM mailed_codes WHERE workspace_id = @workspace_id AND user_id = @user_id;

-- name: DeleteOldMailedCodes :execrows
DELETE FROM mailed_codes WHERE expires_at < @before;
