-- depends: 0007_indicators
-- Whether the clock that dated a cycle was kept by a time server: after a power cut it may not be, for hours.

-- Without a CHECK: with one, every cycle would be read.
ALTER TABLE cycle_events ADD COLUMN clock_kept  -- whether a time server kept the machine's clock when it was decided: 1 yes; 0 no: its duration is right, its time of day may be wrong; NULL: not known, or a recording
  INTEGER;
ALTER TABLE cycle_events_rejected ADD COLUMN clock_kept  -- as in cycle_events
  INTEGER;

CREATE INDEX idx_events_clock ON cycle_events(start_ts, workstation_id) WHERE clock_kept = 0;

UPDATE schema_version SET version = 8, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
