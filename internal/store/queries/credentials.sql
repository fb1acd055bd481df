-- name: InsertCredential :exec
INSERT INTO credentials (workspace_id, id, user_id, kind, name, name_key, state, replaces, secret, counter, version,
  created_at, expires_at, confirmed_at, used_at, used_from, rp_id)
VALUES (@workspace_id, @id, @user_id, @kind, @name, @name_key, @state, @replaces, @secret, @counter, 1,
  @created_at, @expires_at, @confirmed_at, 0, '', @rp_id);

-- name: BindCredentials :execrows
-- The passkeys and phones of a time when their host name was not kept were set up under
-- this one.
UPDATE credentials SET rp_id = @rp_id WHERE workspace_id = @workspace_id AND kind IN ('passkey', 'push') AND rp_id = '';

-- name: GetCredential :one
SELECT * FROM credentials WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id;

-- name: ListCredentials :many
-- Everything of a user, pending rows too; the newest last.
SELECT * FROM credentials WHERE workspace_id = @workspace_id AND user_id = @user_id ORDER BY created_at, name_key, id;

-- name: StoreCredential :execrows
-- Compare-and-set: no row means that somebody else was first; load again.
UPDATE credentials SET secret = @secret, counter = @counter, version = version + 1, used_at = @used_at, used_from = @used_from
WHERE workspace_id = @workspace_id AND id = @id AND version = @version AND state = 'active';

-- name: ConfirmCredential :execrows
UPDATE credentials SET state = 'active', name = @name, name_key = @name_key, secret = @secret, counter = @counter, confirmed_at = @confirmed_at,
  expires_at = 0, replaces = '', version = version + 1
WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id AND version = @version AND state = 'pending' AND expires_at > @confirmed_at;

-- name: UseCredential :execrows
-- A use that changes nothing of the credential: what was proved is stored elsewhere.
UPDATE credentials SET used_at = @used_at, used_from = @used_from WHERE workspace_id = @workspace_id AND id = @id;

-- name: RenameCredential :execrows
UPDATE credentials SET name = @name, name_key = @name_key
WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id AND state = 'active';

-- name: DeleteCredential :execrows
DELETE FROM credentials WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id;

-- name: DeleteKind :execrows
-- The other credentials of a kind, once a new set took their place.
DELETE FROM credentials WHERE workspace_id = @workspace_id AND user_id = @user_id AND kind = @kind AND id <> @id;

-- name: DeletePending :execrows
-- Until it is confirmed, name_key is the session that began it.
DELETE FROM credentials WHERE workspace_id = @workspace_id AND user_id = @user_id AND kind = @kind AND name_key = @name_key AND state = 'pending';

-- name: DeleteCredentialsOfUser :execrows
DELETE FROM credentials WHERE workspace_id = @workspace_id AND user_id = @user_id;

-- name: DeleteExpiredPending :execrows
DELETE FROM credentials WHERE state = 'pending' AND expires_at <= @now;

-- name: SpendProof :execrows
INSERT INTO spent_proofs (workspace_id, credential_id, number, spent_at)
VALUES (@workspace_id, @credential_id, @number, @spent_at)
ON CONFLICT (workspace_id, credential_id, number) DO NOTHING;

-- name: DeleteOldProofs :execrows
-- Time steps older than a day can never be accepted again; the numbers of
-- recovery codes stay as long as their set.
DELETE FROM spent_proofs WHERE spent_at < @before
  AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = spent_proofs.workspace_id AND c.id = spent_proofs.credential_id AND c.kind = 'recovery');
