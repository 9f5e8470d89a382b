DROP TABLE video_segments;
DROP TABLE cycle_events_refused;
DROP TABLE cycle_events_rejected;
DROP TABLE cycle_events;
DROP TABLE operators;

UPDATE schema_version SET version = 1, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
