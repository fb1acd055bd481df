-- name: TakeTry :one
-- Takes one try before anything is verified. No row means locked. No lock is
-- longer than a day: one that ends later was set while the clock was wrong, and
-- counts for nothing. Two minutes are left to clocks of nodes that differ.
INSERT INTO guesses (workspace_id, subject, sort, counter, tries, since, locked_until)
VALUES (@workspace_id, @subject, @sort, @counter, 1, @now, 0)
ON CONFLICT (workspace_id, subject, sort, counter) DO UPDATE SET tries = guesses.tries + 1, since = @now
WHERE (guesses.locked_until <= @now OR guesses.locked_until > CAST(@now AS BIGINT) + 86520000) AND guesses.tries < @most
RETURNING tries;

-- name: TakeWindowTry :one
-- The same for a count that starts anew when its window is over, or when it
-- began more than two minutes from now, while the clock was wrong.
INSERT INTO guesses (workspace_id, subject, sort, counter, tries, since, locked_until)
VALUES (@workspace_id, @subject, @sort, @counter, 1, @now, 0)
ON CONFLICT (workspace_id, subject, sort, counter) DO UPDATE SET
  tries = CASE WHEN guesses.since <= @opened OR guesses.since > CAST(@now AS BIGINT) + 120000 THEN 1 ELSE guesses.tries + 1 END,
  since = CASE WHEN guesses.since <= @opened OR guesses.since > CAST(@now AS BIGINT) + 120000 THEN @now ELSE guesses.since END
WHERE guesses.since <= @opened OR guesses.since > CAST(@now AS BIGINT) + 120000 OR guesses.tries < @most
RETURNING tries;

-- name: GetGuesses :one
SELECT * FROM guesses WHERE workspace_id = @workspace_id AND subject = @subject AND sort = @sort AND counter = @counter;

-- name: LockGuesses :execrows
UPDATE guesses SET locked_until = @locked_until
WHERE workspace_id = @workspace_id AND subject = @subject AND sort = @sort AND counter = @counter;

-- name: GiveBack :execrows
-- Gives one try back, and with it a lock that this very try had set.
UPDATE guesses SET tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END, locked_until = 0
WHERE workspace_id = @workspace_id AND subject = @subject AND sort = @sort AND counter = @counter;

-- name: ClearGuesses :execrows
DELETE FROM guesses WHERE workspace_id = @workspace_id AND subject = @subject AND sort = @sort AND counter = @counter;

-- name: ClearGuessesOfSubject :many
-- What they were is returned: they may have been a lock.
DELETE FROM guesses WHERE workspace_id = @workspace_id AND subject = @subject RETURNING *;

-- name: ListGuesses :many
SELECT * FROM guesses WHERE workspace_id = @workspace_id AND subject = @subject ORDER BY sort, counter;

-- name: ClearGuessesOfCounter :execrows
DELETE FROM guesses WHERE workspace_id = @workspace_id AND subject = @subject AND counter = @counter;

-- name: DeleteOldGuesses :execrows
-- Counts with a window are forgotten soon, passwords of names that nobody
-- types any more after a month. Second factors end with a sign-in only.
DELETE FROM guesses WHERE (since < @before AND sort IN ('address', 'recovery', 'mismatch', 'source', 'source_reported'))
  OR (since < @long_before AND locked_until < @long_before AND sort = 'password');

-- name: SpendRate :one
-- GCRA in one statement: no row means that the limit is reached. An arrival
-- that is later than the limit allows by two minutes was counted while the clock
-- was wrong, and counts for nothing.
INSERT INTO rates (workspace_id, subject, arrival)
VALUES (@workspace_id, @subject, CAST(@now AS BIGINT) + CAST(@interval AS BIGINT))
ON CONFLICT (workspace_id, subject) DO UPDATE SET
  arrival = CASE WHEN rates.arrival > CAST(@now AS BIGINT) AND rates.arrival <= CAST(@now AS BIGINT) + CAST(@burst AS BIGINT) + 120000 THEN rates.arrival + CAST(@interval AS BIGINT)
    ELSE CAST(@now AS BIGINT) + CAST(@interval AS BIGINT) END
WHERE rates.arrival + CAST(@interval AS BIGINT) <= CAST(@now AS BIGINT) + CAST(@burst AS BIGINT) OR rates.arrival > CAST(@now AS BIGINT) + CAST(@burst AS BIGINT) + 120000
RETURNING arrival;

-- name: GetRate :one
SELECT * FROM rates WHERE workspace_id = @workspace_id AND subject = @subject;

-- name: DeleteOldRates :execrows
DELETE FROM rates WHERE arrival < @before;
