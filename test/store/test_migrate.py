from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from lbzf_ros.core.errors import StoreError
from lbzf_ros.resources import resource_path
from lbzf_ros.store.migrate import migrate, schema_sql, schema_version
from lbzf_ros.store.rollback import rollback
from lbzf_ros.store.yoyo_backend import AtomicBackend
from test.store.examples import MORNING_NS

KNOWN = 8
NEXT = f"{KNOWN + 1:04}_more"
GOOD = f"""
CREATE TABLE extra (id INTEGER);
CREATE INDEX idx_extra ON extra(id);
ALTER TABLE modules ADD COLUMN colour TEXT;
UPDATE schema_version SET version = {KNOWN + 1};
"""
UNDO = f"""
ALTER TABLE modules DROP COLUMN colour;
DROP TABLE extra;
UPDATE schema_version SET version = {KNOWN};
"""


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def names(database: Path, kind: str) -> set[str]:
    with opened(database) as connection:
        return {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = ?", (kind,))
        }


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """The program's migrations, to add more to."""
    return Path(shutil.copytree(resource_path("db", "migrations"), tmp_path / "migrations"))


def add_migration(folder: Path, sql: str, undo: str = UNDO) -> None:
    last = max(path.stem for path in resource_path("db", "migrations").glob("*.sql") if "." not in path.stem)
    (folder / f"{NEXT}.sql").write_text(f"-- depends: {last}\n{sql}")
    (folder / f"{NEXT}.rollback.sql").write_text(undo)


def test_a_new_database_is_made_in_a_new_folder(tmp_path: Path) -> None:
    database = tmp_path / "a folder %20?#" / "lbzf.db"
    done = migrate(database, now_ns=MORNING_NS)
    assert (done.before, done.after, done.copy) == (0, KNOWN, None)
    assert schema_version(database) == KNOWN


def test_migrating_again_does_nothing(database: Path) -> None:
    before = database.read_bytes()
    assert migrate(database, now_ns=MORNING_NS).copy is None
    assert database.read_bytes() == before


def test_an_existing_database_is_copied_before_it_changes(database: Path, migrations: Path) -> None:
    add_migration(migrations, GOOD)
    with opened(database) as connection:
        connection.execute("INSERT INTO modules (code, display_name) VALUES ('ANGELA', 'Angela')")
    done = migrate(database, now_ns=MORNING_NS, folder=migrations)
    assert (done.before, done.after) == (KNOWN, KNOWN + 1)
    assert done.copy == database.parent / "backups" / f"lbzf-20260715-133051-schema{KNOWN}.db"
    assert schema_version(done.copy) == KNOWN
    with opened(done.copy) as connection:
        assert connection.execute("SELECT code FROM modules").fetchall() == [("ANGELA",)]
    assert "extra" in names(database, "table")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            "CREATE TABLE extra (id INTEGER);\nINSERT INTO nowhere VALUES (1);", id="later-statement-fails"
        ),
        pytest.param("DROP INDEX idx_events_quality;\nCREATE TABLE modules (id INTEGER);", id="table-exists"),
        pytest.param(
            "INSERT INTO workstations (module_id, code, display_name) VALUES (99, 'A', 'a');", id="orphan-row"
        ),
    ],
)
def test_a_migration_that_fails_changes_nothing(database: Path, migrations: Path, sql: str) -> None:
    add_migration(migrations, sql)
    before = names(database, "table") | names(database, "index")
    with pytest.raises(StoreError, match="migrate"):
        migrate(database, now_ns=MORNING_NS, folder=migrations)
    assert names(database, "table") | names(database, "index") == before
    assert schema_version(database) == KNOWN

    add_migration(migrations, GOOD)
    assert migrate(database, now_ns=MORNING_NS, folder=migrations).after == KNOWN + 1


def test_a_newer_database_is_refused_and_left_alone(database: Path) -> None:
    with opened(database) as connection:
        connection.execute(f"UPDATE schema_version SET version = {KNOWN + 2}")
    with pytest.raises(StoreError, match=f"has schema {KNOWN + 2}, this program knows schemas up to {KNOWN}"):
        migrate(database, now_ns=MORNING_NS)
    assert schema_version(database) == KNOWN + 2


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "lbzf.db"
    with opened(database) as connection:
        connection.execute("CREATE TABLE recipes (id INTEGER)")
    with pytest.raises(StoreError, match="not one of LBZF"):
        migrate(database, now_ns=MORNING_NS)
    assert names(database, "table") == {"recipes"}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "lbzf.db"
    database.write_text("a shopping list, long enough to be looked at as a database header\n" * 10)
    with pytest.raises(StoreError, match="not a database"):
        migrate(database, now_ns=MORNING_NS)


def test_two_that_migrate_at_once_both_succeed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each looks what is applied before it applies. Were both allowed to look first, one would fail."""
    database = tmp_path / "lbzf.db"
    both_have_looked = threading.Barrier(2)
    look = AtomicBackend.is_applied

    def look_and_wait(backend: AtomicBackend, migration: Any) -> bool:
        found = bool(look(backend, migration))
        with suppress(threading.BrokenBarrierError):  # as it must be: the other one waits for the write lock
            both_have_looked.wait(0.3)
        return found

    monkeypatch.setattr(AtomicBackend, "is_applied", look_and_wait)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: migrate(database, now_ns=MORNING_NS), range(2)))
    assert [one.after for one in done] == [KNOWN, KNOWN]


KILLED = """
import sys
from pathlib import Path
from lbzf_ros.store import migrate, rollback
change = migrate.migrate if sys.argv[1] == "migrate" else rollback.rollback
change(Path(sys.argv[2]), now_ns=0, folder=Path(sys.argv[3]))
"""
ENDLESS = """
INSERT INTO extra WITH RECURSIVE n(i) AS (SELECT id FROM modules UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;
"""


def kill_in_the_middle(command: str, database: Path, folder: Path) -> None:
    """Start a change of the schema that never ends, and kill it once it has written to the file."""
    size = database.stat().st_size
    process = subprocess.Popen([sys.executable, "-c", KILLED, command, database, folder])
    until_s = time.monotonic() + 30
    try:
        while database.stat().st_size < size + 10_000_000:
            assert process.poll() is None, "it ended"
            assert time.monotonic() < until_s, "it writes nothing"
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()


def content(database: Path) -> list[str]:
    """Everything in a database but what yoyo keeps for itself."""
    with opened(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [line for line in connection.iterdump() if "yoyo" not in line]


def test_a_migration_that_is_killed_has_changed_nothing(database: Path, migrations: Path) -> None:
    with opened(database) as connection:
        connection.execute("INSERT INTO modules (code, display_name) VALUES ('ANGELA', 'Angela')")
    before = content(database)
    add_migration(migrations, f"CREATE TABLE extra (id INTEGER);\n{ENDLESS}")
    kill_in_the_middle("migrate", database, migrations)
    assert content(database) == before
    add_migration(migrations, GOOD)
    assert migrate(database, now_ns=MORNING_NS, folder=migrations).after == KNOWN + 1


def test_a_rollback_that_is_killed_has_changed_nothing(database: Path, migrations: Path) -> None:
    add_migration(migrations, GOOD)
    migrate(database, now_ns=MORNING_NS, folder=migrations)
    with opened(database) as connection:
        connection.execute("INSERT INTO modules (code, display_name) VALUES ('ANGELA', 'Angela')")
    before = content(database)
    (migrations / f"{NEXT}.rollback.sql").write_text(f"DROP INDEX idx_extra;\n{ENDLESS}\nDROP TABLE extra;")
    kill_in_the_middle("rollback", database, migrations)
    assert content(database) == before
    (migrations / f"{NEXT}.rollback.sql").write_text(UNDO)
    assert rollback(database, now_ns=MORNING_NS, folder=migrations).after == KNOWN


def test_schema_sql_is_up_to_date() -> None:
    stored = resource_path("db", "schema.sql").read_text("utf-8")
    assert stored == schema_sql(), "run python -m lbzf_ros.store.migrate"
