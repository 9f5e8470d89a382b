from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import RoiSet
from lbzf_ros.store.engine import transaction, writing_engine
from lbzf_ros.store.people import ground_truth, lost_time, observations, operators, shifts
from lbzf_ros.store.people.assignments import assign
from lbzf_ros.store.people.audit import Actor, audit_rows
from lbzf_ros.store.people.erasing import ERASURES_NAME, Erasure, erase_operator, reapply_erasures
from lbzf_ros.store.people.errors import NotThere
from lbzf_ros.store.people.lost_time import LostTime
from lbzf_ros.store.people.observations import Observation
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.people.shifts import Shift
from lbzf_ros.store.writer import EventWriter
from test.store.examples import cycle
from test.store.people.entries import ENGINEER, HOUR_NS, NOON_NS, ZONE, at, count, rows, with_codes

NAME, OLD_NAME, CODE, OLD_CODE = "Yolanda Ñañez Quiroga", "Yolanda Zuluaga", "CED-4711", "TMP-0815"
TRACES = ("Yolanda", "Ñañez", "Quiroga", "Zuluaga", "4711", "0815")
ADMIN = Actor("admin", "cli", "request-9")
STATION: dict[str, Any] = {"module": "ANGELA", "workstation": "PUESTO_01"}
LATER_NS = NOON_NS + 24 * HOUR_NS


@pytest.fixture
def lived(plant: Engine, roi_sets: dict[str, RoiSet]) -> Engine:
    """Somebody who has worked, was renamed, and is named in texts of every kind; and a colleague."""
    events = [cycle(roi_sets, start_ns=at(minute)) for minute in range(10)]
    assert EventWriter(plant).write(events) == ()
    with_codes(plant, "C001")
    for code, name in ((OLD_CODE, OLD_NAME), ("OP-18", "Berta Gómez")):
        operators.create_operator(
            plant, ENGINEER, now_ns=NOON_NS, external_code=code, display_name=name, notes=f"tel. de {name}"
        )
    operators.rename_operator(
        plant, ENGINEER, now_ns=NOON_NS, external_code=OLD_CODE, display_name=NAME, new_code=CODE
    )
    for code, start in ((CODE, 0), ("OP-18", 6)):
        assign(plant, ENGINEER, now_ns=NOON_NS, **STATION, external_code=code, start_ns=at(start))
    uid = events[0].event_uid
    ground_truth.override_event(
        plant, ENGINEER, now_ns=NOON_NS, event_uid=uid, reason=f"{NAME} repitió la pieza"
    )
    for notes in (f"lo dijo {CODE.lower()}", f"era {OLD_NAME.upper()}\nseguro", 'dicen "nada"'):
        seen = Observation(kind="other", payload={"notes": notes}, observed_ns=at(0))
        observations.observe(plant, ENGINEER, now_ns=NOON_NS, **STATION, seen=seen)
    lost = LostTime(code="C001", start_ns=at(0), notes=f"{NAME}: sin hilo")
    lost_time.mark_lost_time(plant, ENGINEER, now_ns=NOON_NS, **STATION, lost=lost)
    shift = Shift(label="jornada_1", start_ns=at(0), notes=f"sin {NAME}")
    shifts.open_shift(plant, ENGINEER, now_ns=NOON_NS, time_zone=ZONE, module="ANGELA", shift=shift)
    return plant


@pytest.fixture
def erasures(database: Path) -> Path:
    return database.parent / ERASURES_NAME


def erase(engine: Engine, erasures: Path, code: str = CODE, *, dry_run: bool = False) -> Erasure:
    return erase_operator(engine, code, ADMIN, now_ns=LATER_NS, erasures=erasures, dry_run=dry_run)


def everything(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    tables = [row["name"] for row in rows(engine, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: rows(engine, f"SELECT * FROM {table}") for table in tables}


def bytes_of(database: Path) -> str:
    files = [path for path in database.parent.iterdir() if path.name.startswith(database.name)]
    return b"".join(path.read_bytes() for path in files).decode("utf-8", "replace")


def test_no_row_names_the_person_afterwards(lived: Engine, erasures: Path, people: PeopleReader) -> None:
    erase(lived, erasures)
    left = json.dumps(everything(lived), ensure_ascii=False, default=str)
    assert [trace for trace in TRACES if trace.casefold() in left.casefold()] == []
    assert "Berta Gómez" in left
    erased, colleague = people.operators().items
    assert (erased.external_code, erased.display_name, erased.notes, erased.active) == (
        None,
        None,
        None,
        False,
    )
    assert erased.erased_ns == LATER_NS
    assert colleague.external_code == "OP-18"


def test_no_byte_of_the_files_names_the_person_afterwards(
    lived: Engine, erasures: Path, database: Path
) -> None:
    assert any(trace in bytes_of(database) for trace in TRACES)
    assert erase(lived, erasures).leftovers_gone
    assert [trace for trace in TRACES if trace in bytes_of(database)] == []


def test_the_cycles_stay_without_the_person(lived: Engine, erasures: Path) -> None:
    """The paper's dataset: the same rows, of which nothing but operator and notes has changed."""
    query = "SELECT * FROM cycle_events ORDER BY id"
    before = rows(lived, query)
    hours = rows(lived, "SELECT * FROM cycle_hours")
    assert [row["operator_id"] for row in before] == [1] * 6 + [2] * 4
    erase(lived, erasures)
    after = rows(lived, query)
    assert [row["operator_id"] for row in after] == [None] * 6 + [2] * 4
    kept = [{**row, "operator_id": 0, "notes": 0} for row in before]
    assert [{**row, "operator_id": 0, "notes": 0} for row in after] == kept
    assert after[0]["notes"] == "[erased] repitió la pieza"
    assert rows(lived, "SELECT * FROM cycle_hours") == hours


def test_texts_keep_the_rest_of_what_they_say(lived: Engine, erasures: Path, people: PeopleReader) -> None:
    erase(lived, erasures)
    span: dict[str, Any] = {"module": "ANGELA", "from_ns": at(0), "to_ns": at(1)}
    assert [row.payload["notes"] for row in people.observations(**span).items] == [
        "lo dijo [erased]",
        "era [erased]\nseguro",
        'dicen "nada"',
    ]
    assert rows(lived, "SELECT count(*) AS n FROM operator_assignments") == [{"n": 1}]


def test_the_audit_log_says_that_and_nothing_else(lived: Engine, erasures: Path) -> None:
    before = audit_rows(lived, limit=500).items
    done = erase(lived, erasures)
    newest, *older = audit_rows(lived, limit=500).items
    assert (newest.actor, newest.action, newest.subject) == ("admin", "operator.erase", "operators/1")
    assert newest.after is not None
    assert newest.after["rows"] == dict(done.rows)
    assert [(row.id, row.at_ns, row.action, row.subject) for row in older] == [
        (row.id, row.at_ns, row.action, row.subject) for row in before
    ]
    (created,) = [row for row in older if row.action == "operator.create" and row.subject == "operators/1"]
    assert created.after == {
        "id": 1,
        "external_code": None,
        "display_name": None,
        "active": 1,
        "notes": None,
        "erased_at": None,
    }
    assigned = [row.after for row in older if row.action == "assignment.create"]
    assert [after["operator_id"] for after in assigned if after is not None] == [2, None]


def test_a_dry_run_says_the_same_and_changes_nothing(lived: Engine, erasures: Path) -> None:
    before = everything(lived)
    planned = erase(lived, erasures, dry_run=True)
    assert everything(lived) == before
    assert not erasures.exists()
    done = erase(lived, erasures)
    assert (planned.dry_run, done.dry_run) == (True, False)
    assert (planned.rows, planned.unsure) == (done.rows, done.unsure)
    assert done.rows == {
        "cycle_events.operator_id": 6,
        "operator_assignments": 1,
        "operators": 1,
        "cycle_events.notes": 1,
        "shifts.notes": 1,
        "lost_time_events.notes": 1,
        "manual_observations.payload_json": 2,
        "audit_log": 8,  # made, renamed, assigned, overridden, observed twice, lost time, shift
    }


def test_what_may_mean_somebody_else_is_named_not_blanked(lived: Engine, erasures: Path) -> None:
    seen = Observation(kind="other", payload={"notes": "Yolanda vino tarde"}, observed_ns=at(0))
    observations.observe(lived, ENGINEER, now_ns=NOON_NS, **STATION, seen=seen)
    with transaction(lived, "test") as connection:
        connection.execute(text(f"UPDATE workstations SET notes = 'puesto de {NAME}' WHERE id = 2"))
    done = erase(lived, erasures)
    places = {(place.table, place.row_id, place.column) for place in done.unsure}
    assert places == {
        ("manual_observations", 4, "payload_json"),
        ("audit_log", count(lived, "audit_log") - 1, "after_json"),
        ("workstations", 2, "notes"),
    }
    assert done.unsure_count == 3
    stored = rows(lived, "SELECT payload_json FROM manual_observations WHERE id = 4")
    assert json.loads(stored[0]["payload_json"]) == {"notes": "Yolanda vino tarde"}


def test_an_account_with_the_name_of_the_person_is_named(lived: Engine, erasures: Path) -> None:
    operators.create_operator(
        lived, Actor("yolanda@plant.example"), now_ns=NOON_NS, external_code="OP-19", display_name="Otra"
    )
    assert [(place.row_id, place.column) for place in erase(lived, erasures).unsure] == [
        ("yolanda@plant.example", "actor")
    ]


@pytest.mark.parametrize("code", ["NOBODY", OLD_CODE])
def test_a_code_that_nobody_has(lived: Engine, erasures: Path, code: str) -> None:
    with pytest.raises(NotThere, match="nobody has"):
        erase(lived, erasures, code)


def test_a_person_is_erased_once_and_the_code_is_free_again(lived: Engine, erasures: Path) -> None:
    erase(lived, erasures)
    with pytest.raises(NotThere):
        erase(lived, erasures)
    operators.create_operator(
        lived, ENGINEER, now_ns=LATER_NS, external_code=CODE, display_name="Otra Persona"
    )
    assert count(lived, "operators") == 3


# The note beside the database, and older backups


def test_the_note_has_no_personal_data(lived: Engine, erasures: Path) -> None:
    erase(lived, erasures)
    erase(lived, erasures, "OP-18")
    assert [json.loads(line) for line in erasures.read_text().splitlines()] == [
        {"operator_id": 1, "erased_at": "2026-07-16T17:30:51.000Z"},
        {"operator_id": 2, "erased_at": "2026-07-16T17:30:51.000Z"},
    ]


def test_a_note_that_cannot_be_written_erases_nobody(lived: Engine, tmp_path: Path) -> None:
    before = everything(lived)
    with pytest.raises(StoreError, match="nobody was erased"):
        erase(lived, tmp_path / "nowhere" / ERASURES_NAME)
    assert everything(lived) == before


def test_an_erasure_that_fails_takes_its_note_back(lived: Engine, erasures: Path) -> None:
    erase(lived, erasures, "OP-18")
    noted = erasures.read_bytes()
    with transaction(lived, "test") as connection:  # fails when the transaction commits
        connection.execute(text("CREATE TABLE parents (id INTEGER PRIMARY KEY)"))
        connection.execute(
            text("CREATE TABLE children (id INTEGER REFERENCES parents(id) DEFERRABLE INITIALLY DEFERRED)")
        )
        connection.execute(
            text("CREATE TRIGGER spoil AFTER INSERT ON audit_log BEGIN INSERT INTO children VALUES (1); END")
        )
    before = everything(lived)
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        erase(lived, erasures)
    assert erasures.read_bytes() == noted
    assert everything(lived) == before


def test_a_torn_line_is_completed_by_the_next_and_skipped(lived: Engine, erasures: Path) -> None:
    erasures.write_text('{"operator_id": 2, "era')
    erase(lived, erasures)
    assert len(erasures.read_text().splitlines()) == 2
    assert reapply_erasures(lived, erasures, ADMIN, now_ns=LATER_NS) == ()


@pytest.fixture
def restored(lived: Engine, erasures: Path, database: Path, tmp_path: Path) -> Callable[[], Engine]:
    """Gives a copy of the database from before the erasure."""
    copy = tmp_path / "restored.db"
    raw = lived.raw_connection()
    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    shutil.copy(database, copy)
    return lambda: writing_engine(copy)


def test_a_restored_backup_is_erased_again(
    lived: Engine, erasures: Path, restored: Callable[[], Engine]
) -> None:
    first = erase(lived, erasures)
    engine = restored()
    (again,) = reapply_erasures(engine, erasures, ADMIN, now_ns=LATER_NS)
    assert again.rows == first.rows
    left = json.dumps(everything(engine), ensure_ascii=False, default=str)
    assert [trace for trace in TRACES if trace.casefold() in left.casefold()] == []
    assert rows(engine, "SELECT erased_at FROM operators WHERE id = 1") == [
        {"erased_at": "2026-07-16T17:30:51.000Z"}
    ]
    assert reapply_erasures(engine, erasures, ADMIN, now_ns=LATER_NS) == ()
    engine.dispose()


def test_the_row_of_somebody_whom_the_backup_lacks_is_given_to_nobody_else(
    lived: Engine, erasures: Path, restored: Callable[[], Engine]
) -> None:
    operators.create_operator(lived, ENGINEER, now_ns=NOON_NS, external_code="OP-3", display_name="C")
    erase(lived, erasures, "OP-3")
    engine = restored()
    assert reapply_erasures(engine, erasures, ADMIN, now_ns=LATER_NS) == ()
    new = operators.create_operator(engine, ENGINEER, now_ns=LATER_NS, external_code="OP-4", display_name="D")
    assert new == 4
    assert reapply_erasures(engine, erasures, ADMIN, now_ns=LATER_NS) == ()
    engine.dispose()


def test_somebody_who_came_after_the_erasure_is_left_alone(
    lived: Engine, erasures: Path, restored: Callable[[], Engine]
) -> None:
    operators.create_operator(lived, ENGINEER, now_ns=NOON_NS, external_code="OP-3", display_name="C")
    erase(lived, erasures, "OP-3")
    engine = restored()  # taken into use without erasing again; row 3 is somebody else's now
    operators.create_operator(
        engine, ENGINEER, now_ns=LATER_NS + 1_000_000, external_code="OP-4", display_name="D"
    )
    assert reapply_erasures(engine, erasures, ADMIN, now_ns=LATER_NS) == ()
    assert rows(engine, "SELECT display_name FROM operators WHERE id = 3") == [{"display_name": "D"}]
    engine.dispose()


def test_nobody_was_ever_erased(lived: Engine, erasures: Path) -> None:
    assert reapply_erasures(lived, erasures, ADMIN, now_ns=LATER_NS) == ()


def test_a_note_that_cannot_be_read_is_an_error(lived: Engine, erasures: Path) -> None:
    erasures.mkdir()
    with pytest.raises(StoreError, match="read who was erased"):
        reapply_erasures(lived, erasures, ADMIN, now_ns=LATER_NS)


@pytest.mark.parametrize("code", ["", "a\0", "\ud800", pytest.param("x" * 1_000_000, id="1 MB")])
def test_a_code_that_cannot_be_one(lived: Engine, erasures: Path, code: str) -> None:
    with pytest.raises(InvalidValue):
        erase(lived, erasures, code)
