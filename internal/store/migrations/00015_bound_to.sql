-- +goose Up
-- The host name that a passkey or a phone was set up under, its relying party's identifier
-- (WebAuthn Level 3, section 4): it answers there alone, so after a move of the workspace it
-- answers nowhere. '' for what is bound to none, and for what is older than this column,
-- which counts as set up under the present one until the workspace moves.
ALTER TABLE credentials ADD COLUMN rp_id TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE credentials DROP COLUMN rp_id;
