-- name: InsertEvent :exec
INSERT INTO events (workspace_id, id, at, kind, outcome, actor_kind, actor_id, user_id, target, session_id, attempt_id, request_id, ip, user_agent, detail)
VALUES (@workspace_id, @id, @at, @kind, @outcome, @actor_kind, @actor_id, @user_id, @target, @session_id, @attempt_id, @request_id, @ip, @user_agent, @detail);

-- name: ListEventsOfUser :many
SELECT * FROM events WHERE workspace_id = @workspace_id AND user_id = @user_id AND id < @before AND at > @since ORDER BY id DESC LIMIT CAST(@most AS INTEGER);

-- name: GetEvent :one
SELECT * FROM events WHERE workspace_id = @workspace_id AND id = @id;

-- name: ListEventsOfKind :many
-- A person's events of one kind, the latest first.
SELECT * FROM events WHERE workspace_id = @workspace_id AND user_id = @user_id AND kind = @kind ORDER BY id DESC LIMIT 1000;

-- name: ListEvents :many
SELECT * FROM events WHERE workspace_id = @workspace_id AND id > @after ORDER BY id LIMIT CAST(@most AS INTEGER);

-- name: DeleteOldEvents :execrows
-- Retention removes what is older, unless it belongs to a sealed batch: those
-- go as a whole.
DELETE FROM events WHERE workspace_id = @workspace_id AND at < @before AND seal_id IS NULL;
