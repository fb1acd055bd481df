-- name: CountMissing :many
-- Those who can sign in and have no second factor, by their language: of one pool, or of
-- all ('').
SELECT users.language, COUNT(*) AS people FROM users
WHERE users.workspace_id = @workspace_id AND users.state = 'active' AND (CAST(@pool_id AS TEXT) = '' OR users.pool_id = CAST(@pool_id AS TEXT))
  AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = users.workspace_id AND c.user_id = users.id
    AND c.state = 'active' AND c.kind <> 'recovery')
GROUP BY users.language ORDER BY users.language;

-- name: ListMissing :many
-- A page of them, by address.
SELECT * FROM users
WHERE users.workspace_id = @workspace_id AND users.state = 'active' AND (CAST(@pool_id AS TEXT) = '' OR users.pool_id = CAST(@pool_id AS TEXT))
  AND users.email_key > @after
  AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = users.workspace_id AND c.user_id = users.id
    AND c.state = 'active' AND c.kind <> 'recovery')
ORDER BY users.email_key LIMIT CAST(@most AS INTEGER);

-- name: InsertCampaign :execrows
-- The page that asks gives the identifier: a second click finds the first one's row.
INSERT INTO campaigns (workspace_id, id, pool_id, asked, created_by, created_at, round, round_at, finished_at)
VALUES (@workspace_id, @id, @pool_id, @asked, @created_by, @created_at, 1, @created_at, 0)
ON CONFLICT (workspace_id, id) DO NOTHING;

-- name: GatherCampaign :execrows
-- Exactly those who have none at this moment.
INSERT INTO campaign_people (workspace_id, campaign_id, user_id, round, mailed_at)
SELECT users.workspace_id, CAST(@campaign_id AS TEXT), users.id, 0, 0 FROM users
WHERE users.workspace_id = @workspace_id AND users.state = 'active' AND (CAST(@pool_id AS TEXT) = '' OR users.pool_id = CAST(@pool_id AS TEXT))
  AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = users.workspace_id AND c.user_id = users.id
    AND c.state = 'active' AND c.kind <> 'recovery');

-- name: GetCampaign :one
SELECT * FROM campaigns WHERE workspace_id = @workspace_id AND id = @id;

-- name: LockCampaign :one
-- Takes the row: two nodes that mail at once take different people.
UPDATE campaigns SET round = round WHERE workspace_id = @workspace_id AND id = @id AND finished_at = 0 RETURNING *;

-- name: ListCampaigns :many
SELECT * FROM campaigns WHERE workspace_id = @workspace_id ORDER BY created_at DESC, id LIMIT CAST(@most AS INTEGER);

-- name: RunningCampaigns :many
-- Every workspace's, and all of them: some that cannot be mailed must not hide the others.
SELECT workspace_id, id FROM campaigns WHERE finished_at = 0 ORDER BY created_at, id;

-- name: CountCampaign :one
-- Who was gathered, was mailed, was left out of this round, and has set up a second factor
-- since.
SELECT COUNT(*) AS people, COUNT(CASE WHEN p.mailed_at > 0 THEN 1 END) AS mailed,
  COUNT(CASE WHEN p.left_out > 0 AND p.round = @round THEN 1 END) AS left_out,
  COUNT(CASE WHEN EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = p.workspace_id AND c.user_id = p.user_id
    AND c.state = 'active' AND c.kind <> 'recovery') THEN 1 END) AS done
FROM campaign_people p WHERE p.workspace_id = @workspace_id AND p.campaign_id = @campaign_id;

-- name: CountCampaignMails :many
-- How those stand of the last mails to each that have not gone out. A mail and its note have
-- one moment, since one transaction wrote both.
SELECT m.state, COUNT(*) AS mails FROM messages m
JOIN campaign_people p ON p.workspace_id = m.workspace_id AND p.user_id = m.user_id AND p.mailed_at = m.created_at
WHERE p.workspace_id = @workspace_id AND p.campaign_id = @campaign_id AND m.workspace_id = @workspace_id
  AND m.channel = 'email' AND m.state IN ('queued', 'failed', 'kept') AND m.kind = @kind AND m.id >= @since
GROUP BY m.state;

-- name: ListCampaignPeople :many
-- A page of those of a campaign who still have no second factor, by identifier.
SELECT sqlc.embed(u), p.mailed_at FROM campaign_people p
JOIN users u ON u.workspace_id = p.workspace_id AND u.id = p.user_id
WHERE p.workspace_id = @workspace_id AND p.campaign_id = @campaign_id AND p.user_id > @after
  AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = u.workspace_id AND c.user_id = u.id
    AND c.state = 'active' AND c.kind <> 'recovery')
ORDER BY p.user_id LIMIT CAST(@most AS INTEGER);

-- name: DueInCampaign :many
-- Who was not looked at in this round yet, with whether they need the mail.
SELECT sqlc.embed(u), EXISTS (SELECT 1 FROM credentials c WHERE c.workspace_id = u.workspace_id AND c.user_id = u.id
    AND c.state = 'active' AND c.kind <> 'recovery') AS protected
FROM campaign_people p
JOIN users u ON u.workspace_id = p.workspace_id AND u.id = p.user_id
WHERE p.workspace_id = @workspace_id AND p.campaign_id = @campaign_id AND p.round < @round
ORDER BY p.round, p.user_id LIMIT CAST(@most AS INTEGER);

-- name: PassInCampaign :execrows
-- mailed_at 0 leaves the moment of an earlier mail.
UPDATE campaign_people SET round = @round, left_out = @left_out, mailed_at = CASE WHEN CAST(@mailed_at AS BIGINT) > 0 THEN @mailed_at ELSE mailed_at END
WHERE workspace_id = @workspace_id AND campaign_id = @campaign_id AND user_id = @user_id;

-- name: FinishCampaign :execrows
UPDATE campaigns SET finished_at = @finished_at WHERE workspace_id = @workspace_id AND id = @id AND finished_at = 0;

-- name: RemindCampaign :execrows
-- A further round, of a finished one, at most so often: a day after the last of its mails,
-- or who was mailed late would be passed over as one who was written to today.
UPDATE campaigns SET round = round + 1, round_at = @now, finished_at = 0
WHERE workspace_id = @workspace_id AND id = @id AND finished_at > 0 AND finished_at <= CAST(@before AS BIGINT);

-- name: DeleteOldCampaigns :execrows
DELETE FROM campaigns WHERE finished_at > 0 AND round_at < @before;

-- name: RemindLater :execrows
UPDATE browsers SET reminded_at = @now WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id;
