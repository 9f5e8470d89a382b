"""The named queries walk the index that is meant for them; none reads all cycles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from lbzf_ros.core.model import RoiSet
from lbzf_ros.store import queries
from lbzf_ros.store.engine import reading_engine, transaction
from lbzf_ros.store.explaining import ExplanationReader
from lbzf_ros.store.hours import HOUR_NS
from lbzf_ros.store.reader import CycleFilter, StoreReader
from lbzf_ros.store.rows import CycleRow
from lbzf_ros.store.timestamps import to_text
from test.store.examples import MORNING_NS

DAY_NS = 24 * HOUR_NS
Ask = Callable[[StoreReader], object]
ONE = CycleFilter(module="ANGELA", workstation="PUESTO_01")
WEEK = replace(ONE, from_ns=MORNING_NS, to_ns=MORNING_NS + 7 * DAY_NS)
KEY = f"{to_text(MORNING_NS)}~1"
BY_STATION = "e USING INDEX idx_events_ws_start (workstation_id="
HOURS = "USING PRIMARY KEY (workstation_id=? AND hour_ts>? AND hour_ts<?)"


@pytest.mark.parametrize(
    ("ask", "walks"),
    [
        pytest.param(lambda r: r.cycles(ONE), BY_STATION, id="last of a station"),
        pytest.param(
            lambda r: r.cycles(ONE, after=KEY),
            "idx_events_ws_start (workstation_id=? AND start_ts<?)",
            id="next page",
        ),
        pytest.param(
            lambda r: r.cycles(WEEK),
            "idx_events_ws_start (workstation_id=? AND start_ts>? AND start_ts<?)",
            id="a week of a station",
        ),
        pytest.param(
            lambda r: r.cycles(CycleFilter(module="ANGELA")), "idx_events_start_ts", id="last of a module"
        ),
        pytest.param(lambda r: r.cycles(), "idx_events_start_ts", id="last of the plant"),
        pytest.param(
            lambda r: r.cycles(replace(ONE, status="in_progress")),
            "idx_events_inflight",
            id="what runs at a station",
        ),
        pytest.param(
            lambda r: r.cycles(CycleFilter(status="in_progress")),
            "idx_events_inflight",
            id="what runs in the plant",
        ),
        pytest.param(
            lambda r: r.cycles(replace(ONE, status="aborted")),
            "idx_events_unusual (status=?)",
            id="what was given up at a station",
        ),
        pytest.param(
            lambda r: r.cycles(CycleFilter(status="manual_override")),
            "idx_events_unusual (status=?)",
            id="what people have put right",
        ),
        pytest.param(
            lambda r: r.rejected(ONE), "e USING INDEX idx_rejected_ws_start (workstation_id=?)", id="rejected"
        ),
        pytest.param(
            lambda r: r.cycle("u"),
            "e USING INDEX sqlite_autoindex_cycle_events_1 (event_uid=?)",
            id="one cycle",
        ),
        pytest.param(lambda r: r.recent_cycles(10), "idx_events_ws_start", id="recent"),
        pytest.param(
            lambda r: r.counts(from_ns=0, to_ns=DAY_NS),
            "cycle_events USING INDEX idx_events_start_ts (start_ts>? AND start_ts<?)",
            id="counts",
        ),
        pytest.param(
            lambda r: r.module_hours("ANGELA", from_ns=0, to_ns=DAY_NS), f"h {HOURS}", id="a day by the hour"
        ),
        pytest.param(
            lambda r: r.module_hours("ANGELA", from_ns=HOUR_NS // 2, to_ns=DAY_NS),
            "e USING INDEX idx_events_ws_start (workstation_id=? AND start_ts>? AND start_ts<?)",
            id="a day of a zone with a half hour",
        ),
        pytest.param(
            lambda r: r.quality_bands(from_ns=0, to_ns=30 * DAY_NS), f"q {HOURS}", id="bands of a month"
        ),
        pytest.param(
            lambda r: r.quality_bands(from_ns=7, to_ns=30 * DAY_NS),
            "q USING INDEX idx_events_ws_start (workstation_id=? AND start_ts>? AND start_ts<?)",
            id="bands until now",
        ),
        pytest.param(
            lambda r: r.rejections(from_ns=0, to_ns=DAY_NS),
            "e USING INDEX idx_rejected_ws_start (workstation_id=? AND start_ts>? AND start_ts<?)",
            id="rejections",
        ),
        pytest.param(
            lambda r: r.rejections_by_shift(from_ns=0, to_ns=DAY_NS),
            "e USING INDEX idx_rejected_ws_start (workstation_id=? AND start_ts>? AND start_ts<?)",
            id="rejections by shift",
        ),
        pytest.param(
            lambda r: r.rejections_by_shift(from_ns=0, to_ns=DAY_NS),
            "shifts USING INDEX idx_shifts_start (module_id=? AND start_ts<?)",
            id="shift of a rejection",
        ),
        pytest.param(
            lambda r: ExplanationReader(r._engine).explanation("u"),
            "cycle_explanations USING INDEX sqlite_autoindex_cycle_explanations_1 (event_uid=?)",
            id="an explanation",
        ),
        pytest.param(
            lambda r: ExplanationReader(r._engine).by_prefix("5f", limit=3),
            "e USING INDEX sqlite_autoindex_cycle_events_1 (event_uid>?)",
            id="a beginning of a uid",
        ),
        pytest.param(
            lambda r: ExplanationReader(r._engine).near_uid("5f"),
            "e USING INDEX sqlite_autoindex_cycle_events_rejected_1 (event_uid<?)",
            id="before a uid",
        ),
        pytest.param(
            lambda r: ExplanationReader(r._engine).around("ANGELA", "PUESTO_01", MORNING_NS, limit=3),
            "idx_events_ws_start (workstation_id=? AND start_ts<?)",
            id="cycles around a time",
        ),
        pytest.param(lambda r: r.refused(), "cycle_events_refused USING INTEGER PRIMARY KEY", id="refused"),
    ],
)
def test_queries_walk_the_index_that_is_meant_for_them(
    database: Path, roi_sets: dict[str, RoiSet], ask: Ask, walks: str
) -> None:
    plan = plan_of(database, ask)
    assert any(walks in step for step in plan), plan
    scans = [
        step for step in plan if step.startswith("SCAN ") and " USING INDEX idx_events_start_ts" not in step
    ]
    measured = {"e", "q", "h", "cycle_events", "cycle_events_rejected", "cycle_hours"}
    assert not [step for step in scans if step.split()[1] in measured], plan


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda r: r.module_hours("ANGELA", from_ns=0, to_ns=DAY_NS), id="a day by the hour"),
        pytest.param(lambda r: r.quality_bands(from_ns=0, to_ns=30 * DAY_NS), id="bands of a month"),
    ],
)
def test_whole_hours_are_read_from_the_rollup_alone_and_sorted_by_its_key(
    database: Path, roi_sets: dict[str, RoiSet], ask: Ask
) -> None:
    plan = plan_of(database, ask)
    assert not [step for step in plan if "idx_events" in step or "cycle_events" in step]
    assert not [step for step in plan if "GROUP BY" in step]


def test_the_last_of_a_station_need_no_sorting(database: Path, roi_sets: dict[str, RoiSet]) -> None:
    for ask in (lambda r: r.cycles(ONE), lambda r: r.cycles(ONE, after=KEY)):
        assert not [step for step in plan_of(database, ask) if "TEMP B-TREE" in step]


@pytest.mark.parametrize("query", [queries.CYCLES, queries.REJECTED])
def test_columns_of_cycles_are_the_fields_in_their_order(engine: Engine, query: str) -> None:
    with transaction(engine, "read names") as connection:
        assert tuple(connection.exec_driver_sql(query).keys()) == ("id", *CycleRow._fields)


def plan_of(database: Path, ask: Ask) -> list[str]:
    """What SQLite does for the statements that a call really runs."""
    engine = reading_engine(database)
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            statements.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    ask(StoreReader(engine))
    event.remove(engine, "before_cursor_execute", note)
    with transaction(engine, "explain") as connection:
        plan = [
            row.detail
            for statement, values in statements
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    engine.dispose()
    return plan
