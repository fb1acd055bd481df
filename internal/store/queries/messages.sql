-- name: InsertMessage :exec
-- One that is over already stands for a message that nobody gets: it is written and
-- never leaves.
INSERT INTO messages (workspace_id, id, kind, channel, user_id, recipient, body, state, tries, next_at, lease_until, expires_at, created_at, sent_at, problem)
VALUES (@workspace_id, @id, @kind, @channel, @user_id, @recipient, @body,
  CASE WHEN CAST(@expires_at AS BIGINT) > CAST(@created_at AS BIGINT) THEN 'queued' ELSE 'failed' END,
  0, @created_at, 0, @expires_at, @created_at, 0, '');

-- name: ClaimMessages :many
-- A worker's claim: each message goes to one worker, whatever its node. The row
-- that is written is asked again what the inner part asked, because on PostgreSQL
-- another worker may have been there in between; NOT state <> is a question that
-- no index answers, so that the row is found by its key, and not by reading all
-- that wait.
UPDATE messages SET lease_until = @lease_until, tries = tries + 1
WHERE (messages.workspace_id, messages.id) IN (
    SELECT m.workspace_id, m.id FROM messages m
    WHERE m.state = 'queued' AND m.channel = @channel AND m.next_at <= @now AND m.lease_until <= @now
    ORDER BY m.next_at, m.id LIMIT CAST(@most AS INTEGER))
  AND NOT messages.state <> 'queued' AND messages.next_at <= @now AND messages.lease_until <= @now
RETURNING *;

-- name: MarkSent :execrows
-- The body is erased the moment the message was handed over.
UPDATE messages SET state = 'sent', body = @body, sent_at = @sent_at, lease_until = 0, problem = ''
WHERE workspace_id = @workspace_id AND id = @id AND state = 'queued';

-- name: MarkKept :execrows
-- Development only: nobody to hand it to, so it stays, sealed, for /dev/messages.
UPDATE messages SET state = 'kept', sent_at = @sent_at, lease_until = 0 WHERE workspace_id = @workspace_id AND id = @id AND state = 'queued';

-- name: MarkRetry :execrows
UPDATE messages SET next_at = @next_at, lease_until = 0, problem = @problem WHERE workspace_id = @workspace_id AND id = @id AND state = 'queued';

-- name: MarkFailed :execrows
UPDATE messages SET state = 'failed', body = @body, lease_until = 0, problem = @problem WHERE workspace_id = @workspace_id AND id = @id AND state = 'queued';

-- name: ListKept :many
SELECT * FROM messages WHERE workspace_id = @workspace_id AND state = 'kept' ORDER BY id DESC LIMIT CAST(@most AS INTEGER);

-- name: DeleteKept :execrows
DELETE FROM messages WHERE state = 'kept' AND sent_at < @before;

-- name: DeleteOldMessages :execrows
DELETE FROM messages WHERE state IN ('sent', 'failed') AND created_at < @before;

-- name: NextDue :one
SELECT CAST(COALESCE(MIN(next_at), 0) AS BIGINT) FROM messages WHERE state = 'queued' AND channel = @channel;
