-- name: InsertRequest :exec
INSERT INTO requests (workspace_id, id, user_id, kind, act, requester, only_device, state, mode, number, display, ip, known, first_at, rung,
  device_id, created_at, expires_at, decided_at)
VALUES (@workspace_id, @id, @user_id, @kind, @act, @requester, @only_device, 'pending', @mode, @number, @display, @ip, @known, @first_at, @rung,
  '', @created_at, @expires_at, 0);

-- name: GetRequest :one
SELECT * FROM requests WHERE workspace_id = @workspace_id AND id = @id;

-- name: GetQuestion :one
-- A request with all that an answer to it is judged by: its person, the device that
-- answers, and the workspace whose settings count. One question to the database in the
-- place of four.
SELECT sqlc.embed(r), sqlc.embed(u), sqlc.embed(d), sqlc.embed(w) FROM requests r
JOIN users u ON u.workspace_id = r.workspace_id AND u.id = r.user_id
JOIN devices d ON d.workspace_id = r.workspace_id AND d.user_id = r.user_id AND d.id = @device_id
JOIN workspaces w ON w.id = r.workspace_id
WHERE r.workspace_id = @workspace_id AND r.id = @id;

-- name: LatestRequest :one
-- What a sign-in, session or pairing asked last. Of two in one moment the one that took
-- the other's place.
SELECT * FROM requests WHERE workspace_id = @workspace_id AND requester = @requester
ORDER BY created_at DESC, CASE WHEN state = 'superseded' THEN 1 ELSE 0 END, id DESC LIMIT 1;

-- name: ListPending :many
SELECT * FROM requests WHERE workspace_id = @workspace_id AND user_id = @user_id AND state = 'pending' AND expires_at > CAST(@now AS BIGINT)
ORDER BY created_at DESC, id DESC;

-- name: ListRecentRequests :many
SELECT * FROM requests WHERE workspace_id = @workspace_id AND user_id = @user_id AND created_at > CAST(@since AS BIGINT)
ORDER BY created_at DESC, id DESC LIMIT CAST(@most AS INTEGER);

-- name: ListRung :many
-- When this person's phones rang since a moment, the latest first: for whatever but a
-- test (lane ''), or for known browsers' questions of one kind (the lane's name).
SELECT created_at FROM requests WHERE workspace_id = @workspace_id AND user_id = @user_id AND rung = 1 AND kind <> 'test' AND created_at > CAST(@since AS BIGINT)
  AND (CAST(@lane AS TEXT) = '' OR known = 1 AND kind = CAST(@lane AS TEXT))
ORDER BY created_at DESC LIMIT 32;

-- name: LastApproval :one
SELECT CAST(COALESCE(MAX(decided_at), 0) AS BIGINT) FROM requests
WHERE workspace_id = @workspace_id AND user_id = @user_id AND state IN ('approved', 'consumed') AND created_at > CAST(@since AS BIGINT);

-- name: ListEnded :many
-- How the latest questions ended, but for those that nobody was to answer any more; of
-- the same lane as ListRung.
SELECT state, decided_at, expires_at FROM requests
WHERE workspace_id = @workspace_id AND user_id = @user_id AND kind <> 'test' AND created_at > CAST(@since AS BIGINT)
  AND (CAST(@lane AS TEXT) = '' OR known = 1 AND kind = CAST(@lane AS TEXT))
  AND state NOT IN ('superseded', 'cancelled') AND (state <> 'pending' OR expires_at <= CAST(@now AS BIGINT))
ORDER BY created_at DESC, id DESC LIMIT 2;

-- name: DecideRequest :execrows
-- The first decision wins, whichever phone, node or clock it comes from.
UPDATE requests SET state = @state, device_id = @device_id, decided_at = @now
WHERE workspace_id = @workspace_id AND id = @id AND state = 'pending' AND expires_at > CAST(@now AS BIGINT);

-- name: ConsumeRequest :one
-- The one who asked uses an approval, once, while it lives.
UPDATE requests SET state = 'consumed'
WHERE workspace_id = @workspace_id AND id = @id AND requester = @requester AND state = 'approved' AND expires_at > CAST(@now AS BIGINT)
RETURNING *;

-- name: EndRequest :execrows
UPDATE requests SET state = @state, decided_at = @now WHERE workspace_id = @workspace_id AND id = @id AND state = 'pending';

-- name: EndRequestsOf :many
-- What a sign-in, session or pairing still waits for, or could still use, when it asks
-- anew or ends.
UPDATE requests SET state = @state, decided_at = @now
WHERE workspace_id = @workspace_id AND requester = @requester AND state IN ('pending', 'approved')
RETURNING *;

-- name: EndRequestsOfUser :many
UPDATE requests SET state = 'cancelled', decided_at = @now
WHERE workspace_id = @workspace_id AND user_id = @user_id AND state IN ('pending', 'approved') AND requester <> @requester
RETURNING id;

-- name: NextExpired :one
SELECT CAST(COALESCE(MIN(expires_at), 0) AS BIGINT) FROM requests WHERE state = 'pending';

-- name: ExpireRequests :many
UPDATE requests SET state = 'expired', decided_at = expires_at
WHERE state = 'pending' AND expires_at <= CAST(@now AS BIGINT)
RETURNING *;

-- name: ListDecided :many
-- What ended since a moment, everywhere: each node tells its waiting pages.
SELECT id FROM requests WHERE decided_at > CAST(@since AS BIGINT);

-- name: DeleteOldRequests :execrows
DELETE FROM requests WHERE created_at < @before;
