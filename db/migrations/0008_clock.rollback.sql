DROP INDEX idx_events_clock;
ALTER TABLE cycle_events_rejected DROP COLUMN clock_kept;
ALTER TABLE cycle_events DROP COLUMN clock_kept;

UPDATE schema_version SET version = 7, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
