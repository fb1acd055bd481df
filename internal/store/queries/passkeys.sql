-- name: InsertPasskey :exec
INSERT INTO passkeys (workspace_id, digest, credential_id) VALUES (@workspace_id, @digest, @credential_id);

-- name: FindPasskey :one
-- Whose it is that has this identifier.
SELECT c.user_id FROM passkeys p JOIN credentials c ON c.workspace_id = p.workspace_id AND c.id = p.credential_id
WHERE p.workspace_id = @workspace_id AND p.digest = @digest AND c.state = 'active';
