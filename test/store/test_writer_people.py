"""What people entered stays, and nothing of it is lost, whatever the writer does to a cycle's row."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, RoiSet
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.rows import CycleRow
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle

START, END, REJECT, ABORT = EventKind.START, EventKind.END, EventKind.REJECT, EventKind.ABORT


@pytest.fixture
def writer(engine: Engine, roi_sets: dict[str, RoiSet]) -> EventWriter:
    return EventWriter(engine)


def read(reader: StoreReader, event: CycleEvent) -> CycleRow:
    row = reader.cycle(event.event_uid)
    assert row is not None
    return row


def refused(engine: Engine) -> list[tuple[str, str]]:
    with transaction(engine, "look") as connection:
        rows = connection.exec_driver_sql("SELECT event_uid, kind FROM cycle_events_refused ORDER BY id")
        return [(uid, kind) for uid, kind in rows]


def test_a_cycle_that_a_person_has_corrected_stays_and_what_is_measured_later_is_kept_aside(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    writer.write([cycle(roi_sets, START)])
    with transaction(engine, "correct") as connection:
        connection.exec_driver_sql("UPDATE cycle_events SET status = 'manual_override', notes = 'cronómetro'")
    writer.write([cycle(roi_sets, kind) for kind in EventKind])
    row = read(reader, cycle(roi_sets))
    assert (row.status, row.end_ns, row.notes) == ("manual_override", None, "cronómetro")
    assert refused(engine) == [(row.event_uid, "END"), (row.event_uid, "REJECT")]


def test_what_people_wrote_on_a_running_cycle_goes_along_when_it_is_rejected(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    writer.write([cycle(roi_sets, START)])
    with transaction(engine, "note") as connection:
        connection.exec_driver_sql("UPDATE cycle_events SET notes = 'aguja rota'")
        connection.exec_driver_sql(
            "INSERT INTO manual_observations (workstation_id, cycle_event_id, event_uid, observer, observed_ts, "
            "kind, payload_json) SELECT workstation_id, id, event_uid, 'engineer', start_ts, 'other', '{}' "
            "FROM cycle_events"
        )
    writer.write([cycle(roi_sets, REJECT)])
    row = read(reader, cycle(roi_sets))
    assert (row.status, row.notes) == ("rejected", "aguja rota")
    with transaction(engine, "look") as connection:
        query = "SELECT cycle_event_id, event_uid FROM manual_observations"
        assert connection.exec_driver_sql(query).one() == (None, row.event_uid)
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_a_running_cycle_cannot_be_verified(
    writer: EventWriter, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    """So no check by a person is lost when it is rejected."""
    writer.write([cycle(roi_sets, START)])
    with pytest.raises(StoreError, match="CHECK constraint"), transaction(engine, "verify") as connection:
        connection.exec_driver_sql(VERIFY)


@pytest.mark.parametrize("late", [END, REJECT])
def test_a_cycle_that_a_person_has_verified_stays_and_its_late_end_is_kept_aside(
    writer: EventWriter,
    reader: StoreReader,
    roi_sets: dict[str, RoiSet],
    engine: Engine,
    late: EventKind,
) -> None:
    writer.write([cycle(roi_sets, ABORT)])
    with transaction(engine, "verify") as connection:
        connection.exec_driver_sql(VERIFY)
    assert writer.write([cycle(roi_sets, late)]) == ()
    row = read(reader, cycle(roi_sets))
    assert (row.status, row.gt_verified_by, row.gt_corrected_duration_s) == ("aborted", "engineer", 31.0)
    assert refused(engine) == [(row.event_uid, late.value)]


VERIFY = """UPDATE cycle_events SET gt_verified_by = 'engineer', gt_corrected_duration_s = 31.0,
            gt_verified_at = '2026-07-15T14:00:00.000Z'"""


@pytest.mark.parametrize(
    ("begins_s", "ends_s", "operator"),
    [
        pytest.param(-60, None, "OP2", id="there"),
        pytest.param(0, None, "OP2", id="from-this-moment"),
        pytest.param(-60, 1, "OP2", id="leaves-meanwhile"),
        pytest.param(-60, 0, None, id="has-just-left"),
        pytest.param(1, None, "OP1", id="comes-later"),
        pytest.param(None, None, "OP1", id="the-one-before"),
    ],
)
@pytest.mark.parametrize("kind", [START, END, ABORT])
def test_a_cycle_is_of_the_operator_who_was_assigned_when_it_began(
    writer: EventWriter,
    roi_sets: dict[str, RoiSet],
    engine: Engine,
    kind: EventKind,
    begins_s: int | None,
    ends_s: int | None,
    operator: str | None,
) -> None:
    assign(engine, "OP1", "PUESTO_01", -3600, begins_s)
    assign(engine, "OP3", "PUESTO_02", -60, None)
    if begins_s is not None:
        assign(engine, "OP2", "PUESTO_01", begins_s, ends_s)
    writer.write([cycle(roi_sets, kind)])
    with transaction(engine, "look") as connection:
        query = "SELECT external_code FROM cycle_events LEFT JOIN operators o ON o.id = operator_id"
        assert connection.exec_driver_sql(query).scalar_one() == operator


def test_an_operator_whom_a_person_has_entered_stays_when_the_cycle_ends(
    writer: EventWriter, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    assign(engine, "OP1", "PUESTO_01", -60, None)
    assign(engine, "OP2", "PUESTO_02", -60, None)
    writer.write([cycle(roi_sets, START)])
    with transaction(engine, "correct") as connection:
        connection.exec_driver_sql("UPDATE cycle_events SET operator_id = 2")
    writer.write([cycle(roi_sets, END)])
    with transaction(engine, "look") as connection:
        query = "SELECT status, operator_id FROM cycle_events"
        assert connection.exec_driver_sql(query).one() == ("complete", 2)


def assign(engine: Engine, operator: str, workstation: str, begins_s: int, ends_s: int | None) -> None:
    """Seconds count from the start of the cycle."""
    start, end = (None if s is None else to_text(MORNING_NS + s * NS_PER_S) for s in (begins_s, ends_s))
    with transaction(engine, "assign") as connection:
        connection.exec_driver_sql("INSERT INTO operators (external_code) VALUES (?)", (operator,))
        connection.exec_driver_sql(
            "INSERT INTO operator_assignments (operator_id, workstation_id, start_ts, end_ts) "
            "SELECT last_insert_rowid(), id, ?, ? FROM workstations WHERE code = ?",
            (start, end, workstation),
        )
