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

-- name: CountEvents :one
-- What happened between two identifiers, which begin with the time: the key is read
-- from the one to the other, and nothing beside it. A text in detail that a person
-- chose has its quotes escaped, and looks like no other detail.
SELECT
  COUNT(DISTINCT CASE WHEN kind = 'signin.completed' THEN user_id END) AS signed_in,
  COUNT(DISTINCT CASE WHEN attempt_id <> '' AND (kind = 'request.mismatch' OR (kind = 'proof.refused' AND detail NOT LIKE '%"method":"password"%')) THEN attempt_id END) AS refused,
  COUNT(CASE WHEN kind = 'request.denied' THEN 1 END) AS denied,
  COUNT(CASE WHEN kind = 'request.reported' THEN 1 END) AS reported,
  COUNT(CASE WHEN kind = 'proof.accepted' AND detail LIKE '%"method":"recovery"%' THEN 1 END) AS recovered,
  COUNT(CASE WHEN kind = 'two_factor.reset' AND (actor_kind <> 'user' OR actor_id <> user_id) THEN 1 END) AS reset,
  COUNT(CASE WHEN kind = 'settings.changed' THEN 1 END) AS settings
FROM events WHERE workspace_id = @workspace_id AND id >= @since AND id < @before;

-- name: LastEvent :one
-- The latest event of all, '' for none. What a hand has given another identifier does not
-- stand behind all others for ever.
SELECT CAST(COALESCE(MAX(id), '') AS TEXT) AS id FROM events WHERE workspace_id = @workspace_id AND id >= 'evt_' AND id < 'evu';
