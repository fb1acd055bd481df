-- name: TakeLease :execrows
INSERT INTO leases (name, holder, until) VALUES (@name, @holder, @until)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE leases.holder = excluded.holder OR leases.until <= CAST(@now AS BIGINT);

-- name: GetInstallation :one
SELECT value FROM installation WHERE name = @name;

-- name: InsertInstallation :execrows
INSERT INTO installation (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING;

-- name: UpdateInstallation :execrows
UPDATE installation SET value = @value WHERE name = @name;
