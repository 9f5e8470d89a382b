DROP TABLE audit_log;
DROP TABLE video_holds;
DROP TABLE lost_time_events;
DROP TABLE lost_time_codes;
DROP TABLE shifts;
DROP TABLE manual_observations;
DROP TABLE operator_assignments;

UPDATE schema_version SET version = 2, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
