DROP TABLE video_gaps;

UPDATE schema_version SET version = 5, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
