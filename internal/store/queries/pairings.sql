-- name: InsertPairing :exec
INSERT INTO pairings (workspace_id, id, user_id, session_id, state, secret, code_hash, short_mac, claimed_by, token_hash, kind, name, platform,
  client, version, challenge, verify_user, salt, confirm_mac, mailed_mac, tries, device_id, request_id, ip, user_agent, created_at, expires_at)
VALUES (@workspace_id, @id, @user_id, @session_id, 'open', @secret, @code_hash, @short_mac, '', @nothing, '', '', '',
  '', '', @nothing, @nothing, @nothing, @nothing, @nothing, 0, '', '', '', '', @created_at, @expires_at);

-- name: GetPairing :one
SELECT * FROM pairings WHERE workspace_id = @workspace_id AND id = @id;

-- name: GetPairingByCode :one
SELECT * FROM pairings WHERE workspace_id = @workspace_id AND code_hash = @code_hash;

-- name: GetPairingByShort :one
SELECT * FROM pairings WHERE workspace_id = @workspace_id AND short_mac = @short_mac;

-- name: GetPairingOfSession :one
-- The one that a session's page shows.
SELECT * FROM pairings WHERE workspace_id = @workspace_id AND session_id = @session_id ORDER BY created_at DESC, CASE WHEN state = 'over' THEN 1 ELSE 0 END, id DESC LIMIT 1;

-- name: ClaimPairing :execrows
-- The code is used up here, by whoever is first.
UPDATE pairings SET state = 'claimed', claimed_by = @claimed_by, token_hash = @token_hash, kind = @kind, name = @name, platform = @platform,
  client = @client, version = @version, challenge = @challenge, verify_user = @verify_user, ip = @ip, user_agent = @user_agent,
  expires_at = @expires_at
WHERE workspace_id = @workspace_id AND id = @id AND state = 'open' AND expires_at > CAST(@now AS BIGINT);

-- name: JoinPairing :execrows
UPDATE pairings SET state = 'joined', device_id = @device_id, salt = @salt, confirm_mac = @confirm_mac, expires_at = @expires_at
WHERE workspace_id = @workspace_id AND id = @id AND state = 'claimed' AND expires_at > CAST(@now AS BIGINT);

-- name: MailPairing :execrows
UPDATE pairings SET mailed_mac = @mailed_mac WHERE workspace_id = @workspace_id AND id = @id AND state = 'joined' AND expires_at > CAST(@now AS BIGINT);

-- name: TryPairing :one
-- Takes one of three tries before anything is compared.
UPDATE pairings SET tries = tries + 1
WHERE workspace_id = @workspace_id AND id = @id AND state = 'joined' AND tries < 3 AND expires_at > CAST(@now AS BIGINT)
RETURNING tries;

-- name: ConfirmPairing :execrows
UPDATE pairings SET state = 'confirmed', request_id = @request_id, expires_at = @expires_at
WHERE workspace_id = @workspace_id AND id = @id AND state = 'joined';

-- name: AskPairing :execrows
-- Another test request, where the first was not approved.
UPDATE pairings SET request_id = @request_id, expires_at = @expires_at
WHERE workspace_id = @workspace_id AND id = @id AND state = 'confirmed' AND expires_at > CAST(@now AS BIGINT);

-- name: FinishPairing :execrows
UPDATE pairings SET state = 'active' WHERE workspace_id = @workspace_id AND device_id = @device_id AND state = 'confirmed';

-- name: EndPairing :execrows
UPDATE pairings SET state = 'over' WHERE workspace_id = @workspace_id AND id = @id AND state NOT IN ('active', 'over');

-- name: EndPairingsOfUser :execrows
UPDATE pairings SET state = 'over' WHERE workspace_id = @workspace_id AND user_id = @user_id AND state NOT IN ('active', 'over');

-- name: EndShortCodes :execrows
-- Somebody tries short codes: those that are open end, the QR codes beside them stay.
UPDATE pairings SET short_mac = code_hash WHERE workspace_id = @workspace_id AND state = 'open';

-- name: DeleteOldPairings :execrows
DELETE FROM pairings WHERE expires_at < @before;
