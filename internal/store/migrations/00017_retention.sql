-- +goose Up
-- The audit log is kept for 30 days at least. A workspace that set less keeps it for those.
WITH few(days) AS (VALUES ('1'), ('2'), ('3'), ('4'), ('5'), ('6'), ('7'), ('8'), ('9'), ('10'), ('11'), ('12'), ('13'), ('14'), ('15'), ('16'), ('17'), ('18'), ('19'), ('20'), ('21'), ('22'), ('23'), ('24'), ('25'), ('26'), ('27'), ('28'), ('29'))
UPDATE workspaces SET settings = (
  SELECT REPLACE(REPLACE(settings, '"audit.retention_days":' || days || ',', '"audit.retention_days":30,'), '"audit.retention_days":' || days || '}', '"audit.retention_days":30}')
  FROM few WHERE settings LIKE '%"audit.retention_days":' || days || ',%' OR settings LIKE '%"audit.retention_days":' || days || '}%')
WHERE EXISTS (SELECT 1 FROM few WHERE settings LIKE '%"audit.retention_days":' || days || ',%' OR settings LIKE '%"audit.retention_days":' || days || '}%');

-- +goose Down
