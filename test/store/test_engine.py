from __future__ import annotations

import _sqlite3
import ctypes
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store import engine as engines
from lbzf_ros.store.engine import reading_engine, release_memory, transaction, writing_engine

ADD = "INSERT INTO modules (code, display_name) VALUES ('ANGELA', 'Angela')"
COUNT = "SELECT count(*) FROM modules"


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


PRAGMAS_OF_THE_DATA_MODEL = {
    "journal_mode": "wal",
    "synchronous": 1,  # NORMAL
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "temp_store": 2,  # MEMORY
    "cache_size": -65536,
}


def test_pragmas_are_those_of_the_data_model(engine: Engine, database: Path) -> None:
    """But for FULL of connections that write: what is acknowledged survives a power cut."""
    assert set(engines.PRAGMAS) == set(PRAGMAS_OF_THE_DATA_MODEL)
    found = {name: pragma(engine, name) for name in PRAGMAS_OF_THE_DATA_MODEL}
    assert found == PRAGMAS_OF_THE_DATA_MODEL | {"synchronous": 2}
    assert pragma(engine, "query_only") == 0
    reading = reading_engine(database)
    found = {name: pragma(reading, name) for name in PRAGMAS_OF_THE_DATA_MODEL}
    assert found == PRAGMAS_OF_THE_DATA_MODEL
    assert pragma(reading, "query_only") == 1
    reading.dispose()


def test_a_reader_cannot_write(engine: Engine, database: Path) -> None:
    with (
        pytest.raises(StoreError, match="readonly"),
        transaction(reading_engine(database), "write") as connection,
    ):
        connection.exec_driver_sql(ADD)


@pytest.mark.parametrize("opening", [reading_engine, writing_engine])
def test_a_database_is_not_made_by_opening_it(tmp_path: Path, opening: Callable[[Path], Engine]) -> None:
    missing = tmp_path / "lbzf.db"
    with (
        pytest.raises(StoreError, match=r"lbzf\.db: read modules: unable to open"),
        transaction(opening(missing), "read modules"),
    ):
        pytest.fail("there is nothing to read")
    assert not missing.exists()


def test_a_reader_sees_what_is_committed_and_does_not_wait(engine: Engine, database: Path) -> None:
    reading = reading_engine(database)
    with transaction(engine, "write") as writing:
        writing.exec_driver_sql(ADD)
        with transaction(reading, "read") as connection:
            assert connection.exec_driver_sql(COUNT).scalar_one() == 0
    with transaction(reading, "read") as connection:
        assert connection.exec_driver_sql(COUNT).scalar_one() == 1
    reading.dispose()


def test_an_error_rolls_back_what_came_before_it(engine: Engine) -> None:
    with (
        pytest.raises(StoreError, match="no such table: nowhere"),
        transaction(engine, "write") as connection,
    ):
        connection.exec_driver_sql(ADD)
        connection.exec_driver_sql("DELETE FROM nowhere")
    with transaction(engine, "read") as connection:
        assert connection.exec_driver_sql(COUNT).scalar_one() == 0


def test_pages_that_a_connection_keeps_are_let_go(engine: Engine) -> None:
    library = ctypes.CDLL(_sqlite3.__file__)
    if not hasattr(library, "sqlite3_memory_used"):
        pytest.skip(
            "SQLite is linked into this Python without its symbols: nobody can ask how much memory it holds"
        )
    in_use = library.sqlite3_memory_used  # bytes
    in_use.restype = ctypes.c_int64
    with transaction(engine, "write") as connection:
        connection.exec_driver_sql("CREATE TABLE ballast (content)")
        connection.exec_driver_sql(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000) "
            "INSERT INTO ballast SELECT randomblob(1000) FROM n"
        )
    kept = in_use()
    release_memory(engine)
    assert in_use() < kept - 4_000_000
    with transaction(engine, "read") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ballast").scalar_one() == 5000


def test_memory_of_a_database_that_is_gone_is_an_error_in_words(engine: Engine, database: Path) -> None:
    pragma(engine, "journal_mode")
    for end in ("", "-wal", "-shm"):
        Path(f"{database}{end}").unlink(missing_ok=True)
    with pytest.raises(StoreError, match=r"gone|unable to open"):
        release_memory(engine)
    assert not database.exists()


def test_a_lock_of_another_process_is_an_error_in_words(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engines.PRAGMAS, "busy_timeout", "50")
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        waiting = writing_engine(database)
        pragma(waiting, "journal_mode")
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(StoreError, match="database is locked; another process holds it"),
            transaction(waiting, "write"),
        ):
            pytest.fail("the lock is taken")
        other.execute("ROLLBACK")
        with transaction(waiting, "write") as connection:
            connection.exec_driver_sql(ADD)
        waiting.dispose()
