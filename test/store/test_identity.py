"""A database that is deleted or replaced while it is in use is noticed."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import EventKind, RoiSet
from lbzf_ros.store.engine import reading_engine, transaction, writing_engine
from lbzf_ros.store.identity import database_generation, had_database, remember_database
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of


def test_a_generation_stays_until_the_database_is_another_one(tmp_path: Path) -> None:
    numbers = []
    for name in ("one.db", "one.db", "two.db"):
        migrate(tmp_path / name, now_ns=MORNING_NS)
        engine = writing_engine(tmp_path / name)
        numbers.append(database_generation(engine))
        engine.dispose()
    assert numbers[0] == numbers[1] != numbers[2]
    assert all(0 < number < 2**31 for number in numbers)


def test_a_deleted_database_is_an_error_and_is_not_made_anew(
    database: Path, engine: Engine, roi_sets: dict[str, RoiSet], reader: StoreReader
) -> None:
    writer = EventWriter(engine)
    writer.write([cycle(roi_sets, EventKind.START)])
    assert len(reader.cycles().items) == 1
    for end in ("", "-wal", "-shm"):
        Path(f"{database}{end}").unlink(missing_ok=True)
    with pytest.raises(StoreError, match="gone; bring it back with `lbzf restore`"):
        writer.write([cycle(roi_sets, EventKind.END)])
    with pytest.raises(StoreError, match="gone"):
        reader.cycles()
    with pytest.raises(StoreError, match="unable to open"):
        writer.write([cycle(roi_sets, EventKind.END)])  # the connection that noticed is not used again
    assert not database.exists()


def test_a_replaced_database_is_read_and_written_from_then_on(
    tmp_path: Path, database: Path, engine: Engine, roi_sets: dict[str, RoiSet], reader: StoreReader
) -> None:
    writer = EventWriter(engine)
    writer.write([cycle(roi_sets, EventKind.START)])
    assert len(reader.cycles().items) == 1
    other = tmp_path / "other.db"
    migrate(other, now_ns=MORNING_NS)
    other_engine = writing_engine(other)
    sync_plant(other_engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")
    with transaction(other_engine, "checkpoint") as connection:
        connection.exec_driver_sql("SELECT 1")
    other_engine.dispose()  # the last one out writes the log back
    for end in ("-wal", "-shm"):
        Path(f"{database}{end}").unlink(missing_ok=True)
    other.replace(database)
    assert reader.cycles().items == ()
    assert EventWriter(engine).write([cycle(roi_sets, EventKind.END)]) == ()
    assert [row.status for row in reader.cycles().items] == ["complete"]


def test_a_writer_that_waited_while_the_file_was_replaced_writes_nothing(
    database: Path, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    """Whoever restores swaps the files under the write lock, and others wait for it meanwhile."""
    other = database.with_name("other.db")
    with closing(sqlite3.connect(database, isolation_level=None)) as lock:
        lock.execute("VACUUM INTO ?", (str(other),))
        with transaction(engine, "connect"):
            pass
        lock.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(EventWriter(engine).write, [cycle(roi_sets, EventKind.START)])
            with pytest.raises(FutureTimeoutError):
                waiting.result(timeout=0.5)
            for end in ("", "-wal", "-shm"):
                database.with_name(f"{database.name}{end}").rename(database.with_name(f"kept.db{end}"))
            other.rename(database)
            lock.execute("COMMIT")
            with pytest.raises(StoreError, match="was replaced just now"):
                waiting.result(timeout=10)
    for name in ("kept.db", database.name):
        with closing(sqlite3.connect(database.with_name(name))) as found:
            assert found.execute("SELECT count(*) FROM cycle_events").fetchone() == (0,)
    EventWriter(engine).write([cycle(roi_sets, EventKind.START)])
    with closing(sqlite3.connect(database)) as found:
        assert found.execute("SELECT count(*) FROM cycle_events").fetchone() == (1,)


def test_a_reader_waits_for_a_database_that_is_not_there_yet(tmp_path: Path) -> None:
    reader = StoreReader(reading_engine(tmp_path / "lbzf.db"))
    with pytest.raises(StoreError):
        reader.modules()
    migrate(tmp_path / "lbzf.db", now_ns=MORNING_NS)
    assert reader.modules().items == ()


def test_a_folder_remembers_that_it_had_a_database(tmp_path: Path) -> None:
    assert not had_database(tmp_path)
    remember_database(tmp_path)
    assert had_database(tmp_path)
