"""The reference data model as data: what its DDL says of every table, written down by hand.

A column is `name: TYPE flags`; flags: `!` NOT NULL, `=x` default, `→table` foreign key, `*` computed. `now` stands for
the reference's `datetime('now')`.
"""

TABLES = {
    "modules": """
        id: INTEGER; code: TEXT !; display_name: TEXT !; product_reference: TEXT; active: INTEGER ! =1;
        created_at: TEXT ! =now; updated_at: TEXT ! =now""",
    "cameras": """
        id: INTEGER; module_id: INTEGER ! →modules; label: TEXT !; rtsp_url: TEXT !; resolution: TEXT ! ='640x480';
        fps: INTEGER ! =5; status: TEXT ! ='active'; installed_at: TEXT ! =now; notes: TEXT""",
    "workstations": """
        id: INTEGER; module_id: INTEGER ! →modules; primary_camera_id: INTEGER →cameras; code: TEXT !;
        display_name: TEXT !; operation: TEXT; sequence_pos: INTEGER; active: INTEGER ! =1; notes: TEXT""",
    "standard_times": """
        id: INTEGER; reference: TEXT !; version: TEXT ! ='v1'; operation: TEXT !; sam_minutes: REAL !;
        sec_per_cycle: REAL *; machine_code: TEXT; source: TEXT ! ='tiempo std manual'; effective_from: TEXT ! =now;
        effective_to: TEXT; notes: TEXT""",
    "operators": "id: INTEGER; external_code: TEXT; display_name: TEXT; active: INTEGER ! =1; notes: TEXT",
    "cv_model_versions": """
        id: INTEGER; name: TEXT !; version: TEXT !; framework: TEXT !; weights_hash: TEXT; deployed_at: TEXT ! =now;
        notes: TEXT""",
    "rois": """
        id: INTEGER; camera_id: INTEGER ! →cameras; workstation_id: INTEGER ! →workstations; polygon_json: TEXT !;
        ref_frame_path: TEXT !; ref_homography_features: BLOB; created_at: TEXT ! =now; created_by: TEXT !;
        notes: TEXT; superseded_by: INTEGER →rois""",
    "cycle_events": """
        id: INTEGER; workstation_id: INTEGER ! →workstations; camera_id: INTEGER →cameras;
        operator_id: INTEGER →operators; cv_model_version_id: INTEGER ! →cv_model_versions;
        roi_version_id: INTEGER ! →rois; start_ts: TEXT !; end_ts: TEXT; duration_seconds: REAL *;
        status: TEXT ! ='in_progress'; quality: TEXT ! ='green'; confidence: REAL; mean_conf: REAL;
        primary_track_dwell_ratio: REAL; detection_count: INTEGER; source_frame_path: TEXT; source_video_path: TEXT;
        ref_op_order: TEXT; notes: TEXT; created_at: TEXT ! =now; gt_verified_by: TEXT; gt_verified_at: TEXT;
        gt_corrected_duration_s: REAL""",
    "cycle_events_rejected": """
        id: INTEGER; workstation_id: INTEGER ! →workstations; camera_id: INTEGER →cameras;
        cv_model_version_id: INTEGER ! →cv_model_versions; roi_version_id: INTEGER ! →rois; start_ts: TEXT !;
        end_ts: TEXT; duration_seconds: REAL; reason: TEXT !; mean_conf: REAL; primary_track_dwell_ratio: REAL;
        detection_count: INTEGER; notes: TEXT; created_at: TEXT ! =now""",
    "manual_observations": """
        id: INTEGER; workstation_id: INTEGER ! →workstations; cycle_event_id: INTEGER →cycle_events; observer: TEXT !;
        observed_ts: TEXT !; kind: TEXT !; payload_json: TEXT !; created_at: TEXT ! =now""",
    "shifts": """
        id: INTEGER; module_id: INTEGER ! →modules; date: TEXT !; label: TEXT !; start_ts: TEXT !; end_ts: TEXT;
        notes: TEXT""",
    "lost_time_events": """
        id: INTEGER; workstation_id: INTEGER →workstations; module_id: INTEGER →modules; shift_id: INTEGER →shifts;
        code: TEXT !; start_ts: TEXT !; end_ts: TEXT; detected_auto: INTEGER ! =0; notes: TEXT""",
    "schema_version": "id: INTEGER; version: INTEGER !; applied_at: TEXT ! =now",
}

ADDED = {
    ("rois", "ref_frame_path"): "=''",  # a zone from a plant file has no picture
    ("lost_time_events", "code"): "→lost_time_codes",  # from the plant's file, so that no other gets in
}
"""Flags that ours has beside the reference's."""

UNIQUE = {
    "modules": ("code",),
    "cameras": ("module_id", "label"),
    "workstations": ("module_id", "code"),
    "standard_times": ("reference", "version", "operation"),
    "operators": ("external_code",),
    "cv_model_versions": ("name", "version"),
    "shifts": ("module_id", "date", "label"),
}

ALLOWED = {
    ("cameras", "status"): {"active", "inactive", "faulty"},
    ("cycle_events", "status"): {"in_progress", "complete", "aborted", "manual_override"},
    ("cycle_events", "quality"): {"green", "yellow", "red"},
    ("cycle_events_rejected", "reason"): {
        "too_short",
        "too_long",
        "low_dwell",
        "confidence_drop",
        "drift_unknown",
        "gap_in_frames",  # ours, and the next two
        "second_person",
        "out_of_shift",
        "other",  # ours, so that a new rule's rejection is never lost
    },
    ("manual_observations", "kind"): {
        "ground_truth_duration",
        "lost_time_note",
        "data_quality_flag",
        "other",
    },
}

INDEXES = {
    "idx_workstations_module": "workstations(module_id)",
    "idx_std_times_lookup": "standard_times(reference, operation, version)",
    "idx_rois_active": "rois(camera_id, workstation_id) WHERE superseded_by IS NULL",
    "idx_events_ws_start": "cycle_events(workstation_id, start_ts DESC)",
    "idx_events_start_ts": "cycle_events(start_ts)",
    "idx_events_operator": "cycle_events(operator_id, start_ts)",
    "idx_events_inflight": "cycle_events(status) WHERE status = 'in_progress'",
    "idx_events_quality": "cycle_events(quality, start_ts)",
    "idx_rejected_ws_start": "cycle_events_rejected(workstation_id, start_ts DESC)",
    "idx_manual_obs_ws": "manual_observations(workstation_id, observed_ts)",
    "idx_lost_time_module_shift": "lost_time_events(module_id, shift_id)",
}

COMPUTED = {
    ("standard_times", "sec_per_cycle"): "sam_minutes * 60.0",
    (
        "cycle_events",
        "duration_seconds",
    ): "CASE WHEN end_ts IS NULL THEN NULL ELSE (julianday(end_ts) - julianday(start_ts)) * 86400.0 END",
}

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 1,  # NORMAL
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "temp_store": 2,  # MEMORY
    "cache_size": -65536,
}
