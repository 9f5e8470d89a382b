"""The figures of a day walk ranges of indices: they do not become slower with the years."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.model import RoiSet
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.store.reader import StoreReader
from test.reports.day.line import DAY, clock, every, plant_data, reader_of, write
from test.store.test_query_plans import plan_of

NOW_NS = clock("07:30")
GROWING = {
    "cycle_events",
    "cycle_events_rejected",
    "cycle_hours",
    "video_segments",
    "video_gaps",
    "audit_log",
    "operator_assignments",
    "lost_time_events",
    "shifts",
    "targets",
    "production_orders",
    "manual_observations",
}
ALIASES = {"e", "h", "v", "g", "a", "b", "l"}
HALF = plant_data(shift_hours=[{"label": "j", "start": "06:30", "end": "14:10"}])

Ask = Callable[[DayReader], object]


@pytest.mark.parametrize(
    ("ask", "walks"),
    [
        (
            lambda r: r.hour_board("ANGELA", DAY, now_ns=NOW_NS),
            [
                "h USING PRIMARY KEY (workstation_id=? AND hour_ts>? AND hour_ts<?)",
                "v USING INDEX idx_segments_camera_start (camera_id=? AND start_ts>? AND start_ts<?)",
                "g USING INDEX sqlite_autoindex_video_gaps_1 (camera_id=? AND start_ts>? AND start_ts<?)",
                "(workstation_id=? AND start_ts>? AND start_ts<?)",
                "l USING INDEX idx_lost_time_module (module_id=? AND start_ts>? AND start_ts<?)",
                "e USING INDEX idx_events_ws_start (workstation_id=? AND start_ts>? AND start_ts<?)",
                "e USING INDEX idx_rejected_ws_start (workstation_id=? AND start_ts>? AND start_ts<?)",
                "production_orders USING INDEX sqlite_autoindex_production_orders_1 (module_id=? AND",
            ],
        ),
        (lambda r: r.module_day("ANGELA", DAY, now_ns=NOW_NS), []),
        (lambda r: r.station_day("ANGELA", "PUESTO_01", DAY, now_ns=NOW_NS), []),
        (lambda r: r.balance("ANGELA", DAY, now_ns=NOW_NS), []),
        (lambda r: r.summary("ANGELA", DAY, now_ns=NOW_NS), []),
        (lambda r: r.comparison("ANGELA", DAY, now_ns=NOW_NS), []),
        (
            lambda r: r.trend("ANGELA", DAY, now_ns=NOW_NS),
            ["a USING INDEX idx_audit_at (at_ts>? AND at_ts<?)"],
        ),
        (lambda r: r.operator_hours("ANGELA", DAY, now_ns=NOW_NS), []),
    ],
    ids=["board", "module", "station", "balance", "summary", "comparison", "trend", "operators"],
)
def test_no_question_reads_a_whole_table(
    engine: Engine, rois: dict[str, RoiSet], database: Path, ask: Ask, walks: list[str]
) -> None:
    write(engine, rois, every("PUESTO_03", clock("06:00"), 75, 48, 60))
    for data in (plant_data(), HALF):

        def asked(store: StoreReader, data: dict[str, Any] = data) -> object:
            return ask(reader_of(store._engine, data))

        plan = plan_of(database, asked)
        scans = [step for step in plan if step.startswith("SCAN ")]
        assert not [step for step in scans if step.split()[1] in GROWING | ALIASES], scans
        for walk in walks:
            assert any(walk in step for step in plan), (walk, plan)
