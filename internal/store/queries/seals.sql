-- name: ListUnsealed :many
-- Every workspace's, in one order of all. A key that a hand has made a blob of (SQLite keeps
-- it) is no text, and nothing finds the row by it: it must not be what every look begins with.
SELECT workspace_id, id FROM events
WHERE seal_id IS NULL AND id >= @since AND id = CAST(id AS TEXT) AND workspace_id = CAST(workspace_id AS TEXT)
ORDER BY id LIMIT CAST(@most AS INTEGER);

-- name: ClaimEvents :many
-- Two that claim at once never get one event both.
UPDATE events SET seal_id = @seal_id
WHERE workspace_id = @workspace_id AND seal_id IS NULL AND id >= @first_id AND id <= @last_id
RETURNING *;

-- name: DropLateEvents :execrows
-- Of a workspace that is gone with its whole log.
DELETE FROM events WHERE events.workspace_id = @workspace_id AND events.seal_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = events.workspace_id)
  AND NOT EXISTS (SELECT 1 FROM seals s WHERE s.workspace_id = events.workspace_id)
  AND NOT EXISTS (SELECT 1 FROM seal_heads h WHERE h.workspace_id = events.workspace_id);

-- name: InsertSeal :exec
INSERT INTO seals (workspace_id, id, at, events, first_id, last_id, newest_at, digest, mac, marks, retired_at, retired_mac)
VALUES (@workspace_id, @id, @at, @events, @first_id, @last_id, @newest_at, @digest, @mac, @marks, 0, @nothing);

-- name: StoreSealHead :exec
INSERT INTO seal_heads (workspace_id, seal_id, mac) VALUES (@workspace_id, @seal_id, @mac)
ON CONFLICT (workspace_id) DO UPDATE SET seal_id = @seal_id, mac = @mac;

-- name: GetSealHead :one
SELECT * FROM seal_heads WHERE workspace_id = @workspace_id;

-- name: LastSeal :one
-- Here and below, a number that is none is compared with itself as one: on SQLite a hand can
-- make anything of it, and a seal without a number is a seal that is missing. most is the
-- greatest that a chain can have come to: numbers that follow a greater one would soon end.
SELECT * FROM seals WHERE workspace_id = @workspace_id AND id >= 1 AND id <= @most AND id = CAST(id AS BIGINT) ORDER BY id DESC LIMIT 1;

-- name: GetSeal :one
SELECT * FROM seals WHERE workspace_id = @workspace_id AND id = @id;

-- name: SealBefore :one
SELECT * FROM seals WHERE workspace_id = @workspace_id AND id >= 1 AND id < @id AND id = CAST(id AS BIGINT) ORDER BY id DESC LIMIT 1;

-- name: ListSeals :many
SELECT * FROM seals WHERE workspace_id = @workspace_id AND id > @after AND id = CAST(id AS BIGINT) ORDER BY id LIMIT CAST(@most AS INTEGER);

-- name: ListSealedEvents :many
-- The events of some seals that follow each other, all within first_id and last_id.
SELECT * FROM events
WHERE workspace_id = @workspace_id AND id >= @first_id AND id <= @last_id AND seal_id >= @from_seal AND seal_id <= @to_seal
  AND seal_id = CAST(seal_id AS BIGINT)
ORDER BY seal_id, id LIMIT CAST(@most AS INTEGER);

-- name: ListStrayEvents :many
-- Events that belong to no seal, or to one that does not enclose them, or whose events
-- are gone.
SELECT events.id, events.seal_id FROM events
LEFT JOIN seals ON seals.workspace_id = events.workspace_id AND seals.id = events.seal_id AND seals.id = CAST(seals.id AS BIGINT)
WHERE events.workspace_id = @workspace_id AND events.seal_id IS NOT NULL
  AND (seals.id IS NULL OR seals.retired_at <> 0 OR events.id < seals.first_id OR events.id > seals.last_id)
ORDER BY events.seal_id, events.id LIMIT CAST(@most AS INTEGER);

-- name: CountUnsealed :one
SELECT COUNT(*) AS events, CAST(COALESCE(MIN(at), 0) AS BIGINT) AS oldest FROM events WHERE workspace_id = @workspace_id AND seal_id IS NULL;

-- name: OldestServed :one
-- The oldest event that a server alone writes, of what somebody did at it: while one runs,
-- all is sealed. The shell writes as itself or, where it makes or changes a workspace, as
-- the system, and lies unsealed until a server runs.
SELECT id, at FROM events WHERE workspace_id = @workspace_id AND actor_kind NOT IN ('shell', 'system') ORDER BY id LIMIT 1;

-- name: FirstSignIn :one
-- When the one signed in last who has not signed in for longest, 0 for nobody.
SELECT CAST(COALESCE(MIN(signed_in_at), 0) AS BIGINT) AS at FROM users WHERE workspace_id = @workspace_id AND signed_in_at > 0;

-- name: ListKeptSeals :many
-- Seals whose events are there, the oldest first.
SELECT * FROM seals WHERE workspace_id = @workspace_id AND retired_at = 0 AND id > @after AND id = CAST(id AS BIGINT) ORDER BY id LIMIT CAST(@most AS INTEGER);

-- name: ListShortenings :many
-- The events that tell of a shorter retention, with the days of the one before. A text in
-- detail that a person chose has its quotes escaped, and looks like no other detail.
SELECT * FROM events WHERE workspace_id = @workspace_id AND kind = 'settings.changed' AND detail LIKE '%"kept_days":%' AND seal_id = CAST(seal_id AS BIGINT) ORDER BY id;

-- name: DeleteSealedEvents :many
DELETE FROM events WHERE workspace_id = @workspace_id AND seal_id = @seal_id AND id >= @first_id AND id <= @last_id RETURNING *;

-- name: RetireSeal :execrows
UPDATE seals SET retired_at = @retired_at, retired_mac = @retired_mac, marks = @nothing
WHERE workspace_id = @workspace_id AND id = @id AND retired_at = 0;
