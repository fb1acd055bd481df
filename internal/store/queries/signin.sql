-- name: GetBrowser :one
SELECT * FROM browsers WHERE workspace_id = @workspace_id AND token_hash = @token_hash AND user_id = @user_id;

-- name: ListBrowsers :many
SELECT * FROM browsers WHERE workspace_id = @workspace_id AND user_id = @user_id ORDER BY seen_at DESC, id;

-- name: KeepBrowser :one
-- Remembers that this browser completed a sign-in as this user.
INSERT INTO browsers (workspace_id, id, user_id, token_hash, known_since, trusted_until, last_method, last_method_at, seen_at, user_agent)
VALUES (@workspace_id, @id, @user_id, @token_hash, @now, 0, @last_method, @last_method_at, @now, @user_agent)
ON CONFLICT (workspace_id, token_hash, user_id) DO UPDATE SET
  last_method = CASE WHEN excluded.last_method = '' THEN browsers.last_method ELSE excluded.last_method END,
  last_method_at = CASE WHEN excluded.last_method = '' THEN browsers.last_method_at ELSE excluded.last_method_at END,
  seen_at = excluded.seen_at, user_agent = excluded.user_agent
RETURNING *;

-- name: ForgetOtherBrowsers :execrows
DELETE FROM browsers WHERE workspace_id = @workspace_id AND user_id = @user_id AND id <> @id;

-- name: TrustBrowser :execrows
-- The row is that of this person and this very cookie: trust is bound to both.
UPDATE browsers SET trusted_at = @trusted_at, trusted_until = @trusted_until
WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id AND token_hash = @token_hash;

-- name: TrustAsked :execrows
-- The person said "not now".
UPDATE browsers SET trust_asked_at = @asked_at WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id;

-- name: TurnBrowser :execrows
-- The cookie of a trusted browser turns with each use.
UPDATE browsers SET token_hash = @token_hash WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id AND token_hash = @former;

-- name: UntrustBrowser :execrows
UPDATE browsers SET trusted_at = 0, trusted_until = 0
WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id AND trusted_at <> 0;

-- name: UntrustBrowsers :execrows
UPDATE browsers SET trusted_at = 0, trusted_until = 0 WHERE workspace_id = @workspace_id AND user_id = @user_id AND trusted_at <> 0;

-- name: DeleteOldBrowsers :execrows
DELETE FROM browsers WHERE seen_at < @before;

-- name: InsertAttempt :exec
INSERT INTO attempts (workspace_id, id, browser_hash, user_id, identifier, entry, state, first, first_at, second, second_at,
  effect, return_to, ip, user_agent, created_at, expires_at)
VALUES (@workspace_id, @id, @browser_hash, @user_id, @identifier, @entry, 'open', @first, @first_at, '', 0,
  '', @return_to, @ip, @user_agent, @created_at, @expires_at);

-- name: GetAttempt :one
SELECT * FROM attempts WHERE workspace_id = @workspace_id AND id = @id;

-- name: PassFirst :execrows
-- The browser's token turns: whoever knew the old one has nothing of the proof.
UPDATE attempts SET first = @first, first_at = @first_at, browser_hash = @browser_hash, expires_at = @expires_at
WHERE workspace_id = @workspace_id AND id = @id AND state = 'open' AND first = '' AND expires_at > @first_at;

-- name: AskAttempt :execrows
-- The phone was asked in the password's place, or somebody thinks so.
UPDATE attempts SET asked = CAST(@now AS BIGINT) WHERE workspace_id = @workspace_id AND id = @id AND state = 'open' AND first = '' AND expires_at > CAST(@now AS BIGINT);

-- name: PassSecond :execrows
UPDATE attempts SET second = @second, second_at = @second_at, effect = @effect
WHERE workspace_id = @workspace_id AND id = @id AND state = 'open' AND first <> '' AND second = '' AND expires_at > @second_at;

-- name: FinishAttempt :execrows
UPDATE attempts SET state = 'done'
WHERE workspace_id = @workspace_id AND id = @id AND state = 'open' AND first <> '' AND expires_at > CAST(@now AS BIGINT);

-- name: CancelAttempt :execrows
UPDATE attempts SET state = 'cancelled' WHERE workspace_id = @workspace_id AND id = @id AND state = 'open';

-- name: VoidAttempts :execrows
-- Also those that are finished and not yet redeemed: a session that starts after
-- the change would outlive it.
UPDATE attempts SET state = 'cancelled' WHERE workspace_id = @workspace_id AND user_id = @user_id AND state IN ('open', 'done') AND id <> @id;

-- name: VoidProvenAttempts :execrows
-- The same for those that have proved something: an end of the others would be seen by
-- whoever has only typed an address.
UPDATE attempts SET state = 'cancelled' WHERE workspace_id = @workspace_id AND user_id = @user_id AND state IN ('open', 'done') AND first <> '';

-- name: DisownAttempt :execrows
-- One that has proved nothing is nobody's from here on.
UPDATE attempts SET user_id = '' WHERE workspace_id = @workspace_id AND id = @id AND state = 'open' AND first = '';

-- name: RedeemAttempt :execrows
UPDATE attempts SET state = 'redeemed'
WHERE workspace_id = @workspace_id AND id = @id AND user_id = @user_id AND state = 'done' AND expires_at > CAST(@now AS BIGINT);

-- name: DeleteOldAttempts :execrows
DELETE FROM attempts WHERE expires_at < @before;

-- name: ListUnfinished :many
-- Sign-ins whose first factor was proven a while ago and whose second was not, by somebody
-- who is not in by now, and was not refused on the phone: of that the person knows.
SELECT a.* FROM attempts a
WHERE a.expires_at > CAST(@now AS BIGINT) AND a.first_at > 0 AND a.first_at <= CAST(@before AS BIGINT) AND a.second = '' AND a.user_id <> ''
  AND a.state IN ('open', 'cancelled')
  AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.workspace_id = a.workspace_id AND s.user_id = a.user_id AND s.created_at >= a.first_at
    AND s.ip = a.ip AND s.user_agent = a.user_agent)
  AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.workspace_id = a.workspace_id AND r.requester = a.id AND r.state IN ('denied', 'reported', 'mismatch'))
  AND NOT EXISTS (SELECT 1 FROM rates t WHERE t.workspace_id = a.workspace_id AND t.subject = 'unfinished:' || a.id)
ORDER BY a.first_at LIMIT CAST(@most AS INTEGER);
