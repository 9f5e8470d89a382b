"""The rollup `cycle_hours` says what the cycles say, whatever happens to them; and so do the queries that use it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, Quality, RoiSet
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, transaction, writing_engine
from lbzf_ros.store.hours import HOUR_NS, MINUTE_NS, Span, available_minutes, hours_from, hours_within
from lbzf_ros.store.migrate import migrate, schema_version
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.rollback import rollback
from lbzf_ros.store.timestamps import from_text, to_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of

HOUR_BEGIN_NS = MORNING_NS // HOUR_NS * HOUR_NS
MS_NS = 1_000_000
_OFFSETS_NS = (-MS_NS, 0, MS_NS, HOUR_NS - MS_NS, HOUR_NS, 2 * HOUR_NS + 17 * MS_NS)
STARTS_NS = [HOUR_BEGIN_NS + offset for offset in _OFFSETS_NS]
"""Where hours change, and elsewhere."""

Hours = dict[tuple[int, str, str], tuple[int, int]]
"""Cycles and their milliseconds by station, hour and quality."""


class Plant(NamedTuple):
    """A database with a plant in it."""

    path: Path
    roi_sets: dict[str, RoiSet]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """Copied for every example: faster than to migrate again."""
    path = tmp_path_factory.mktemp("hours") / DATABASE_NAME
    migrate(path, now_ns=MORNING_NS)
    return Plant(path, enter_plant(path))


def enter_plant(path: Path) -> dict[str, RoiSet]:
    engine = writing_engine(path)
    try:
        return sync_plant(engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")
    finally:
        engine.dispose()


@contextmanager
def fresh(plant: Plant) -> Iterator[tuple[Engine, StoreReader]]:
    path = plant.path.with_name("example.db")
    for old in path.parent.glob("example.db*"):
        old.unlink()
    shutil.copy(plant.path, path)
    writing, reading = writing_engine(path), reading_engine(path)
    try:
        yield writing, StoreReader(reading)
    finally:
        reading.dispose()
        writing.dispose()


def rollup(engine: Engine) -> Hours:
    with transaction(engine, "read the rollup") as connection:
        rows = connection.exec_driver_sql("SELECT * FROM cycle_hours").all()
    assert all(cycles > 0 or (cycles, duration_ms) == (0, 0) for *_, cycles, duration_ms in rows)
    return {(station, hour, quality): (n, ms) for station, hour, quality, n, ms in rows if n}


def finished(engine: Engine) -> list[tuple[int, str, int, int]]:
    """Station, quality, start and end of the finished cycles."""
    query = """SELECT workstation_id, quality, start_ts, end_ts FROM cycle_events
               WHERE status IN ('complete', 'manual_override') AND end_ts IS NOT NULL"""
    with transaction(engine, "read cycles") as connection:
        rows = connection.exec_driver_sql(query).all()
    return [(station, quality, from_text(start), from_text(end)) for station, quality, start, end in rows]


def counted(engine: Engine) -> Hours:
    """What the rollup must hold, from the cycles and by other means than its triggers."""
    hours: Hours = {}
    for station, quality, start_ns, end_ns in finished(engine):
        key = (station, to_text(start_ns)[:13], quality)
        cycles, duration_ms = hours.get(key, (0, 0))
        hours[key] = (cycles + 1, duration_ms + (end_ns - start_ns) // MS_NS)
    return hours


Step = Callable[[Engine, EventWriter, dict[str, RoiSet]], None]


def written(batch: list[tuple[int, bool, EventKind, Quality, int]]) -> Step:
    """A batch through EventWriter, in any order, late and more than once."""

    def step(_engine: Engine, writer: EventWriter, roi_sets: dict[str, RoiSet]) -> None:
        assert writer.write([event_of(roi_sets, *each) for each in batch]) == ()

    return step


def event_of(
    roi_sets: dict[str, RoiSet], slot: int, second: bool, kind: EventKind, quality: Quality, length_ms: int
) -> CycleEvent:
    changes: dict[str, Any] = {"start_ns": STARTS_NS[slot], "quality": quality}
    if second:
        pick = roi_sets["cam2"].workstations[0].zones[0].roi_version_id
        changes |= {"workstation": "PUESTO_02", "camera": "cam2", "rule": "pick_drop", "roi_version_id": pick}
    if kind in (EventKind.END, EventKind.REJECT):
        changes["end_ns"] = STARTS_NS[slot] + length_ms * MS_NS
    return cycle(roi_sets, kind, **changes)


CORRECTIONS = (
    "UPDATE cycle_events SET quality = 'red' WHERE id = :id",
    "UPDATE cycle_events SET status = 'manual_override', end_ts = :end WHERE id = :id AND start_ts <= :end",
    "UPDATE cycle_events SET end_ts = :end WHERE id = :id AND start_ts <= :end",
    "UPDATE cycle_events SET status = 'manual_override', end_ts = NULL WHERE id = :id",
    "UPDATE cycle_events SET status = 'aborted' WHERE id = :id",
    # not of a cycle whose measured end may still come: that end could be before the new start, and be refused
    """UPDATE cycle_events SET start_ts = :start WHERE id = :id AND coalesce(end_ts >= :start, TRUE)
       AND status NOT IN ('in_progress', 'aborted')""",
    "UPDATE cycle_events SET workstation_id = 3 - workstation_id, quality = 'green' WHERE id = :id",
    "UPDATE cycle_events SET notes = 'seen' WHERE id = :id",
    "UPDATE cycle_events SET quality = 'yellow', status = 'complete' WHERE end_ts IS NOT NULL",
    "DELETE FROM cycle_events WHERE id = :id",
    "DELETE FROM cycle_events WHERE quality = 'red'",
)


def corrected(statement: str, row: int, slot: int, fails: bool) -> Step:
    """What a person or the upkeep does to a row; in a transaction that is rolled back when it `fails`."""

    def step(engine: Engine, _writer: EventWriter, _roi_sets: dict[str, RoiSet]) -> None:
        try:
            with transaction(engine, "correct") as connection:
                ids = connection.exec_driver_sql("SELECT id FROM cycle_events ORDER BY id").scalars().all()
                values = {
                    "id": ids[row % len(ids)] if ids else 0,
                    "start": to_text(STARTS_NS[slot]),
                    "end": to_text(STARTS_NS[slot] + 90 * NS_PER_S),
                }
                connection.exec_driver_sql(statement, values)
                if fails:
                    raise _Failure
        except _Failure:
            pass

    return step


class _Failure(Exception):
    """What goes wrong in the middle of a transaction."""


slots = st.integers(0, len(STARTS_NS) - 1)
steps = st.one_of(
    st.lists(
        st.tuples(
            slots,
            st.booleans(),
            st.sampled_from(EventKind),
            st.sampled_from(Quality),
            st.sampled_from([1, 999, 30_250]),
        ),
        min_size=1,
        max_size=6,
    ).map(written),
    st.builds(corrected, st.sampled_from(CORRECTIONS), st.integers(0, 11), slots, st.booleans()),
)
offsets_ns = st.one_of(
    st.integers(-2, 4).map(lambda hour: hour * HOUR_NS),
    st.integers(-120, 240).map(lambda minute: minute * MINUTE_NS),
    st.sampled_from(_OFFSETS_NS),
)


@settings(deadline=None)
@given(history=st.lists(steps, min_size=1, max_size=12))
def test_the_rollup_is_equal_to_the_cycles_after_every_step(empty: Plant, history: list[Step]) -> None:
    with fresh(empty) as (engine, _):
        writer = EventWriter(engine)
        for step in history:
            step(engine, writer, empty.roi_sets)
            assert rollup(engine) == counted(engine)


@settings(deadline=None)
@given(
    batch=st.lists(
        st.tuples(slots, st.booleans(), st.just(EventKind.END), st.sampled_from(Quality), st.just(999))
    ),
    span=st.tuples(offsets_ns, offsets_ns).filter(lambda span: span[0] < span[1]),
    limit=st.integers(1, 5),
)
def test_queries_by_the_hour_count_the_same_cycles_as_plain_python(
    empty: Plant, batch: list[tuple[int, bool, EventKind, Quality, int]], span: Span, limit: int
) -> None:
    from_ns, to_ns = HOUR_BEGIN_NS + span[0], HOUR_BEGIN_NS + span[1]
    with fresh(empty) as (engine, reader):
        EventWriter(engine).write([event_of(empty.roi_sets, *each) for each in batch])
        inside = [row for row in finished(engine) if from_ns <= row[2] < to_ns]

        hours = pages(
            lambda key: reader.module_hours("ANGELA", from_ns=from_ns, to_ns=to_ns, limit=limit, after=key)
        )
        expected = Counter(
            (f"PUESTO_0{row[0]}", from_ns + (row[2] - from_ns) // HOUR_NS * HOUR_NS) for row in inside
        )
        assert [(row.workstation, row.from_ns, row.units) for row in hours] == [
            (*key, units) for key, units in sorted(expected.items())
        ]
        assert sum(row.work_s for row in hours) == pytest.approx(0.999 * len(inside))

        bands = pages(lambda key: reader.quality_bands(from_ns=from_ns, to_ns=to_ns, limit=limit, after=key))
        colours = Counter((f"PUESTO_0{row[0]}", row[1]) for row in inside)
        assert [(row.workstation, row.green, row.yellow, row.red) for row in bands] == [
            (code, *(colours[code, colour] for colour in ("green", "yellow", "red")))
            for code in ("PUESTO_01", "PUESTO_02")
        ]


def pages(read: Callable[[str | None], Any]) -> list[Any]:
    items: list[Any] = []
    page = read(None)
    while page.next_key is not None:
        items += page.items
        page = read(page.next_key)
    return [*items, *page.items]


def test_a_failed_batch_leaves_the_rollup_alone(empty: Plant) -> None:
    with fresh(empty) as (engine, _):
        writer = EventWriter(engine)
        writer.write([cycle(empty.roi_sets)])
        before = rollup(engine)
        with transaction(engine, "leave no space") as connection:
            now = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {now + 3}")
        batch = [cycle(empty.roi_sets, start_ns=MORNING_NS + number * NS_PER_S) for number in range(1, 200)]
        with pytest.raises(StoreError, match="full"):
            writer.write(batch)
        assert rollup(engine) == before == counted(engine)


def test_the_migration_counts_what_is_there_already(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    migrate(path, now_ns=MORNING_NS)
    roi_sets = enter_plant(path)
    engine = writing_engine(path)
    kinds, qualities = list(EventKind), list(Quality)
    batch = [
        (slot, bool(number & 1), kinds[number % 4], qualities[number % 3], 30_250)
        for slot in range(len(STARTS_NS))
        for number in range(slot, slot + 2)
    ]
    written(batch)(engine, EventWriter(engine), roi_sets)
    corrected(CORRECTIONS[1], 0, len(STARTS_NS) - 1, fails=False)(engine, EventWriter(engine), roi_sets)
    engine.dispose()
    while schema_version(path) > 3:
        rollback(path, now_ns=MORNING_NS, drop_data=True)
    migrate(path, now_ns=MORNING_NS)
    engine = writing_engine(path)
    assert rollup(engine) == counted(engine) != {}
    engine.dispose()


H = HOUR_NS


@pytest.mark.parametrize(
    ("span", "whole", "rest"),
    [
        pytest.param((0, 24 * H), (0, 24 * H), [], id="a day of whole hours"),
        pytest.param((H, 3 * H + 7), (H, 3 * H), [(3 * H, 3 * H + 7)], id="until now"),
        pytest.param((H, H + 7), (H, H), [(H, H + 7)], id="the first minutes of a day"),
        pytest.param(
            (H // 2, 2 * H),
            (H // 2, H // 2),
            [(H // 2, 3 * H // 2), (3 * H // 2, 2 * H)],
            id="half an hour off",
        ),
    ],
)
def test_hours_are_counted_from_the_begin(span: Span, whole: Span, rest: list[Span]) -> None:
    assert hours_from(*span) == (whole, rest)


@pytest.mark.parametrize(
    ("span", "whole", "rest"),
    [
        pytest.param((0, 24 * H), (0, 24 * H), [], id="whole hours"),
        pytest.param((H - 7, 3 * H + 7), (H, 3 * H), [(H - 7, H), (3 * H, 3 * H + 7)], id="both ends"),
        pytest.param((H + 1, 2 * H - 1), (2 * H, 2 * H), [(H + 1, 2 * H - 1)], id="within an hour"),
        pytest.param((H - 7, H + 7), (H, H), [(H - 7, H + 7)], id="over a full hour"),
    ],
)
def test_totals_read_cycles_at_the_ends_only(span: Span, whole: Span, rest: list[Span]) -> None:
    assert hours_within(*span) == (whole, rest)


@pytest.mark.parametrize(
    ("shifts", "minutes"),
    [
        pytest.param([], 60, id="none is known"),
        pytest.param([(-5 * H, H // 2)], 30, id="the shift ends"),
        pytest.param([(-5 * H, H // 4), (H // 2, 9 * H)], 45, id="a break between two"),
        pytest.param([(0, H // 2), (H // 4, 3 * H // 4)], 45, id="overlapping"),
        pytest.param([(2 * H, 3 * H)], 0, id="outside"),
    ],
)
def test_available_minutes_are_those_in_a_shift(shifts: list[Span], minutes: float) -> None:
    assert available_minutes((0, H), shifts) == minutes
