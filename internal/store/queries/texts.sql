-- name: VoidTexts :execrows
-- A newer code of the same sign-in or session takes the place of the older.
UPDATE texts SET expires_at = 0 WHERE workspace_id = @workspace_id AND holder = @holder AND expires_at > 0;

-- name: InsertText :exec
INSERT INTO texts (workspace_id, id, user_id, credential_id, holder, code_mac, tries, created_at, expires_at, spent_at, country, state,
  provider, reference, parts, cost, currency)
VALUES (@workspace_id, @id, @user_id, @credential_id, @holder, @code_mac, 0, @created_at, @expires_at, 0, @country, 'queued', '', '', 0, 0, '');

-- name: GetText :one
-- The newest of a sign-in or session, whether or not it is over.
SELECT * FROM texts WHERE workspace_id = @workspace_id AND holder = @holder AND user_id = @user_id
ORDER BY expires_at DESC, created_at DESC, id DESC LIMIT 1;

-- name: TryText :execrows
UPDATE texts SET tries = tries + 1 WHERE workspace_id = @workspace_id AND id = @id;

-- name: SpendText :execrows
UPDATE texts SET spent_at = @spent_at WHERE workspace_id = @workspace_id AND id = @id AND spent_at = 0 AND expires_at > @spent_at;

-- name: MarkText :one
-- What became of it. A receipt of the same provider may come before the answer that it is
-- about is written: its state is final, and its price better than the list.
UPDATE texts SET state = CASE WHEN state IN ('delivered', 'failed') AND provider = @provider THEN state ELSE @state END,
  cost = CASE WHEN currency <> '' AND provider = @provider THEN cost ELSE @cost END,
  currency = CASE WHEN currency <> '' AND provider = @provider THEN currency ELSE @currency END,
  provider = @provider, reference = @reference, parts = @parts
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- name: EarlyText :one
-- By its own identifier, for a receipt that came before the answer of its provider is
-- written. The first provider that reports has it until then.
UPDATE texts SET provider = CAST(@provider AS TEXT), reference = CAST(@reference AS TEXT)
WHERE workspace_id = @workspace_id AND id = @id AND (provider = '' OR provider = CAST(@provider AS TEXT) AND reference IN ('', CAST(@reference AS TEXT)))
RETURNING *;

-- name: FindText :one
-- By the name that whoever sends it gave it, for a receipt.
SELECT * FROM texts WHERE workspace_id = @workspace_id AND provider = @provider AND reference = @reference ORDER BY created_at DESC LIMIT 1;

-- name: ReportText :execrows
UPDATE texts SET state = @state WHERE workspace_id = @workspace_id AND id = @id AND state <> @state AND state NOT IN ('delivered', 'failed');

-- name: PriceText :execrows
UPDATE texts SET cost = @cost, currency = @currency WHERE workspace_id = @workspace_id AND id = @id AND (cost <> @cost OR currency <> @currency);

-- name: DeleteOldTexts :execrows
DELETE FROM texts WHERE created_at < @before;

-- name: TakeTextCap :one
-- Takes one of a window. No row means that the cap is reached. A window that began more
-- than two minutes from now began while the clock was wrong.
INSERT INTO text_caps (workspace_id, subject, since, taken) VALUES (@workspace_id, @subject, @now, 1)
ON CONFLICT (workspace_id, subject) DO UPDATE SET
  taken = CASE WHEN text_caps.since <= @opened OR text_caps.since > CAST(@now AS BIGINT) + 120000 THEN 1 ELSE text_caps.taken + 1 END,
  since = CASE WHEN text_caps.since <= @opened OR text_caps.since > CAST(@now AS BIGINT) + 120000 THEN @now ELSE text_caps.since END
WHERE text_caps.since <= @opened OR text_caps.since > CAST(@now AS BIGINT) + 120000 OR text_caps.taken < @most
RETURNING taken;

-- name: GetTextCap :one
SELECT * FROM text_caps WHERE workspace_id = @workspace_id AND subject = @subject;

-- name: GiveTextBack :execrows
UPDATE text_caps SET taken = taken - 1 WHERE workspace_id = @workspace_id AND subject = @subject AND taken > 0;

-- name: DeleteOldTextCaps :execrows
DELETE FROM text_caps WHERE since < @before;

-- name: AddTextTotal :exec
INSERT INTO text_totals (workspace_id, day, country, provider, currency, texts, parts, delivered, failed, cost)
VALUES (@workspace_id, @day, @country, @provider, @currency, @texts, @parts, @delivered, @failed, @cost)
ON CONFLICT (workspace_id, day, country, provider, currency) DO UPDATE SET
  texts = text_totals.texts + excluded.texts, parts = text_totals.parts + excluded.parts, delivered = text_totals.delivered + excluded.delivered,
  failed = text_totals.failed + excluded.failed, cost = text_totals.cost + excluded.cost;

-- name: ListTextTotals :many
SELECT * FROM text_totals WHERE workspace_id = @workspace_id AND day >= @since ORDER BY day, country, provider, currency;

-- name: DeleteOldTextTotals :execrows
DELETE FROM text_totals WHERE day < @before;

-- name: TextAwaited :one
-- 1 while a code may still be answered: not voided, not over, not used, and its number and
-- the sign-in or session it was sent for are there.
SELECT COUNT(*) FROM texts t WHERE t.workspace_id = @workspace_id AND t.id = @id AND t.spent_at = 0 AND t.expires_at > CAST(@now AS BIGINT)
  AND EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = t.workspace_id AND c.id = t.credential_id)
  AND (EXISTS (SELECT 1 FROM attempts a WHERE a.workspace_id = t.workspace_id AND a.id = t.holder AND a.state = 'open' AND a.second = '')
    OR EXISTS (SELECT 1 FROM sessions s WHERE s.workspace_id = t.workspace_id AND s.id = t.holder));

-- name: TextsUnderWay :one
-- Texts that a worker hands over right now: what a provider calls them is not written yet.
SELECT COUNT(*) FROM messages WHERE workspace_id = @workspace_id AND channel = 'text' AND state = 'queued' AND lease_until > CAST(@now AS BIGINT);
