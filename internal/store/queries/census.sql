-- name: CountStanding :many
-- What people have, by pool. Everybody but those who are locked or have not come yet is
-- counted in people, and all that follows it up to bare_owners is of these.
SELECT u.pool_id,
  COUNT(CASE WHEN u.state = 'active' THEN 1 END) AS people,
  COUNT(CASE WHEN u.state = 'active' AND h.factors > 0 THEN 1 END) AS protected,
  COUNT(CASE WHEN u.state = 'active' AND u.require_second_factor BETWEEN 'required' AND CAST(@personal_by AS TEXT) THEN 1 END) AS personal,
  COUNT(CASE WHEN u.state = 'active' AND h.factors IS NULL AND u.require_second_factor BETWEEN 'required' AND CAST(@personal_by AS TEXT) THEN 1 END) AS required,
  COUNT(CASE WHEN u.state = 'active' AND h.totp > 0 THEN 1 END) AS totp,
  COUNT(CASE WHEN u.state = 'active' AND h.push > 0 THEN 1 END) AS push,
  COUNT(CASE WHEN u.state = 'active' AND h.passkey > 0 THEN 1 END) AS passkey,
  COUNT(CASE WHEN u.state = 'active' AND h.sms > 0 THEN 1 END) AS sms,
  COUNT(CASE WHEN u.state = 'active' AND h.sms > 0 AND h.factors = h.sms THEN 1 END) AS only_texts,
  COUNT(CASE WHEN u.state = 'active' AND h.factors > 0 AND h.codes = 0 THEN 1 END) AS no_codes,
  COUNT(CASE WHEN u.state = 'active' AND u.role = 'owner' THEN 1 END) AS owners,
  COUNT(CASE WHEN u.state = 'active' AND u.role = 'owner' AND h.factors IS NULL THEN 1 END) AS bare_owners,
  COUNT(CASE WHEN u.state = 'active' AND u.role IN ('administrator', 'helpdesk', 'auditor') AND h.factors IS NULL THEN 1 END) AS bare_managers,
  COUNT(*) AS everybody,
  COUNT(CASE WHEN u.state = 'disabled' THEN 1 END) AS disabled,
  COUNT(CASE WHEN u.state = 'invited' THEN 1 END) AS invited,
  COUNT(CASE WHEN u.signed_in_at = 0 THEN 1 END) AS never
FROM users u
LEFT JOIN (
  SELECT c.user_id,
    NULLIF(COUNT(CASE WHEN c.kind <> 'recovery' THEN 1 END), 0) AS factors,
    COUNT(CASE WHEN c.kind = 'totp' THEN 1 END) AS totp,
    COUNT(CASE WHEN c.kind = 'push' THEN 1 END) AS push,
    COUNT(CASE WHEN c.kind = 'passkey' THEN 1 END) AS passkey,
    COUNT(CASE WHEN c.kind = 'sms' THEN 1 END) AS sms,
    SUM(CASE WHEN c.kind = 'recovery' THEN c.counter ELSE 0 END) AS codes
  FROM credentials c WHERE c.workspace_id = @workspace_id AND c.state = 'active' GROUP BY c.user_id
) h ON h.user_id = u.id
WHERE u.workspace_id = @workspace_id
GROUP BY u.pool_id ORDER BY u.pool_id;

-- name: CountLocked :many
-- People who are locked by wrong second factors, for a while or until somebody ends it, by
-- pool. No lock for a while is longer than a day: a later end was set while the clock was
-- wrong.
SELECT u.pool_id, COUNT(*) AS people FROM (
  SELECT g.subject FROM guesses g WHERE g.workspace_id = @workspace_id AND g.locked_until > 0
    AND g.locked_until > CAST(@now AS BIGINT) AND g.locked_until < CAST(@now AS BIGINT) + 86520000
  UNION
  SELECT g.subject FROM guesses g WHERE g.workspace_id = @workspace_id AND g.tries >= 100 AND g.sort IN ('second', 'mailed')
) AS l
JOIN users u ON u.workspace_id = @workspace_id AND u.id = l.subject AND u.state <> 'disabled'
GROUP BY u.pool_id ORDER BY u.pool_id;

-- name: KeepPoolDay :exec
INSERT INTO pool_days (workspace_id, pool_id, day, people, protected) VALUES (@workspace_id, @pool_id, @day, @people, @protected)
ON CONFLICT (workspace_id, pool_id, day) DO UPDATE SET people = excluded.people, protected = excluded.protected;

-- name: ListPoolDays :many
SELECT * FROM pool_days WHERE workspace_id = @workspace_id AND day >= @since ORDER BY day, pool_id;

-- name: DeleteOldPoolDays :execrows
DELETE FROM pool_days WHERE day < @before;

-- name: CountOutcomes :many
-- How requests to phones ended, and after how many tenths of a second they were decided.
SELECT state, CAST((CASE WHEN state IN ('approved', 'consumed') THEN decided_at - created_at ELSE 0 END) / 100 AS BIGINT) AS tenths, COUNT(*) AS requests
FROM requests
WHERE workspace_id = @workspace_id AND created_at > @since AND kind <> 'test'
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: CountDeliveries :many
-- What was sent and what was given up, and what waits with a problem like the one that is
-- asked for. One that was over when it was written stands for a message that nobody was to
-- get. Identifiers begin with the time, and of what was sent nothing else is asked: that is
-- counted along the index of the delivery log, by whole ways and states, without its rows.
SELECT s.channel, s.state, COUNT(*) AS messages FROM messages s
WHERE s.workspace_id = @workspace_id AND s.channel IN ('email', 'push', 'text') AND s.state = 'sent' AND s.id >= @since
GROUP BY s.channel, s.state
UNION ALL
SELECT f.channel, f.state, COUNT(*) AS messages FROM messages f
WHERE f.workspace_id = @workspace_id AND f.channel IN ('email', 'push', 'text') AND f.state IN ('failed', 'queued') AND f.id >= @since
  AND (f.state = 'failed' OR f.problem LIKE CAST(@problem AS TEXT)) AND f.expires_at > f.created_at
GROUP BY f.channel, f.state;

-- name: CountDevicesRefused :one
-- Phones that are asked and do not ring.
SELECT COUNT(*) FROM devices WHERE workspace_id = @workspace_id AND state = 'active' AND delivery IN ('gone', 'refused');

-- name: ListUnindexed :many
-- People whom a program from before wrote.
SELECT * FROM users WHERE workspace_id = @workspace_id AND name_key = '' ORDER BY id LIMIT 200;

-- name: SetNameKey :execrows
UPDATE users SET name_key = @name_key WHERE workspace_id = @workspace_id AND id = @id;

-- name: AddWord :exec
INSERT INTO person_words (workspace_id, word, user_id) VALUES (@workspace_id, @word, @user_id)
ON CONFLICT (workspace_id, word, user_id) DO NOTHING;

-- name: DeleteWords :execrows
DELETE FROM person_words WHERE workspace_id = @workspace_id AND user_id = @user_id;

-- name: TouchConsole :execrows
UPDATE sessions SET console_at = @console_at WHERE workspace_id = @workspace_id AND id = @id;
