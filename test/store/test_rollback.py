from __future__ import annotations

from pathlib import Path

import pytest

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.migrate import migrate, schema_version
from lbzf_ros.store.rollback import Loss, rollback
from test.store.examples import MORNING_NS
from test.store.test_migrate import GOOD, KNOWN, NEXT, add_migration, content, migrations, names, opened

__all__ = ["migrations"]  # a fixture


@pytest.fixture
def newer(database: Path, migrations: Path) -> Path:
    """A database with one migration more: a table and a column."""
    add_migration(migrations, GOOD)
    migrate(database, now_ns=MORNING_NS, folder=migrations)
    return database


def execute(database: Path, sql: str) -> None:
    with opened(database) as connection:
        connection.executescript(sql)


def test_the_last_migration_is_undone_after_a_copy(database: Path, migrations: Path) -> None:
    before = content(database)
    add_migration(migrations, GOOD)
    migrate(database, now_ns=MORNING_NS, folder=migrations)
    with_it = content(database)
    lines: list[str] = []
    done = rollback(database, now_ns=MORNING_NS, folder=migrations, tell=lines.append)
    assert (done.migration, done.before, done.after, done.lost) == (NEXT, KNOWN + 1, KNOWN, ())
    assert without_times(content(database)) == without_times(before)
    assert content(done.copy) == with_it
    assert str(done.copy) in lines[0]
    assert migrate(database, now_ns=MORNING_NS, folder=migrations).after == KNOWN + 1


def without_times(lines: list[str]) -> list[str]:
    return [line for line in lines if "schema_version" not in line]


@pytest.mark.parametrize(
    ("fill", "lost"),
    [
        pytest.param("INSERT INTO extra VALUES (1), (2);", Loss("extra", None, 2), id="table"),
        pytest.param(
            "INSERT INTO modules (code, display_name, colour) VALUES ('A', 'a', 'red'), ('B', 'b', NULL);",
            Loss("modules", "colour", 1),
            id="column",
        ),
    ],
)
def test_data_is_only_dropped_when_told_to(newer: Path, migrations: Path, fill: str, lost: Loss) -> None:
    execute(newer, fill)
    before = content(newer)
    with pytest.raises(StoreError) as refused:
        rollback(newer, now_ns=MORNING_NS, folder=migrations)
    assert str(lost) in str(refused.value)
    assert "--drop-data" in str(refused.value)
    assert content(newer) == before

    done = rollback(newer, now_ns=MORNING_NS, folder=migrations, drop_data=True)
    assert str(done.copy) in str(refused.value)
    assert done.lost == (lost,)
    assert content(done.copy) == before


def test_rows_of_tables_that_stay_do_not_stand_in_the_way(newer: Path, migrations: Path) -> None:
    execute(newer, "INSERT INTO modules (code, display_name) VALUES ('A', 'a');")
    assert rollback(newer, now_ns=MORNING_NS, folder=migrations).lost == ()
    with opened(newer) as connection:
        assert connection.execute("SELECT code FROM modules").fetchall() == [("A",)]


@pytest.mark.parametrize(
    "undo",
    [
        pytest.param("DROP TABLE extra;\nDROP TABLE nowhere;", id="later-statement-fails"),
        pytest.param("DELETE FROM modules;", id="orphan-rows"),
    ],
)
def test_a_rollback_that_fails_changes_nothing(newer: Path, migrations: Path, undo: str) -> None:
    execute(
        newer,
        "INSERT INTO modules (id, code, display_name) VALUES (1, 'A', 'a');"
        "INSERT INTO workstations (module_id, code, display_name) VALUES (1, 'P', 'p');",
    )
    (migrations / f"{NEXT}.rollback.sql").write_text(undo)
    before = content(newer)
    with pytest.raises(StoreError, match="roll back"):
        rollback(newer, now_ns=MORNING_NS, folder=migrations)
    assert content(newer) == before
    assert schema_version(newer) == KNOWN + 1


def test_a_migration_without_a_way_back_is_said(newer: Path, migrations: Path) -> None:
    (migrations / f"{NEXT}.rollback.sql").unlink()
    with pytest.raises(StoreError, match=rf"has no {NEXT}\.rollback\.sql"):
        rollback(newer, now_ns=MORNING_NS, folder=migrations)


def test_a_newer_database_is_refused(newer: Path) -> None:
    with pytest.raises(StoreError, match=f"has schema {KNOWN + 1}, this program knows schemas up to {KNOWN}"):
        rollback(newer, now_ns=MORNING_NS)
    assert "extra" in names(newer, "table")


def test_all_migrations_can_be_undone_and_applied_again(database: Path) -> None:
    whole = without_times(content(database))
    for version in range(KNOWN, 0, -1):
        done = rollback(database, now_ns=MORNING_NS)
        assert (done.before, done.after) == (version, version - 1)
    assert without_times(content(database)) == ["BEGIN TRANSACTION;", "COMMIT;"]
    with pytest.raises(StoreError, match="nothing to roll back"):
        rollback(database, now_ns=MORNING_NS)
    assert migrate(database, now_ns=MORNING_NS).after == KNOWN
    assert without_times(content(database)) == whole
    assert len(list((database.parent / "backups").glob("*.db"))) == KNOWN


def test_a_copy_never_replaces_an_older_one(newer: Path, migrations: Path) -> None:
    copies = []
    for _ in range(2):
        copies.append(rollback(newer, now_ns=MORNING_NS, folder=migrations).copy)
        migrate(newer, now_ns=MORNING_NS, folder=migrations)
    assert len(set(copies)) == 2
