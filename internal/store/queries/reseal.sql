-- name: ListSecrets :many
-- Every workspace's: a change of the master key concerns them all.
SELECT workspace_id, id, secret, version FROM credentials
WHERE workspace_id > @after_workspace OR (workspace_id = @after_workspace AND id > @after)
ORDER BY workspace_id, id LIMIT CAST(@most AS INTEGER);

-- name: ResealSecret :execrows
-- Compare-and-set. The version moves on, so that nobody who read the secret
-- before can put it back as it was.
UPDATE credentials SET secret = @secret, version = version + 1
WHERE workspace_id = @workspace_id AND id = @id AND version = @version;

-- name: ListBodies :many
SELECT workspace_id, id, body FROM messages
WHERE workspace_id > @after_workspace OR (workspace_id = @after_workspace AND id > @after)
ORDER BY workspace_id, id LIMIT CAST(@most AS INTEGER);

-- name: ResealBody :execrows
-- Compare-and-set: a body that was erased meanwhile stays erased.
UPDATE messages SET body = @body WHERE workspace_id = @workspace_id AND id = @id AND body = @sealed;

-- name: ResealInstallation :execrows
UPDATE installation SET value = @value WHERE name = @name AND value = @sealed;
