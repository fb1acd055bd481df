-- name: InsertDevice :exec
INSERT INTO devices (workspace_id, id, user_id, credential_id, kind, name, platform, client, version, state, device_key, verify_id, verify_key,
  verify_user, backed_up, counter, biometrics, notifications, subscription, delivery, code_given, created_at, activated_at, seen_at, ended_at)
VALUES (@workspace_id, @id, @user_id, '', @kind, @name, @platform, @client, @version, 'claimed', @device_key, @verify_id, @verify_key,
  @verify_user, @backed_up, @counter, @biometrics, @notifications, @subscription, @delivery, 0, @created_at, 0, @created_at, 0);

-- name: GetDevice :one
SELECT * FROM devices WHERE workspace_id = @workspace_id AND id = @id;

-- name: ListDevices :many
-- Those that are somebody's, or about to be; the removed ones are kept for evidence.
SELECT * FROM devices WHERE workspace_id = @workspace_id AND user_id = @user_id AND state <> 'revoked' ORDER BY created_at, id;

-- name: ConfirmDevice :execrows
UPDATE devices SET state = 'confirmed' WHERE workspace_id = @workspace_id AND id = @id AND state = 'claimed';

-- name: ActivateDevice :execrows
UPDATE devices SET state = 'active', credential_id = @credential_id, activated_at = @now, name = @name
WHERE workspace_id = @workspace_id AND id = @id AND state = 'confirmed';

-- name: SetDeviceState :execrows
-- Between active and signed_out.
UPDATE devices SET state = @state WHERE workspace_id = @workspace_id AND id = @id AND state IN ('active', 'signed_out');

-- name: CountDevice :execrows
-- The signature counter of the verifying key, which only grows.
UPDATE devices SET counter = CASE WHEN counter < CAST(@counter AS BIGINT) THEN CAST(@counter AS BIGINT) ELSE counter END, seen_at = @seen_at WHERE workspace_id = @workspace_id AND id = @id;

-- name: ReportDevice :execrows
-- What a device says of itself when it starts.
UPDATE devices SET version = @version, biometrics = @biometrics, notifications = @notifications, subscription = @subscription,
  delivery = @delivery, seen_at = @seen_at
WHERE workspace_id = @workspace_id AND id = @id AND state <> 'revoked';

-- name: SetDelivery :execrows
-- What became of a push: on, gone or refused. Only of
-- the subscription that was pushed to: a newer one is not blamed for an older.
UPDATE devices SET delivery = @delivery WHERE workspace_id = @workspace_id AND id = @id AND subscription = @subscription AND delivery <> @delivery;

-- name: RenameDevice :execrows
UPDATE devices SET name = @name WHERE workspace_id = @workspace_id AND credential_id = @credential_id AND state <> 'revoked';

-- name: GiveDeviceCode :execrows
-- When it was given last: the codes of a phone that never was count for nothing.
UPDATE devices SET code_given = @code_given WHERE workspace_id = @workspace_id AND id = @id AND state = 'active';

-- name: RevokeDevice :execrows
UPDATE devices SET state = 'revoked', subscription = @nothing, delivery = '', ended_at = @ended_at
WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id AND state <> 'revoked';

-- name: RevokeDeviceOfCredential :execrows
UPDATE devices SET state = 'revoked', subscription = @nothing, delivery = '', ended_at = @ended_at
WHERE workspace_id = @workspace_id AND user_id = @user_id AND credential_id = @credential_id AND state <> 'revoked';

-- name: RevokeDevicesOfUser :execrows
UPDATE devices SET state = 'revoked', subscription = @nothing, delivery = '', ended_at = @ended_at
WHERE workspace_id = @workspace_id AND user_id = @user_id AND state <> 'revoked';

-- name: RevokeUnpaired :execrows
-- Those on their way to be a person's.
UPDATE devices SET state = 'revoked', subscription = @nothing, delivery = '', ended_at = @ended_at
WHERE workspace_id = @workspace_id AND user_id = @user_id AND state IN ('claimed', 'confirmed');

-- name: ListSubscriptions :many
SELECT workspace_id, id, subscription FROM devices
WHERE workspace_id > @after_workspace OR (workspace_id = @after_workspace AND id > @after)
ORDER BY workspace_id, id LIMIT CAST(@most AS INTEGER);

-- name: ResealSubscription :execrows
UPDATE devices SET subscription = @subscription WHERE workspace_id = @workspace_id AND id = @id AND subscription = @sealed;

-- name: SpendNonce :execrows
INSERT INTO nonces (workspace_id, key_id, nonce, expires_at) VALUES (@workspace_id, @key_id, @nonce, @expires_at)
ON CONFLICT (workspace_id, key_id, nonce) DO NOTHING;

-- name: DeleteOldNonces :execrows
DELETE FROM nonces WHERE expires_at < @before;

-- name: DeleteStrayDevices :execrows
-- Of pairings that came to nothing; no signature of theirs counts anywhere.
DELETE FROM devices WHERE created_at < @before AND (state IN ('claimed', 'confirmed') OR state = 'revoked' AND activated_at = 0);
