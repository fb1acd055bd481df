-- name: InsertReset :exec
INSERT INTO reset_requests (workspace_id, id, user_id, asked_by, reason, state, created_at, expires_at, decided_by, decided_at)
VALUES (@workspace_id, @id, @user_id, @asked_by, @reason, 'waiting', @created_at, @expires_at, '', 0);

-- name: GetReset :one
SELECT * FROM reset_requests WHERE workspace_id = @workspace_id AND id = @id;

-- name: WaitingReset :one
-- The one that waits for a second administrator, if any.
SELECT * FROM reset_requests
WHERE workspace_id = @workspace_id AND user_id = @user_id AND state = 'waiting' AND expires_at > @now
ORDER BY created_at DESC, id LIMIT 1;

-- name: ListWaitingResets :many
SELECT sqlc.embed(r), u.name, u.email, u.role, a.name AS asker, a.role AS asker_role, a.state AS asker_state
FROM reset_requests r
JOIN users u ON u.workspace_id = r.workspace_id AND u.id = r.user_id
JOIN users a ON a.workspace_id = r.workspace_id AND a.id = r.asked_by
WHERE r.workspace_id = @workspace_id AND r.state = 'waiting' AND r.expires_at > @now
ORDER BY r.created_at, r.id LIMIT 1000;

-- name: DecideReset :execrows
-- Once, and by one of those who decide at the same moment.
UPDATE reset_requests SET state = @state, decided_by = @decided_by, decided_at = @now
WHERE workspace_id = @workspace_id AND id = @id AND state = 'waiting' AND expires_at > CAST(@now AS BIGINT);

-- name: ListResetsAround :many
-- What waits about a person, and what they asked for; see store.Tx.LockResets.
SELECT id FROM reset_requests
WHERE workspace_id = @workspace_id AND state = 'waiting' AND expires_at > @now AND (user_id = @user_id OR asked_by = @user_id)
ORDER BY id;

-- name: LockReset :execrows
UPDATE reset_requests SET state = state WHERE workspace_id = @workspace_id AND id = @id;

-- name: WithdrawResetsOf :execrows
-- Those about a person. LockResets comes before it. What is too old is over anyway, and is
-- left to the sweeper, which takes rows in an order of its own.
UPDATE reset_requests SET state = 'withdrawn', decided_at = @now
WHERE workspace_id = @workspace_id AND user_id = @user_id AND state = 'waiting' AND expires_at > CAST(@now AS BIGINT);

-- name: WithdrawResetsBy :execrows
-- Those that a person asked for. LockResets comes before it.
UPDATE reset_requests SET state = 'withdrawn', decided_at = @now
WHERE workspace_id = @workspace_id AND asked_by = @asked_by AND state = 'waiting' AND expires_at > CAST(@now AS BIGINT);

-- name: DeleteOldResets :execrows
DELETE FROM reset_requests WHERE expires_at < @before;

-- name: InsertHelpCode :exec
INSERT INTO help_codes (workspace_id, id, user_id, code_mac, given_by, created_at, expires_at, spent_at)
VALUES (@workspace_id, @id, @user_id, @code_mac, @given_by, @created_at, @expires_at, 0);

-- name: NewestHelpCode :one
-- Whatever its state.
SELECT * FROM help_codes WHERE workspace_id = @workspace_id AND user_id = @user_id ORDER BY created_at DESC, id LIMIT 1;

-- name: SpendHelpCode :execrows
UPDATE help_codes SET spent_at = @now
WHERE workspace_id = @workspace_id AND id = @id AND spent_at = 0 AND expires_at > CAST(@now AS BIGINT);

-- name: VoidHelpCodes :execrows
DELETE FROM help_codes WHERE workspace_id = @workspace_id AND user_id = @user_id AND spent_at = 0;

-- name: DeleteOldHelpCodes :execrows
DELETE FROM help_codes WHERE expires_at < @before;
