from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, Quality, RoiSet
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.hours import HOUR_NS
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.reader import MAX_PAGE, CycleFilter, StoreReader
from lbzf_ros.store.rows import Page, StationHour
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, SQUARE, cycle, plant_data, plant_of

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


DAY_NS = 24 * 60 * MINUTE_NS
HOUR_BEGIN_NS = MORNING_NS // HOUR_NS * HOUR_NS


def test_an_archived_picture_says_since_when(
    reader: StoreReader, written: list[CycleEvent], engine: Engine
) -> None:
    when = "2026-11-12T08:00:00.000Z"
    change = "UPDATE {} SET source_frame_path = NULL, frame_archived_at = ? WHERE event_uid = ?"
    for table, event in (("cycle_events", written[0]), ("cycle_events_rejected", written[-1])):
        with transaction(engine, "archive") as connection:
            connection.exec_driver_sql(change.format(table), (when, event.event_uid))
        row = reader.cycle(event.event_uid)
        assert row is not None
        assert (row.source_frame_path, row.frame_archived_at) == (None, when)


def hour(reader: StoreReader, from_ns: int, to_ns: int) -> StationHour:
    (row,) = reader.module_hours("ANGELA", from_ns=from_ns, to_ns=to_ns).items
    return row


def test_an_hour_has_units_standard_time_and_efficiency(
    reader: StoreReader, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    EventWriter(engine).write([cycle(roi_sets, start_ns=MORNING_NS + n * MINUTE_NS) for n in range(24)])
    row = hour(reader, HOUR_BEGIN_NS, HOUR_BEGIN_NS + HOUR_NS)
    assert (row.module, row.workstation, row.workstation_display_name) == ("ANGELA", "PUESTO_01", "Puesto 1")
    assert (row.from_ns, row.to_ns) == (HOUR_BEGIN_NS, HOUR_BEGIN_NS + HOUR_NS)
    assert (row.units, row.work_s, row.sam_minutes, row.productive_minutes) == (24, 24 * 30.0, 0.5, 12.0)
    assert (row.operators, row.available_minutes) == (1, 60.0)
    assert row.efficiency_percent == pytest.approx(20.0)


def test_the_hour_that_runs_is_measured_until_now(
    reader: StoreReader, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    EventWriter(engine).write([cycle(roi_sets)])
    row = hour(reader, HOUR_BEGIN_NS, HOUR_BEGIN_NS + 40 * MINUTE_NS)
    assert (row.to_ns, row.available_minutes) == (HOUR_BEGIN_NS + 40 * MINUTE_NS, 40.0)


@pytest.mark.parametrize(
    ("shifts", "minutes"),
    [
        pytest.param([(-300, 45)], 45.0, id="the shift ends"),
        pytest.param([(-300, 10), (20, 600)], 50.0, id="a break between two"),
        pytest.param([(15, None)], 45.0, id="still open"),
        pytest.param([(-23 * 60, None)], 60.0, id="open since yesterday"),
        pytest.param([(-25 * 60, None)], 60.0, id="nobody closed it: not known"),
    ],
)
def test_available_minutes_are_those_of_the_shifts(
    reader: StoreReader,
    engine: Engine,
    roi_sets: dict[str, RoiSet],
    shifts: list[tuple[int, int | None]],
    minutes: float,
) -> None:
    EventWriter(engine).write([cycle(roi_sets)])
    with transaction(engine, "enter shifts") as connection:
        for number, (begin, end) in enumerate(shifts):
            start = to_text(HOUR_BEGIN_NS + begin * MINUTE_NS)
            values = (
                start[:10],
                f"jornada_{number}",
                start,
                end and to_text(HOUR_BEGIN_NS + end * MINUTE_NS),
            )
            connection.exec_driver_sql(
                "INSERT INTO shifts (module_id, date, label, start_ts, end_ts) VALUES (1, ?, ?, ?, ?)", values
            )
    row = hour(reader, HOUR_BEGIN_NS, HOUR_BEGIN_NS + HOUR_NS)
    assert row.available_minutes == minutes
    assert row.efficiency_percent == pytest.approx(0.5 / minutes * 100)


def test_outside_every_shift_there_is_no_efficiency(
    reader: StoreReader, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    EventWriter(engine).write([cycle(roi_sets)])
    start, end = to_text(HOUR_BEGIN_NS + HOUR_NS), to_text(HOUR_BEGIN_NS + 2 * HOUR_NS)
    with transaction(engine, "enter a shift") as connection:
        connection.exec_driver_sql(
            "INSERT INTO shifts (module_id, date, label, start_ts, end_ts) VALUES (1, ?, 'jornada_1', ?, ?)",
            (start[:10], start, end),
        )
    row = hour(reader, HOUR_BEGIN_NS, HOUR_BEGIN_NS + 3 * HOUR_NS)
    assert (row.units, row.productive_minutes, row.available_minutes) == (1, 0.5, 0.0)
    assert row.efficiency_percent is None


@pytest.mark.parametrize("offset_ns", [0, 30 * MINUTE_NS], ids=["whole hours", "half an hour off"])
def test_an_hour_counts_with_the_standard_time_of_its_time(
    reader: StoreReader, engine: Engine, roi_sets: dict[str, RoiSet], offset_ns: int
) -> None:
    begin_ns = HOUR_BEGIN_NS + offset_ns
    with transaction(engine, "date the version") as connection:
        connection.exec_driver_sql(
            "UPDATE standard_times SET effective_from = ?", (to_text(begin_ns + HOUR_NS + 20 * MINUTE_NS),)
        )
    data = plant_data()
    data["standard_times"][0] |= {"sam_minutes": 0.4, "version": "v2"}
    changed_ns = begin_ns + 3 * HOUR_NS + 20 * MINUTE_NS
    sync_plant(engine, plant_of(data), now_ns=changed_ns, software_version="0.1.0")
    EventWriter(engine).write(
        [cycle(roi_sets, start_ns=begin_ns + n * HOUR_NS + MINUTE_NS) for n in range(5)]
    )
    rows = reader.module_hours("ANGELA", from_ns=begin_ns, to_ns=begin_ns + 5 * HOUR_NS).items
    assert [row.sam_minutes for row in rows] == [None, 0.5, 0.5, 0.4, 0.4]
    assert (rows[0].productive_minutes, rows[0].efficiency_percent) == (None, None)


@pytest.mark.parametrize(
    ("from_ns", "to_ns", "says"),
    [(DAY_NS, DAY_NS, "must end after it begins"), (0, 31 * DAY_NS + 1, "at most 31 days")],
)
def test_hours_of_a_senseless_span_are_refused(
    reader: StoreReader, from_ns: int, to_ns: int, says: str
) -> None:
    with pytest.raises(InvalidValue, match=says):
        reader.module_hours("ANGELA", from_ns=from_ns, to_ns=to_ns)


def test_quality_bands_are_by_station_and_filter(reader: StoreReader, written: list[CycleEvent]) -> None:
    span = {"from_ns": MORNING_NS - DAY_NS, "to_ns": MORNING_NS + DAY_NS}
    ended = [event for event in written if event.kind is EventKind.END]
    expected = {
        code: tuple(
            sum((e.workstation, e.quality.value) == (code, colour) for e in ended) for colour in COLOURS
        )
        for code in ("PUESTO_01", "PUESTO_02")
    }

    def bands(**which: str) -> dict[str, tuple[int, ...]]:
        rows = reader.quality_bands(**span, **which).items  # type: ignore[arg-type]
        return {row.workstation: (row.green, row.yellow, row.red) for row in rows}

    assert bands() == bands(module="ANGELA") == expected
    assert bands(workstation="PUESTO_02") == {"PUESTO_02": expected["PUESTO_02"]}
    assert bands(module="NOWHERE") == {}
    with pytest.raises(InvalidValue, match="must end after it begins"):
        reader.quality_bands(from_ns=1, to_ns=0)


COLOURS = ("green", "yellow", "red")


def test_rejections_are_counted_by_station_and_first_reason(
    reader: StoreReader, engine: Engine, written: list[CycleEvent], roi_sets: dict[str, RoiSet]
) -> None:
    late_ns = MORNING_NS + 200 * MINUTE_NS
    dwell = {"low_dwell": "0.10 < 0.50"}
    EventWriter(engine).write([cycle(roi_sets, EventKind.REJECT, start_ns=late_ns, reasons=dwell)])
    to_ns = late_ns + 1_000_000
    rows = all_pages(lambda key: reader.rejections(from_ns=MORNING_NS, to_ns=to_ns, limit=1, after=key))
    assert [(row.workstation, row.reason, row.cycles) for row in rows] == [
        ("PUESTO_01", "low_dwell", 1),
        ("PUESTO_01", "too_short", 3),
    ]
    assert reader.rejections(from_ns=MORNING_NS, to_ns=to_ns, module="NOWHERE").items == ()
    assert reader.rejections(from_ns=MORNING_NS, to_ns=late_ns).items == tuple(rows[1:])


def test_refused_events_come_newest_first(reader: StoreReader, engine: Engine) -> None:
    rows = [(f"u{n}", "END", "{}", "no such station", to_text(MORNING_NS + n)) for n in range(5)]
    with transaction(engine, "refuse") as connection:
        connection.exec_driver_sql(
            "INSERT INTO cycle_events_refused (event_uid, kind, event_json, error, received_at) VALUES (?, ?, ?, ?, ?)",
            rows,
        )
    found = all_pages(lambda key: reader.refused(limit=2, after=key))
    assert [row.event_uid for row in found] == ["u4", "u3", "u2", "u1", "u0"]
    assert (found[0].kind, found[0].event_json, found[0].error) == ("END", "{}", "no such station")
    assert found[0].received_at_ns // 1_000_000 == MORNING_NS // 1_000_000


@pytest.mark.parametrize("key", ["", "x", "1", "1~", "~x"])
def test_a_key_of_another_list_is_refused(reader: StoreReader, key: str) -> None:
    with pytest.raises(InvalidValue):
        reader.module_hours("ANGELA", from_ns=0, to_ns=DAY_NS, after=key)
    with pytest.raises(InvalidValue):
        reader.rejections(from_ns=0, to_ns=DAY_NS, after=key)
