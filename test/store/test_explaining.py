"""Explanations in the database, and the tally of rejections by station, shift and reason."""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from lbzf_ros.core import rejection
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.explanation import Explanation
from lbzf_ros.core.model import NS_PER_S, CycleEvent, Drift, EventKind, RoiSet
from lbzf_ros.resources import resource_path
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.event_rows import REASONS
from lbzf_ros.store.explaining import ExplanationReader
from lbzf_ros.store.hours import HOUR_NS
from lbzf_ros.store.migrate import migrate, schema_version
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.rollback import rollback
from lbzf_ros.store.rows import ShiftRejections
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle
from test.store.test_outbox import EXPLANATION
from test.store.test_reader import all_pages

START, END, REJECT, ABORT = EventKind.START, EventKind.END, EventKind.REJECT, EventKind.ABORT
MINUTE_NS = 60 * NS_PER_S


@pytest.fixture
def writer(engine: Engine, roi_sets: dict[str, RoiSet]) -> EventWriter:
    return EventWriter(engine)


@pytest.fixture
def explanations(engine: Engine) -> ExplanationReader:
    return ExplanationReader(engine)


def at(second: int) -> Explanation:
    """An explanation that can be told from others."""
    return replace(EXPLANATION, decided_ns=MORNING_NS + second * NS_PER_S)


@pytest.mark.parametrize("kinds", [*itertools.permutations((START, END)), (START, REJECT), (START, ABORT)])
def test_the_explanation_of_the_end_stays(
    writer: EventWriter,
    explanations: ExplanationReader,
    roi_sets: dict[str, RoiSet],
    kinds: tuple[EventKind, ...],
) -> None:
    uid = cycle(roi_sets).event_uid
    assert explanations.explanation(uid) is None
    for kind in kinds:
        writer.write([cycle(roi_sets, kind, explanation=at(1 if kind is START else 2))])
    assert explanations.explanation(uid) == at(2)


def test_a_running_cycle_has_one_too(
    writer: EventWriter, explanations: ExplanationReader, roi_sets: dict[str, RoiSet]
) -> None:
    writer.write([cycle(roi_sets, START, explanation=at(1))])
    assert explanations.explanation(cycle(roi_sets).event_uid) == at(1)


def test_it_is_committed_with_its_event_or_not_at_all(
    writer: EventWriter, explanations: ExplanationReader, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    writer.write([cycle(roi_sets, START, explanation=at(1))])
    with transaction(engine, "break it") as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE UPDATE ON cycle_explanations BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    ((refused, _),) = writer.write([cycle(roi_sets, END, explanation=at(2))])
    assert refused.kind is END
    assert explanations.explanation(cycle(roi_sets).event_uid) == at(1)


def test_an_end_without_one_leaves_that_of_the_start(
    writer: EventWriter, explanations: ExplanationReader, roi_sets: dict[str, RoiSet]
) -> None:
    writer.write([cycle(roi_sets, START, explanation=at(1))])
    writer.write([cycle(roi_sets, END)])
    assert explanations.explanation(cycle(roi_sets).event_uid) == at(1)


def test_a_second_end_changes_nothing(
    writer: EventWriter, explanations: ExplanationReader, roi_sets: dict[str, RoiSet]
) -> None:
    writer.write([cycle(roi_sets, END, explanation=at(2))])
    writer.write([cycle(roi_sets, END, explanation=at(3))])
    assert explanations.explanation(cycle(roi_sets).event_uid) == at(2)


@pytest.mark.parametrize("drift", list(Drift))
def test_whether_the_camera_had_moved_is_in_the_row(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], drift: Drift
) -> None:
    events = [
        cycle(roi_sets, START, start_ns=MORNING_NS + 60 * NS_PER_S),
        cycle(roi_sets, END, drift=drift),
        cycle(roi_sets, REJECT, drift=drift, start_ns=MORNING_NS + NS_PER_S),
        cycle(roi_sets, END, drift=drift, start_ns=MORNING_NS + 60 * NS_PER_S),
    ]
    assert writer.write(events) == ()
    rows = [reader.cycle(event.event_uid) for event in events]
    assert [row and row.drift_state for row in rows] == [drift.name.lower()] * 4


@pytest.mark.parametrize("kept", [None, False, True])
def test_whether_the_clock_was_kept_is_in_the_row(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], kept: bool | None
) -> None:
    events = [
        cycle(roi_sets, START, start_ns=MORNING_NS + 60 * NS_PER_S, clock_kept=not kept),
        cycle(roi_sets, END, clock_kept=kept),
        cycle(roi_sets, REJECT, clock_kept=kept, start_ns=MORNING_NS + NS_PER_S),
        cycle(roi_sets, END, clock_kept=kept, start_ns=MORNING_NS + 60 * NS_PER_S),
    ]
    assert writer.write(events) == ()
    rows = [reader.cycle(event.event_uid) for event in events]
    assert [row and row.clock_kept for row in rows] == [kept] * 4


def test_the_database_allows_the_reasons_that_there_are_and_other() -> None:
    schema = resource_path("db", "schema.sql").read_text("utf-8")
    (words,) = re.findall(r"reason IN \(([^)]*)\)", schema)
    assert set(re.findall(r"'(\w+)'", words)) == {*rejection.RULES, "other"} == {*REASONS, "other"}


@pytest.mark.parametrize("code", rejection.RULES)
def test_every_reason_has_its_code_in_the_row(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet], code: str
) -> None:
    assert writer.write([cycle(roi_sets, REJECT, reasons={code: "x"})]) == ()
    with transaction(engine, "read") as connection:
        assert connection.exec_driver_sql("SELECT reason FROM cycle_events_rejected").scalar_one() == code


def rows_of(database: Path, columns: str = "*") -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        query = f"SELECT {columns} FROM cycle_events_rejected ORDER BY id"
        return connection.execute(query).fetchall()


def structure(database: Path) -> list[Any]:
    """All tables, indexes and triggers as SQL."""
    with closing(sqlite3.connect(database)) as connection:
        query = (
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT LIKE '%yoyo%' ORDER BY type, name"
        )
        return connection.execute(query).fetchall()


REASONS_WRITTEN = (
    {"too_short": "a"},
    {"gap_in_frames": "b"},
    {"second_person": "c", "out_of_shift": "d"},
    {"too_long": "e", "out_of_shift": "f"},
    {"camera_gap": "of an older LBZF"},
)


def test_rows_survive_the_migration_down_and_up_again(
    database: Path, writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    events = [
        cycle(roi_sets, REJECT, start_ns=MORNING_NS + n * MINUTE_NS, reasons=reasons, drift=Drift.DRIFTED)
        for n, reasons in enumerate(REASONS_WRITTEN)
    ]
    counting = [cycle(roi_sets, END, start_ns=MORNING_NS + (20 + n) * MINUTE_NS) for n in range(3)]
    assert writer.write([*events, *counting]) == ()
    with transaction(engine, "write notes") as connection:
        connection.exec_driver_sql("UPDATE cycle_events_rejected SET notes = 'seen' WHERE id = 2")
    engine.dispose()
    before, up = rows_of(database), structure(database)

    for _ in range(schema_version(database) - 4):
        rollback(database, now_ns=MORNING_NS, drop_data=True)
    assert schema_version(database) == 4
    with closing(sqlite3.connect(database)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_xinfo(cycle_events_rejected)")]
    assert rows_of(database, "reason") == [("too_short",), ("other",), ("other",), ("too_long",), ("other",)]
    unchanged = ", ".join(name for name in columns if name != "reason")
    kept = rows_of(database, unchanged)

    migrate(database, now_ns=MORNING_NS)
    assert structure(database) == up
    assert rows_of(database, unchanged) == kept
    assert [row[:-2] for row in rows_of(database)] == [row[:-2] for row in before]
    assert rows_of(database, "drift_state, clock_kept") == [(None, None)] * 5  # nobody knows any more
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*), max(drift_state) FROM cycle_events").fetchone() == (
            3,
            None,
        )
        assert connection.execute("SELECT sum(cycles) FROM cycle_hours").fetchone() == (3,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_migration_is_undone_to_what_was_before(tmp_path: Path) -> None:
    """A database that had the schema before, and one that comes back to it, are the same."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in resource_path("db", "migrations").glob("*.sql"):
        if path.name < "0005":
            (folder / path.name).write_bytes(path.read_bytes())
    migrate(old, now_ns=MORNING_NS, folder=folder)
    migrate(new, now_ns=MORNING_NS)
    for _ in range(schema_version(new) - 4):
        rollback(new, now_ns=MORNING_NS)
    assert structure(new) == structure(old)


SHIFTS = ((0, 2), (2, 4), (6, None))
"""Hours after MORNING_NS; the last one is open."""
HOURS_OF_CYCLES = (-1, 0, 1, 2, 3, 4, 5, 6, 40)


def shift_of(hour: int) -> str | None:
    names = [
        f"jornada_{number}"
        for number, (begin, end) in enumerate(SHIFTS)
        if begin <= hour and (end is None or hour < end)
    ]
    return names[0] if names else None


def write_shifts(engine: Engine) -> None:
    with transaction(engine, "enter shifts") as connection:
        for number, (begin, end) in enumerate(SHIFTS):
            connection.exec_driver_sql(
                "INSERT INTO shifts (module_id, date, label, start_ts, end_ts) VALUES (1, '2026-07-15', ?, ?, ?)",
                (
                    f"jornada_{number}",
                    to_text(MORNING_NS + begin * HOUR_NS),
                    None if end is None else to_text(MORNING_NS + end * HOUR_NS),
                ),
            )


def rejected(roi_sets: dict[str, RoiSet]) -> list[CycleEvent]:
    """Cycles at both stations, in and between shifts, with one to three reasons."""
    codes = list(rejection.RULES)
    pick = roi_sets["cam2"].workstations[0].zones[0].roi_version_id
    other = {"workstation": "PUESTO_02", "camera": "cam2", "rule": "pick_drop", "roi_version_id": pick}
    return [
        cycle(
            roi_sets,
            REJECT,
            start_ns=MORNING_NS + hour * HOUR_NS + number * MINUTE_NS,
            reasons={codes[(number + hour + more) % 8]: "x" for more in range(1 + number % 3)},
            **(other if number % 2 else {}),
        )
        for hour in HOURS_OF_CYCLES
        for number in range(4)
    ]


Counted = Counter[tuple[str, str | None, str]]


def counted(events: list[CycleEvent], from_ns: int, to_ns: int) -> Counted:
    """The tally by plain Python."""
    return Counter(
        (event.workstation, shift_of((event.start_ns - MORNING_NS) // HOUR_NS), code)
        for event in events
        if from_ns <= event.start_ns < to_ns
        for code in event.reasons
    )


def tally(rows: list[ShiftRejections]) -> Counted:
    return Counter({(row.workstation, row.shift_label, row.reason): row.cycles for row in rows})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(first=st.integers(-2, 41), hours=st.integers(1, 48), limit=st.integers(1, 9))
def test_rejections_are_counted_by_station_shift_and_each_reason(
    tallied: tuple[StoreReader, list[CycleEvent]], first: int, hours: int, limit: int
) -> None:
    reader, events = tallied
    from_ns, to_ns = MORNING_NS + first * HOUR_NS, MORNING_NS + (first + hours) * HOUR_NS
    ask = partial(reader.rejections_by_shift, from_ns=from_ns, to_ns=to_ns)
    rows = all_pages(lambda key: ask(limit=limit, after=key))
    assert tally(rows) == counted(events, from_ns, to_ns)
    assert len(rows) == len(tally(rows))
    keys = [(row.workstation, row.shift_id or 0, row.reason) for row in rows]
    assert keys == sorted(keys)
    assert list(ask(module="ANGELA").items) == rows


@pytest.fixture
def tallied(
    reader: StoreReader, writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet]
) -> tuple[StoreReader, list[CycleEvent]]:
    write_shifts(engine)
    events = rejected(roi_sets)
    assert writer.write(events) == ()
    return reader, events


def test_the_tally_names_the_shift_and_nothing_of_another_module(
    tallied: tuple[StoreReader, list[CycleEvent]],
) -> None:
    reader, _ = tallied
    ask = partial(reader.rejections_by_shift, from_ns=MORNING_NS, to_ns=MORNING_NS + HOUR_NS)
    row = ask().items[0]
    assert (row.module, row.workstation, row.workstation_display_name) == ("ANGELA", "PUESTO_01", "Puesto 1")
    assert (row.shift_id, row.shift_date, row.shift_label) == (1, "2026-07-15", "jornada_0")
    assert ask(module="NOWHERE").items == ()


@pytest.mark.parametrize("key", ["", "x", "1", "1~", "1~2", "1~2~", "~x", "1~x~too_short"])
def test_a_key_of_another_list_is_refused(reader: StoreReader, key: str) -> None:
    with pytest.raises(InvalidValue):
        reader.rejections_by_shift(from_ns=0, to_ns=HOUR_NS, after=key)


def test_a_cycle_is_found_by_the_beginning_of_its_uid_and_by_its_neighbours(
    writer: EventWriter, explanations: ExplanationReader, roi_sets: dict[str, RoiSet]
) -> None:
    events = [
        cycle(roi_sets, REJECT if n % 2 else END, start_ns=MORNING_NS + n * MINUTE_NS) for n in range(20)
    ]
    writer.write(events)
    uids = sorted(event.event_uid for event in events)
    for event in events:
        (found,) = explanations.by_prefix(event.event_uid[:13], limit=5)
        assert (found.event_uid, found.start_ns) == (event.event_uid, event.start_ns)
        assert found.status == ("rejected" if event.kind is REJECT else "complete")
    assert [found.event_uid for found in explanations.by_prefix("", limit=6)] == uids[:6]
    near = explanations.near_uid(uids[9][:-1] + "~")
    assert [found.event_uid for found in near] == uids[9:11]
    before, after = explanations.around("ANGELA", "PUESTO_01", MORNING_NS + 7 * MINUTE_NS, limit=2)
    assert [(found.start_ns - MORNING_NS) // MINUTE_NS for found in (*before, *after)] == [7, 6, 8, 9]
    assert explanations.stations() == ("ANGELA/PUESTO_01", "ANGELA/PUESTO_02")
