"""Bringing a database back: the right state, checked, in the place of the old one, which is kept whole."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, RoiSet
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.keeping import choices
from lbzf_ros.store.keeping.archive import Archive
from lbzf_ros.store.keeping.backup import back_up
from lbzf_ros.store.keeping.choices import Choice, Kind
from lbzf_ros.store.keeping.restore import Restored, drill, restore
from lbzf_ros.store.keeping.status import BACKUPS, backup_status
from lbzf_ros.store.migrate import migrate, migrations_folder
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.erasing import ERASURES_NAME
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle

ACTOR = Actor("carla", "cli")
ZONE = "America/Bogota"
MINUTE_NS = 60 * NS_PER_S


@pytest.fixture
def data(tmp_path: Path, database: Path) -> Path:
    return tmp_path


class Line:
    """A plant that measures a cycle a minute."""

    def __init__(self, data: Path, engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
        self.data, self.engine, self.roi_sets, self.minute = data, engine, roi_sets, 0
        self.database = data / DATABASE_NAME
        self.archive = Archive(self.database, data / BACKUPS, BackupSettings())

    def measure(self, minutes: int) -> None:
        events = [cycle(self.roi_sets, start_ns=self.now_ns + n * MINUTE_NS) for n in range(minutes)]
        EventWriter(self.engine).write(events)
        self.minute += minutes

    def back_up(self) -> Path:
        settings = BackupSettings()
        return back_up(self.database, self.data / BACKUPS, settings, zone=ZONE, now_ns=self.now_ns).path

    def step(self) -> None:
        self.archive.step(self.now_ns)

    @property
    def now_ns(self) -> int:
        return MORNING_NS + self.minute * MINUTE_NS

    def restore(self, choice: Choice) -> Restored:
        return restore(self.data, choice, ACTOR, now_ns=self.now_ns)

    def cycles(self, database: Path | None = None) -> int:
        with closing(sqlite3.connect(database or self.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return int(connection.execute("SELECT count(*) FROM cycle_events").fetchone()[0])

    def generation(self) -> int:
        with closing(sqlite3.connect(self.database)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def line(data: Path, engine: Engine, roi_sets: dict[str, RoiSet]) -> Iterator[Line]:
    line = Line(data, engine, roi_sets)
    yield line
    line.archive.close()


def test_a_backup_comes_back_and_the_database_before_is_kept_whole(line: Line, data: Path) -> None:
    line.measure(10)
    line.back_up()
    line.measure(20)  # only in the log so far: the engine is open
    restored = line.restore(choices.latest(data))
    assert line.cycles() == 10
    assert restored.rows["cycle_events"] == 10
    assert restored.missing_s == 20 * 60
    assert restored.missing_to_replaced_s == 20 * 60
    assert restored.generation == line.generation()
    assert 0 < restored.generation < 2**31
    assert restored.replaced == data / BACKUPS / "replaced-20260715-140051.db"
    assert line.cycles(restored.replaced) == 30
    assert not list(data.glob(".restoring-*"))
    with closing(sqlite3.connect(line.database)) as connection:
        (row,) = connection.execute("SELECT actor, action, after_json FROM audit_log").fetchall()
    assert row[:2] == ("carla", "database.restore")
    assert json.loads(row[2]) == {
        "from": "lbzf-20260715-134051.db.zst",
        "state_of": "2026-07-15T13:40:51.000Z",
        "generation": restored.generation,
    }


def test_what_somebody_with_the_old_file_open_writes_is_in_the_old_file(line: Line, data: Path) -> None:
    line.measure(1)
    line.back_up()
    with closing(sqlite3.connect(line.database, isolation_level=None)) as slow:  # has not noticed yet
        slow.execute("SELECT * FROM modules").fetchall()
        restored = line.restore(choices.latest(data))
        assert restored.replaced is not None
        for n in range(1000):
            slow.execute("INSERT INTO modules (code, display_name) VALUES (?, '')", (f"M{n}",))
        line.measure(5)  # has noticed
    assert (line.cycles(), line.cycles(restored.replaced)) == (6, 1)
    for database, modules in ((line.database, 1), (restored.replaced, 1001)):
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("SELECT count(*) FROM modules").fetchall() == [(modules,)]


def test_any_minute_comes_back(line: Line, data: Path) -> None:
    for _ in range(10):
        line.step()
        line.measure(1)
    line.step()
    line.archive.close()
    for minutes in (0, 3, 9):
        at_ns = MORNING_NS + minutes * MINUTE_NS + 59 * NS_PER_S
        restored = line.restore(choices.at(data, at_ns))
        assert restored.choice.source.kind is Kind.CONTINUOUS
        assert line.cycles() == minutes
    assert line.restore(choices.latest(data)).rows["cycle_events"] == 10


def test_every_restore_gives_another_number(line: Line, data: Path) -> None:
    line.back_up()
    assert len({line.restore(choices.latest(data)).generation for _ in range(5)}) == 5
    assert len(list((data / BACKUPS).glob("replaced-*.db"))) == 5  # also within a second


def test_where_the_database_is_gone(line: Line, data: Path) -> None:
    line.measure(3)
    line.step()
    line.archive.close()
    line.engine.dispose()
    line.database.unlink()
    restored = line.restore(choices.latest(data))
    assert (line.cycles(), restored.replaced, restored.missing_to_replaced_s) == (3, None, None)


def test_a_log_that_was_left_without_its_database_is_not_read_into_the_restored_one(
    line: Line, data: Path
) -> None:
    line.measure(3)
    line.back_up()
    line.measure(50)
    log = (data / "lbzf.db-wal").read_bytes()
    line.engine.dispose()
    line.database.unlink()
    (data / "lbzf.db-wal").write_bytes(log)
    line.restore(choices.latest(data))
    assert line.cycles() == 3
    assert (data / BACKUPS / "replaced-20260715-142351.db-wal").read_bytes() == log


def test_where_the_database_is_damaged(line: Line, data: Path) -> None:
    line.measure(3)
    line.back_up()
    line.engine.dispose()
    line.database.write_bytes(b"no database at all" * 1000)
    restored = line.restore(choices.latest(data))
    assert line.cycles() == 3
    assert restored.replaced is not None
    assert restored.replaced.read_bytes().startswith(b"no database at all")
    assert backup_status(data).integrity.problems == ()


def test_a_damaged_backup_is_refused_and_nothing_changes(line: Line, data: Path) -> None:
    line.measure(30)
    path = line.back_up()
    raw = path.read_bytes()
    for broken in (raw[: len(raw) // 2], raw[:200] + b"\0\0\0\0" + raw[204:]):
        path.write_bytes(broken)
        with pytest.raises(StoreError, match=r"is damaged|is not what was written"):
            line.restore(choices.latest(data))
    assert line.cycles() == 30
    assert not list((data / BACKUPS).glob("replaced-*"))
    assert not list(data.glob(".restoring-*"))


def test_a_backup_of_an_older_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    older = tmp_path / "migrations"
    older.mkdir()
    for path in migrations_folder().glob("000[12]*"):
        shutil.copy(path, older)
    data = tmp_path / "data"
    migrate(data / DATABASE_NAME, now_ns=MORNING_NS, folder=older)
    back_up(data / DATABASE_NAME, data / BACKUPS, BackupSettings(), zone=ZONE, now_ns=MORNING_NS)
    restored = restore(data, choices.latest(data), ACTOR, now_ns=MORNING_NS)
    assert restored.migrated_from == 2
    assert "cycle_hours" in restored.rows


def test_one_of_a_newer_schema_is_refused(line: Line, data: Path) -> None:
    with closing(sqlite3.connect(line.database)) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
        connection.commit()
    line.back_up()
    with pytest.raises(StoreError, match="A newer LBZF made it"):
        line.restore(choices.latest(data))


def test_one_that_is_no_database_of_lbzf_is_refused(line: Line, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(StoreError, match="not one of LBZF"):
        line.restore(choices.named(data, str(other)))


def test_who_was_erased_since_is_erased_again(line: Line, data: Path) -> None:
    with closing(sqlite3.connect(line.database)) as connection:
        connection.execute(
            "INSERT INTO operators (id, external_code, display_name) VALUES (7, 'OP7', 'Somebody')"
        )
        connection.commit()
    line.back_up()
    note = {"operator_id": 7, "erased_at": "2026-07-16T00:00:00.000Z"}
    (data / ERASURES_NAME).write_text(json.dumps(note) + "\n")
    assert line.restore(choices.latest(data)).erased == 1
    with closing(sqlite3.connect(line.database)) as connection:
        found = connection.execute(
            "SELECT external_code, display_name FROM operators WHERE id = 7"
        ).fetchone()
    assert found == (None, None)


def test_a_drill_touches_nothing(line: Line, data: Path, tmp_path: Path) -> None:
    line.measure(5)
    line.step()
    line.measure(2)
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*") if path.is_file()}
    done = drill(data, choices.latest(data), ACTOR, now_ns=line.now_ns, scratch=tmp_path / "scratch")
    assert (done.rows["cycle_events"], done.replaced, round(done.missing_s)) == (5, None, 120)
    assert done.missing_to_replaced_s == 120
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert not list((tmp_path / "scratch").iterdir())
    assert (line.generation(), line.cycles()) == (0, 7)


def test_too_little_room_is_said_first(line: Line, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line.back_up()
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("lbzf_ros.store.keeping.restore.shutil.disk_usage", lambda _path: usage)
    with pytest.raises(StoreError, match="the restored database needs"):
        line.restore(choices.latest(data))


def test_while_somebody_writes_for_long_nothing_changes(
    line: Line, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lbzf_ros.store.migrate._BUSY_TIMEOUT_S", 0.05)
    line.measure(2)
    line.back_up()
    with closing(sqlite3.connect(line.database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked"):
            line.restore(choices.latest(data))
    assert (line.cycles(), line.generation()) == (2, 0)


class TestChoices:
    def test_the_list_has_everything_newest_first(self, line: Line, data: Path) -> None:
        line.back_up()
        line.measure(5)
        line.step()
        line.measure(5)
        line.step()
        line.restore(choices.named(data, "latest"))
        copy = data / BACKUPS / "lbzf-20260101-000000-schema3.db"
        shutil.copy(line.database, copy)
        found = choices.sources(data)
        assert [source.kind for source in found] == [
            Kind.CONTINUOUS,
            Kind.REPLACED,
            Kind.BACKUP,
            Kind.BEFORE_MIGRATION,
        ]
        assert (found[0].from_ns - MORNING_NS) // MINUTE_NS == 5
        assert found[0].until_ns == MORNING_NS + 10 * MINUTE_NS

    def test_at_a_moment_the_last_state_before_it(self, line: Line, data: Path) -> None:
        line.back_up()
        line.measure(5)
        line.step()
        assert choices.at(data, MORNING_NS + 4 * MINUTE_NS).source.kind is Kind.BACKUP
        assert choices.at(data, MORNING_NS + 6 * MINUTE_NS).source.kind is Kind.CONTINUOUS
        with pytest.raises(
            StoreError, match=r"nothing as old as .*; the oldest state is of 2026-07-15T13:30:51"
        ):
            choices.at(data, MORNING_NS - 1)

    def test_nothing_there(self, data: Path) -> None:
        with pytest.raises(StoreError, match="holds nothing to restore from"):
            choices.latest(data)
        with pytest.raises(StoreError, match="there is nothing to restore from"):
            choices.at(data, MORNING_NS)
        with pytest.raises(StoreError, match=r"is no backup in .* and no file"):
            choices.named(data, "lbzf-20260101-000000.db.zst")

    def test_a_file_from_elsewhere(self, line: Line, data: Path, tmp_path: Path) -> None:
        line.measure(4)
        path = line.back_up()
        brought = tmp_path / "usb" / path.name
        brought.parent.mkdir()
        path.rename(brought)
        assert line.restore(choices.named(data, str(brought))).rows["cycle_events"] == 4
