-- name: GetLease :one
SELECT * FROM leases WHERE name = @name;

-- name: TakeLease :execrows
-- Takes a turn that nobody has taken for as long. One that ends later than it can
-- (@latest) was taken while the clock was wrong, and counts for nothing.
INSERT INTO leases (name, holder, until) VALUES (@name, @holder, @until)
ON CONFLICT (name) DO UPDATE SET holder = @holder, until = @until
WHERE leases.until < @until OR leases.until > @latest;

-- name: DeleteLease :execrows
DELETE FROM leases WHERE name = @name;

-- name: HoldLease :execrows
-- Takes or keeps a job that one node does at a time: it is the holder's until its time is
-- over. A time that is further off than it can be (@latest) is of a wrong clock.
INSERT INTO leases (name, holder, until) VALUES (@name, @holder, @until)
ON CONFLICT (name) DO UPDATE SET holder = @holder, until = @until
WHERE leases.holder = @holder OR leases.until <= @now OR leases.until > @latest;
