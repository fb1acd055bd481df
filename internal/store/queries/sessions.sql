-- name: InsertSession :exec
INSERT INTO sessions (workspace_id, id, token_hash, user_id, browser_id, entry, first, first_at, second, second_at, mailed_at,
  known_since, return_to, created_at, seen_at, expires_at, ip, user_agent)
VALUES (@workspace_id, @id, @token_hash, @user_id, @browser_id, @entry, @first, @first_at, @second, @second_at, 0,
  @known_since, @return_to, @created_at, @created_at, @expires_at, @ip, @user_agent);

-- name: LoadSession :one
-- The session, its person, and what decides its level, all read anew each time.
SELECT sqlc.embed(s), sqlc.embed(u), w.name AS workspace_name, w.settings_version,
  (SELECT COUNT(*) FROM credentials c WHERE c.workspace_id = s.workspace_id AND c.user_id = s.user_id
    AND c.state = 'active' AND c.kind <> 'recovery') AS second_factors,
  (SELECT COUNT(*) FROM credentials c WHERE c.workspace_id = s.workspace_id AND c.user_id = s.user_id
    AND c.state = 'active' AND c.kind NOT IN ('recovery', 'push')) AS other_factors,
  (SELECT CAST(COALESCE(SUM(c.counter), 0) AS BIGINT) FROM credentials c WHERE c.workspace_id = s.workspace_id AND c.user_id = s.user_id
    AND c.state = 'active' AND c.kind = 'recovery') AS recovery_left
FROM sessions s
JOIN users u ON u.workspace_id = s.workspace_id AND u.id = s.user_id
JOIN workspaces w ON w.id = s.workspace_id
WHERE s.workspace_id = @workspace_id AND s.token_hash = @token_hash AND s.expires_at > CAST(@now AS BIGINT) AND u.state = 'active';

-- name: GetSession :one
SELECT * FROM sessions WHERE workspace_id = @workspace_id AND id = @id;

-- name: ListSessions :many
SELECT * FROM sessions WHERE workspace_id = @workspace_id AND user_id = @user_id AND expires_at > @now AND seen_at > @idle
ORDER BY seen_at DESC, id;

-- name: TouchSession :execrows
UPDATE sessions SET seen_at = @seen_at, ip = @ip, user_agent = @user_agent WHERE workspace_id = @workspace_id AND id = @id;

-- name: StepUpSession :execrows
-- A new proof, and with it a new token: whoever held the old one holds nothing.
UPDATE sessions SET token_hash = @token_hash, first_at = @first_at, second = @second, second_at = @second_at, second_for = @second_for, mailed_at = @mailed_at
WHERE workspace_id = @workspace_id AND id = @id AND user_id = @user_id;

-- name: EndSession :execrows
DELETE FROM sessions WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id;

-- name: EndOtherSessions :execrows
DELETE FROM sessions WHERE workspace_id = @workspace_id AND user_id = @user_id AND id <> @id;

-- name: EndTrustedSessions :execrows
-- What a browser's trust let in, but one session: of one browser, or of all ('').
DELETE FROM sessions WHERE workspace_id = @workspace_id AND user_id = @user_id AND second = 'trusted_browser' AND id <> @id
  AND (CAST(@browser_id AS TEXT) = '' OR browser_id = CAST(@browser_id AS TEXT));

-- name: EndSessionsSince :execrows
DELETE FROM sessions WHERE workspace_id = @workspace_id AND user_id = @user_id AND created_at >= CAST(@since AS BIGINT);

-- name: RaiseSession :execrows
-- A second factor that was proved elsewhere for this session. Its token turns when its
-- browser comes next.
UPDATE sessions SET second = @second, second_at = @second_at, second_for = '' WHERE workspace_id = @workspace_id AND id = @id AND user_id = @user_id;

-- name: DeleteOldSessions :execrows
DELETE FROM sessions WHERE expires_at <= @now OR seen_at <= @idle;
