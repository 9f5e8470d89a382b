DROP TRIGGER hours_count_new;
DROP TRIGGER hours_take_old;
DROP TRIGGER hours_count_changed;
DROP TRIGGER hours_take_deleted;
DROP TABLE cycle_hours;

UPDATE schema_version SET version = 3, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
