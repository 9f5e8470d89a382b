DROP TABLE idempotency_keys;
DROP TABLE module_thresholds;
DROP TABLE production_orders;
DROP TABLE targets;

UPDATE schema_version SET version = 6, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
