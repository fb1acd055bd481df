-- name: InsertMessage :exec
-- One that is over already stands for a message that nobody gets: it is written and
-- never leaves.
INSERT INTO messages (workspace_id, id, kind, channel, urgency, user_id, recipient, body, state, tries, next_at, lease_until, expires_at, created_at, sent_at, problem)
VALUES (@workspace_id, @id, @kind, @channel, @urgency, @user_id, @recipient, @body,
  CASE WHEN CAST(@expires_at AS BIGINT) > CAST(@created_at AS BIGINT) THEN 'queued' ELSE 'failed' END,
  0, @created_at, 0, @expires_at, @created_at, 0, '');

-- name: ListTurns :many
-- The workspaces of which something is due, by how urgent it is. The index is not read
-- along: from each workspace it leads to the next, so that a campaign of thousands costs as
-- little as one mail.
WITH RECURSIVE turns (urgency, workspace_id) AS (
  SELECT u.urgency, (SELECT MIN(m.workspace_id) FROM messages m
    WHERE m.state = 'queued' AND m.channel = @channel AND m.urgency = u.urgency)
  FROM (SELECT CAST(0 AS BIGINT) AS urgency UNION ALL SELECT 1 UNION ALL SELECT 2) u
  UNION ALL
  SELECT t.urgency, (SELECT MIN(m.workspace_id) FROM messages m
    WHERE m.state = 'queued' AND m.channel = @channel AND m.urgency = t.urgency AND m.workspace_id > t.workspace_id)
  FROM turns t WHERE t.workspace_id IS NOT NULL
)
SELECT CAST(t.urgency AS BIGINT) AS urgency, CAST(t.workspace_id AS TEXT) AS workspace_id FROM turns t
WHERE EXISTS (SELECT 1 FROM messages m WHERE m.state = 'queued' AND m.channel = @channel AND m.urgency = t.urgency
  AND m.workspace_id = t.workspace_id AND m.next_at <= @now AND m.lease_until <= @now)
ORDER BY 1, 2;

-- name: ClaimMessages :many
-- A worker's claim: each message goes to one worker, whatever its node. The row
-- that is written is asked again what the inner part asked, because on PostgreSQL
-- another worker may have been there in between; NOT state <> is a question that
-- no index answers, so that the row is found by its key, and not by reading all
-- that wait.
UPDATE messages SET lease_until = @lease_until, tries = tries + 1
WHERE messages.workspace_id = @workspace_id AND messages.id IN (
    SELECT m.id FROM messages m
    WHERE m.state = 'queued' AND m.channel = @channel AND m.urgency = @urgency AND m.workspace_id = @workspace_id
      AND m.next_at <= @now AND m.lease_until <= @now
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

-- name: MarkUnsent :execrows
-- Given up while its code or link still lives: the body stays sealed until then, for
-- somebody who tries again.
UPDATE messages SET state = 'failed', lease_until = 0, problem = @problem WHERE workspace_id = @workspace_id AND id = @id AND state = 'queued';

-- name: ErasePassed :execrows
-- What can be tried again no more needs no body.
UPDATE messages SET body = @empty WHERE state = 'failed' AND expires_at <= @now AND body <> @empty;

-- name: MessageOfUse :one
-- Whether one that failed is still of use, 1 or 0. What holds a link, a code or a question
-- (single) is of none beside a newer one of its kind, nor where its person is gone, nor
-- where what it holds was used or ended: that is the row which its transaction wrote, at
-- the same moment.
SELECT COUNT(*) FROM messages m
WHERE m.workspace_id = @workspace_id AND m.id = @id AND m.state = 'failed' AND m.expires_at > CAST(@now AS BIGINT) AND m.body <> @empty
  AND (CAST(@single AS BIGINT) = 0 OR (EXISTS (SELECT 1 FROM users u WHERE u.workspace_id = m.workspace_id AND u.id = m.user_id)
    AND NOT EXISTS (SELECT 1 FROM messages n WHERE n.workspace_id = m.workspace_id AND n.id > m.id AND n.kind = m.kind
      AND n.user_id = m.user_id AND n.recipient = m.recipient)))
  AND CASE WHEN m.kind IN ('invitation', 'password_reset', 'email_change_confirm', 'turn_off_confirm') THEN
      EXISTS (SELECT 1 FROM links l WHERE l.workspace_id = m.workspace_id AND l.user_id = m.user_id AND l.created_at = m.created_at
        AND l.kind = CASE m.kind WHEN 'invitation' THEN 'invitation' WHEN 'password_reset' THEN 'reset' WHEN 'email_change_confirm' THEN 'email' ELSE 'turn-off' END
        AND l.spent_at = 0 AND l.expires_at > CAST(@now AS BIGINT))
    WHEN m.kind = 'email_code' THEN
      EXISTS (SELECT 1 FROM mailed_codes c WHERE c.workspace_id = m.workspace_id AND c.user_id = m.user_id AND c.created_at = m.created_at AND c.spent_at = 0)
    WHEN m.kind = 'text_code' THEN
      EXISTS (SELECT 1 FROM texts t WHERE t.workspace_id = m.workspace_id AND t.user_id = m.user_id AND t.created_at = m.created_at AND t.spent_at = 0)
    WHEN m.kind = 'recovery_codes' THEN
      EXISTS (SELECT 1 FROM credentials r WHERE r.workspace_id = m.workspace_id AND r.user_id = m.user_id AND r.created_at = m.created_at
        AND r.kind = 'recovery' AND r.state = 'active')
    WHEN m.kind = 'pairing_code' THEN
      EXISTS (SELECT 1 FROM pairings p WHERE p.workspace_id = m.workspace_id AND p.user_id = m.user_id AND p.state = 'joined' AND p.expires_at > CAST(@now AS BIGINT))
    WHEN m.kind = 'push' THEN
      EXISTS (SELECT 1 FROM requests q WHERE q.workspace_id = m.workspace_id AND q.user_id = m.user_id AND q.created_at = m.created_at AND q.state = 'pending')
    ELSE TRUE END;

-- name: TryAgain :one
-- One that was not handed over goes out once more, and only once however often it is asked
-- for; see MessageOfUse.
UPDATE messages SET state = 'queued', tries = 0, next_at = @now, lease_until = 0, problem = ''
WHERE messages.workspace_id = @workspace_id AND messages.id = @id AND messages.state = 'failed' AND messages.expires_at > @now AND messages.body <> @empty
RETURNING *;

-- name: GetMessage :one
SELECT * FROM messages WHERE workspace_id = @workspace_id AND id = @id;

-- name: LastMessage :one
-- How the newest message of a kind to somebody stands.
SELECT state, problem FROM messages WHERE workspace_id = @workspace_id AND user_id = @user_id AND kind = @kind ORDER BY id DESC LIMIT 1;

-- name: ListDelivered :many
-- What is told of messages: never a body. Those that were for nobody are left out.
SELECT m.id, m.kind, m.channel, m.user_id, m.recipient, m.state, m.tries, m.next_at, m.created_at, m.sent_at, m.expires_at, m.problem,
  CAST(CASE WHEN m.body <> @empty THEN 1 ELSE 0 END AS BIGINT) AS kept,
  CAST(COALESCE(u.name, '') AS TEXT) AS name, CAST(COALESCE(u.email, '') AS TEXT) AS email
FROM messages m LEFT JOIN users u ON u.workspace_id = m.workspace_id AND u.id = m.user_id
WHERE m.workspace_id = @workspace_id AND m.id < @before AND m.expires_at > m.created_at
ORDER BY m.id DESC LIMIT CAST(@most AS INTEGER);

-- name: ListDeliveredBy :many
-- The same of one way and one state.
SELECT m.id, m.kind, m.channel, m.user_id, m.recipient, m.state, m.tries, m.next_at, m.created_at, m.sent_at, m.expires_at, m.problem,
  CAST(CASE WHEN m.body <> @empty THEN 1 ELSE 0 END AS BIGINT) AS kept,
  CAST(COALESCE(u.name, '') AS TEXT) AS name, CAST(COALESCE(u.email, '') AS TEXT) AS email
FROM messages m LEFT JOIN users u ON u.workspace_id = m.workspace_id AND u.id = m.user_id
WHERE m.workspace_id = @workspace_id AND m.channel = @channel AND m.state = @state AND m.id < @before AND m.expires_at > m.created_at
ORDER BY m.id DESC LIMIT CAST(@most AS INTEGER);
