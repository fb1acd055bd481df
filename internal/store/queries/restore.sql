-- What a restored backup must not bring back to life. Every workspace's: the
-- whole installation goes back in time.

-- name: DropSessions :execrows
DELETE FROM sessions;

-- name: DropAttempts :execrows
DELETE FROM attempts WHERE state IN ('open', 'done');

-- name: DropMailedCodes :execrows
DELETE FROM mailed_codes;

-- name: DropPairings :execrows
DELETE FROM pairings;

-- name: DropTrust :execrows
-- Who was trusted when the backup was made may have been put out since.
UPDATE browsers SET trusted_at = 0, trusted_until = 0 WHERE trusted_at <> 0;

-- name: CancelAllRequests :execrows
UPDATE requests SET state = 'cancelled', decided_at = @now WHERE state IN ('pending', 'approved');

-- name: VoidAllLinks :execrows
UPDATE links SET spent_at = @spent_at WHERE spent_at = 0;

-- name: FailQueued :execrows
-- The bodies are erased: they hold links and codes of before.
UPDATE messages SET state = 'failed', body = @body, lease_until = 0, problem = @problem WHERE state = 'queued';

-- name: EraseFailed :execrows
-- Nor may anybody try again what was given up.
UPDATE messages SET body = @empty WHERE state = 'failed' AND body <> @empty;

-- name: DropTexts :execrows
-- A code of before must not be good again; what texts cost stays.
UPDATE texts SET expires_at = 0 WHERE expires_at > 0;

-- name: DropHelpCodes :execrows
DELETE FROM help_codes;

-- name: WithdrawAllResets :execrows
UPDATE reset_requests SET state = 'withdrawn', decided_at = @now WHERE state = 'waiting';

-- name: FinishAllCampaigns :execrows
-- Whom the backup had not mailed yet may have been mailed since.
UPDATE campaigns SET finished_at = @now WHERE finished_at = 0;
