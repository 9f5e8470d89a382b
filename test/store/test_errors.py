"""What SQLite says: whether the same work may succeed another time."""

import functools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import transaction, writing_engine
from lbzf_ros.store.errors import may_work_later, sqlite_errors
from lbzf_ros.store.video import write_gap
from test.store.examples import MORNING_NS

ADD = "INSERT INTO modules (code, display_name) VALUES ('ANGELA', 'Angela')"


def error_of(work: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        work()
    return caught.value


def add_module(engine: Engine) -> None:
    with transaction(engine, "add a module") as connection:
        connection.exec_driver_sql(ADD)


def test_a_lock_passes(engine: Engine, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert may_work_later(error_of(lambda: add_module(engine)))
    add_module(engine)


def test_a_file_that_cannot_be_opened_or_is_broken_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "lbzf.db"
    assert may_work_later(error_of(lambda: add_module(writing_engine(path))))
    path.write_bytes(b"no database" * 1000)
    assert may_work_later(error_of(lambda: add_module(writing_engine(path))))


def test_a_row_that_cannot_be_stays_so(engine: Engine) -> None:
    add_module(engine)
    assert not may_work_later(error_of(lambda: add_module(engine)))


def test_what_was_refused_before_sqlite_was_asked_stays_so(engine: Engine) -> None:
    for camera, start_ns in (("cam9", MORNING_NS), ("cam1", 0)):
        write = functools.partial(
            write_gap, engine, camera=camera, start_ns=start_ns, end_ns=MORNING_NS, cause="camera", detail=""
        )
        assert not may_work_later(error_of(write))


@pytest.mark.parametrize("error", [OSError("the disk is gone"), sqlite3.OperationalError("disk I/O error")])
def test_errors_of_a_bare_connection_and_of_files_pass(tmp_path: Path, error: Exception) -> None:
    def fail() -> None:
        with sqlite_errors(tmp_path, "try it"):
            raise error

    assert may_work_later(error_of(fail))
