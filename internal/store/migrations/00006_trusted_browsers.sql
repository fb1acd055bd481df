-- +goose Up
-- A browser that its person trusts: since when, and when they last said "not now".
-- trusted_until has been there from the start; no browser was trusted before.
ALTER TABLE browsers ADD COLUMN trusted_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE browsers ADD COLUMN trust_asked_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE browsers DROP COLUMN trust_asked_at;
ALTER TABLE browsers DROP COLUMN trusted_at;
