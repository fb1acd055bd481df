-- name: InsertUser :exec
INSERT INTO users (workspace_id, id, pool_id, email, email_key, email_verified_at, name, role, state, language, zone,
  password_hash, password_version, password_changed_at, require_second_factor, default_method, default_set_at, created_at, signed_in_at, name_key)
VALUES (@workspace_id, @id, @pool_id, @email, @email_key, @email_verified_at, @name, @role, @state, @language, @zone,
  @password_hash, 1, @password_changed_at, '', '', 0, @created_at, 0, @name_key);

-- name: GetUser :one
SELECT * FROM users WHERE workspace_id = @workspace_id AND id = @id;

-- name: NearestUser :one
-- The user with this key, or else the next one in the order of keys: looking for
-- somebody who is not there reads as much as looking for somebody who is.
SELECT * FROM users WHERE users.workspace_id = @workspace_id AND users.email_key = COALESCE(
  (SELECT MIN(n.email_key) FROM users n WHERE n.workspace_id = @workspace_id AND n.email_key >= @email_key),
  (SELECT MAX(n.email_key) FROM users n WHERE n.workspace_id = @workspace_id));

-- name: LockUser :one
-- Takes the user's row for this transaction: two enrolments at once then count
-- the credentials one after the other.
UPDATE users SET password_version = password_version WHERE workspace_id = @workspace_id AND id = @id RETURNING *;

-- name: ListUsers :many
SELECT * FROM users WHERE workspace_id = @workspace_id AND email_key > @after ORDER BY email_key LIMIT CAST(@most AS INTEGER);

-- name: CountOtherOwners :one
SELECT COUNT(*) FROM users WHERE workspace_id = @workspace_id AND role = 'owner' AND state = 'active' AND id <> @id;

-- name: ListManagers :many
-- Those of one role whom the installation turns to, a page of them; see store.Managers.
SELECT * FROM users WHERE workspace_id = @workspace_id AND role = @role AND state = 'active' AND id > @after ORDER BY id LIMIT CAST(@most AS INTEGER);

-- name: CountOwners :one
SELECT COUNT(*) FROM users WHERE workspace_id = @workspace_id AND role = 'owner' AND state <> 'invited';

-- name: SetUserState :execrows
UPDATE users SET state = @state, locked_by = '' WHERE workspace_id = @workspace_id AND id = @id;

-- name: DisableUser :execrows
-- locked_by is the role of whoever does it, '' for the operator.
UPDATE users SET state = 'disabled', locked_by = @locked_by WHERE workspace_id = @workspace_id AND id = @id;

-- name: SetUserRole :execrows
UPDATE users SET role = @role WHERE workspace_id = @workspace_id AND id = @id;

-- name: StorePassword :execrows
-- Compare-and-set: a hash computed outside the transaction is stored only
-- under the version that was read before.
UPDATE users SET password_hash = @password_hash, password_version = password_version + 1, password_changed_at = @password_changed_at,
  state = CASE WHEN state = 'invited' THEN 'active' ELSE state END
WHERE workspace_id = @workspace_id AND id = @id AND password_version = @password_version;

-- name: RehashPassword :execrows
UPDATE users SET password_hash = @password_hash
WHERE workspace_id = @workspace_id AND id = @id AND password_version = @password_version;

-- name: VerifyEmail :execrows
UPDATE users SET email_verified_at = @email_verified_at
WHERE workspace_id = @workspace_id AND id = @id AND email_key = @email_key AND email_verified_at = 0;

-- name: ChangeEmail :execrows
UPDATE users SET email = @email, email_key = @email_key, email_verified_at = @email_verified_at
WHERE workspace_id = @workspace_id AND id = @id;

-- name: SetProfile :execrows
UPDATE users SET name = @name, language = @language, zone = @zone WHERE workspace_id = @workspace_id AND id = @id;

-- name: SetDefaultMethod :execrows
UPDATE users SET default_method = @default_method, default_set_at = @default_set_at WHERE workspace_id = @workspace_id AND id = @id;

-- name: SetUserRequirement :execrows
UPDATE users SET require_second_factor = @require_second_factor WHERE workspace_id = @workspace_id AND id = @id;

-- name: TouchSignedIn :execrows
UPDATE users SET signed_in_at = @signed_in_at WHERE workspace_id = @workspace_id AND id = @id;

-- name: DeleteUser :execrows
DELETE FROM users WHERE workspace_id = @workspace_id AND id = @id;

-- name: OldestUser :one
-- When the oldest account was made, 0 where there is none.
SELECT CAST(COALESCE(MIN(created_at), 0) AS BIGINT) FROM users WHERE workspace_id = @workspace_id;

-- name: CountPeople :many
-- Those who can sign in, by pool, and how many of them have a second factor: any
-- credential that is active, but recovery codes.
SELECT pool_id, COUNT(*) AS people,
  COUNT(CASE WHEN protected THEN 1 END) AS protected,
  COUNT(CASE WHEN require_second_factor BETWEEN 'required' AND CAST(@personal_by AS TEXT) AND NOT protected THEN 1 END) AS required
FROM (
  SELECT users.pool_id, users.require_second_factor, EXISTS (
    SELECT 1 FROM credentials WHERE credentials.workspace_id = users.workspace_id AND credentials.user_id = users.id
      AND credentials.state = 'active' AND credentials.kind <> 'recovery'
  ) AS protected
  FROM users WHERE users.workspace_id = @workspace_id AND users.state = 'active'
) AS people GROUP BY pool_id ORDER BY pool_id;

-- name: ListOwners :many
-- Those who keep a workspace: at least one of them must be able to sign in.
SELECT * FROM users WHERE workspace_id = @workspace_id AND role = 'owner' AND state = 'active' ORDER BY id;

-- name: ListConcerned :many
-- Who can sign in, by address: no more of them than tells whom a change of settings shuts
-- out, for everybody is read then.
SELECT id, pool_id, email, email_key, name, role, state, require_second_factor, password_hash FROM users
WHERE workspace_id = @workspace_id AND email_key > @after AND state = 'active' ORDER BY email_key LIMIT CAST(@most AS INTEGER);

-- name: ListProofsBetween :many
-- What the people have whose addresses lie behind one and up to another: who a change of
-- settings shuts out is read a page of people at a time.
SELECT credentials.id, credentials.user_id, credentials.kind, credentials.state, credentials.secret, credentials.counter, credentials.rp_id FROM credentials JOIN users ON users.workspace_id = credentials.workspace_id AND users.id = credentials.user_id
WHERE credentials.workspace_id = @workspace_id AND users.email_key > @after AND users.email_key <= @until AND credentials.state = 'active'
ORDER BY credentials.user_id, credentials.id;

-- name: ListPhonesBetween :many
SELECT devices.* FROM devices JOIN users ON users.workspace_id = devices.workspace_id AND users.id = devices.user_id
WHERE devices.workspace_id = @workspace_id AND users.email_key > @after AND users.email_key <= @until AND devices.state IN ('active', 'signed_out')
ORDER BY devices.user_id, devices.id;
