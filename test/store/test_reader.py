from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, Quality, RoiSet
from lbzf_ros.store import queries
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.reader import MAX_PAGE, CycleFilter, StoreReader
from lbzf_ros.store.rows import Page
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, SQUARE, cycle

MINUTE_NS = 60 * NS_PER_S
CYCLES = 12


@pytest.fixture
def written(engine: Engine, roi_sets: dict[str, RoiSet]) -> list[CycleEvent]:
    """Twelve cycles, one a minute, at both stations in turn: complete, aborted, running; some pairs begin at once."""
    pick = roi_sets["cam2"].workstations[0].zones[0].roi_version_id
    other = {"workstation": "PUESTO_02", "camera": "cam2", "rule": "pick_drop", "roi_version_id": pick}
    kinds = [EventKind.END, EventKind.END, EventKind.ABORT, EventKind.START]
    qualities = [Quality.GREEN, Quality.YELLOW, Quality.RED]
    events = [
        cycle(
            roi_sets,
            kinds[number % 4],
            start_ns=MORNING_NS + number // 2 * MINUTE_NS,
            quality=qualities[number % 3],
            **(other if number % 2 else {}),
        )
        for number in range(CYCLES)
    ]
    rejected = [
        cycle(roi_sets, EventKind.REJECT, start_ns=MORNING_NS + (100 + number) * MINUTE_NS)
        for number in range(3)
    ]
    assert EventWriter(engine).write([*events, *rejected]) == ()
    return [*events, *rejected]


def all_pages(read: Callable[[str | None], Page[Any]]) -> list[Any]:
    items: list[Any] = []
    key: str | None = None
    while True:
        page = read(key)
        items += page.items
        if page.next_key is None:
            return items
        key = page.next_key


def uids(events: list[CycleEvent]) -> list[str]:
    return [event.event_uid for event in events]


def test_cycles_come_newest_first(reader: StoreReader, written: list[CycleEvent]) -> None:
    rows = reader.cycles().items
    assert len(rows) == CYCLES
    assert [row.start_ns for row in rows] == sorted((row.start_ns for row in rows), reverse=True)
    assert set(uids(written)) >= {row.event_uid for row in rows}


@pytest.mark.parametrize("limit", [1, 2, 5, CYCLES, CYCLES + 1])
def test_pages_together_are_the_whole_list(
    reader: StoreReader, written: list[CycleEvent], limit: int
) -> None:
    whole = list(reader.cycles().items)
    assert all_pages(lambda key: reader.cycles(limit=limit, after=key)) == whole
    assert [len(reader.cycles(limit=limit).items)] == [min(limit, CYCLES)]


def test_a_new_cycle_does_not_shift_the_pages(
    reader: StoreReader, written: list[CycleEvent], engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    first = reader.cycles(limit=5)
    EventWriter(engine).write([cycle(roi_sets, start_ns=MORNING_NS + 50 * MINUTE_NS)])
    second = reader.cycles(limit=5, after=first.next_key)
    assert not {row.event_uid for row in first.items} & {row.event_uid for row in second.items}
    assert len(second.items) == 5


filters = st.builds(
    CycleFilter,
    module=st.sampled_from([None, "ANGELA", "NOWHERE"]),
    workstation=st.sampled_from([None, "PUESTO_01", "PUESTO_02", "NOWHERE"]),
    status=st.sampled_from([None, "complete", "in_progress", "aborted", "manual_override"]),
    quality=st.sampled_from([None, "green", "yellow", "red"]),
    from_ns=st.none() | st.integers(-1, 7).map(lambda minute: MORNING_NS + minute * MINUTE_NS),
    to_ns=st.none() | st.integers(-1, 7).map(lambda minute: MORNING_NS + minute * MINUTE_NS),
)
STATUS = {EventKind.END: "complete", EventKind.ABORT: "aborted", EventKind.START: "in_progress"}


def fits(event: CycleEvent, which: CycleFilter) -> bool:
    return (
        event.kind in STATUS
        and which.module in (None, event.module)
        and which.workstation in (None, event.workstation)
        and which.status in (None, STATUS[event.kind])
        and which.quality in (None, event.quality.value)
        and (which.from_ns is None or which.from_ns <= event.start_ns)
        and (which.to_ns is None or event.start_ns < which.to_ns)
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(which=filters, limit=st.integers(1, 5))
def test_filters_choose_the_same_cycles_as_plain_python(
    reader: StoreReader, written: list[CycleEvent], which: CycleFilter, limit: int
) -> None:
    rows = all_pages(lambda key: reader.cycles(which, limit=limit, after=key))
    assert sorted(row.event_uid for row in rows) == sorted(
        uids([event for event in written if fits(event, which)])
    )


def test_rejected_cycles_have_a_list_of_their_own(reader: StoreReader, written: list[CycleEvent]) -> None:
    rows = all_pages(lambda key: reader.rejected(limit=2, after=key))
    assert [row.event_uid for row in rows] == uids(written)[: CYCLES - 1 : -1]
    assert {row.status for row in rows} == {"rejected"}
    assert reader.rejected(CycleFilter(workstation="PUESTO_02")).items == ()


def test_rejected_cycles_cannot_be_asked_for_by_quality(reader: StoreReader) -> None:
    with pytest.raises(InvalidValue, match="neither status nor quality"):
        reader.rejected(CycleFilter(quality="green"))


def test_one_cycle_is_found_in_either_table(reader: StoreReader, written: list[CycleEvent]) -> None:
    assert [reader.cycle(uid).event_uid for uid in uids(written)] == uids(written)  # type: ignore[union-attr]
    assert reader.cycle("unknown") is None


def test_recent_cycles_are_the_newest_complete_ones_of_each_station(
    reader: StoreReader, written: list[CycleEvent], engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    more = [cycle(roi_sets, start_ns=MORNING_NS + number * MINUTE_NS) for number in (30, 32, 31)]
    EventWriter(engine).write(more)
    first, second = reader.recent_cycles(4)
    assert (first.module, first.workstation) == ("ANGELA", "PUESTO_01")
    assert [one.start_ns for one in first.cycles] == [MORNING_NS + m * MINUTE_NS for m in (32, 31, 30, 4)]
    assert [one.duration_s for one in first.cycles] == [30.0] * 4
    assert [one.start_ns for one in second.cycles] == [MORNING_NS + m * MINUTE_NS for m in (4, 2, 0)]


def test_recent_cycles_name_stations_without_any(reader: StoreReader, roi_sets: dict[str, RoiSet]) -> None:
    assert [(one.workstation, one.cycles) for one in reader.recent_cycles(10)] == [
        ("PUESTO_01", ()),
        ("PUESTO_02", ()),
    ]


def test_counts_are_by_station_and_status(reader: StoreReader, written: list[CycleEvent]) -> None:
    first, second = reader.counts(from_ns=MORNING_NS, to_ns=MORNING_NS + 200 * MINUTE_NS)
    assert (first.complete, first.aborted, first.in_progress, first.manual_override, first.rejected) == (
        3,
        3,
        0,
        0,
        3,
    )
    assert (second.complete, second.aborted, second.in_progress, second.rejected) == (3, 0, 3, 0)
    first, _ = reader.counts(from_ns=MORNING_NS + MINUTE_NS, to_ns=MORNING_NS + 2 * MINUTE_NS)
    assert (first.complete, first.aborted, first.rejected) == (0, 1, 0)


def test_zones_in_force_have_their_polygon(reader: StoreReader, roi_sets: dict[str, RoiSet]) -> None:
    rows = all_pages(lambda key: reader.zones(limit=2, after=key))
    assert [(z.workstation, z.camera, z.name, z.kind, z.evidence) for z in rows] == [
        ("PUESTO_01", "cam1", "work", "work", "person"),
        ("PUESTO_02", "cam2", "pick", "pick", "motion"),
        ("PUESTO_02", "cam2", "drop", "drop", "motion"),
    ]
    assert rows[0].polygon_px == tuple(tuple(corner) for corner in SQUARE)


@pytest.mark.parametrize("name", ["modules", "cameras", "workstations", "standard_times", "zones"])
def test_lists_of_the_plant_are_paged_too(
    reader: StoreReader, roi_sets: dict[str, RoiSet], name: str
) -> None:
    read = getattr(reader, name)
    assert all_pages(lambda key: read(limit=1, after=key)) == list(read().items) != []


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1])
def test_a_limit_outside_its_range_is_refused(reader: StoreReader, limit: int) -> None:
    for read in (reader.modules, reader.cycles, reader.rejected):
        with pytest.raises(InvalidValue, match=f"limit {limit}: must be 1 to 500"):
            read(limit=limit)
    with pytest.raises(InvalidValue, match="must be 1 to 500"):
        reader.recent_cycles(limit)


@pytest.mark.parametrize(
    "key", ["", "x", "-1", "9" * 30, "2026-07-15T13:30:51.250Z", "~1", "'; DROP TABLE rois; --"]
)
def test_a_key_that_no_list_gave_is_refused(reader: StoreReader, key: str) -> None:
    with pytest.raises(InvalidValue):
        reader.cycles(after=key)
    with pytest.raises(InvalidValue):
        reader.modules(after=key)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (f"{queries.CYCLES} WHERE e.event_uid = 'u'", "sqlite_autoindex_cycle_events_1"),
        (
            f"{queries.CYCLES} WHERE e.workstation_id = 1 ORDER BY e.start_ts DESC LIMIT 50",
            "idx_events_ws_start",
        ),
        (
            f"{queries.CYCLES} WHERE +e.workstation_id IN (1, 2) ORDER BY e.start_ts DESC",
            "idx_events_start_ts",
        ),
        (queries.RECENT.replace(":limit", "10"), "idx_events_ws_start"),
        (queries.COUNTS.replace(":from", "'a'").replace(":to", "'b'"), "idx_events_start_ts"),
    ],
)
def test_queries_walk_an_index(engine: Engine, query: str, index: str) -> None:
    with transaction(engine, "explain") as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert any(index in step for step in plan)
    assert not any(step in ("SCAN e", "SCAN cycle_events", "SCAN cycle_events_rejected") for step in plan)
