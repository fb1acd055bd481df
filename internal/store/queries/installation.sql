-- name: GetInstallation :one
SELECT value FROM installation WHERE name = @name;

-- name: InsertInstallation :execrows
INSERT INTO installation (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING;
