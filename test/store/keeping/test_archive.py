"""Continuous copies: when they begin anew, what is kept, and what happens when something is in the way."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.keeping.archive import Archive
from lbzf_ros.store.keeping.generation import CONTINUOUS, list_generations
from lbzf_ros.store.keeping.status import alarms, read_status
from test.store.keeping.copies import NOW_NS, SMALL, Content, connect, content_of, restored
from test.store.keeping.writing import TABLES, prepare


@pytest.fixture
def database(tmp_path: Path) -> Path:
    database = tmp_path / "lbzf.db"
    prepare(database)
    return database


@pytest.fixture
def archive(database: Path) -> Iterator[Archive]:
    archive = Archive(database, database.parent / "backups", SMALL)
    yield archive
    archive.close()


def add(database: Path, rows: int = 1) -> None:
    with closing(connect(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        (n,) = connection.execute("SELECT coalesce(max(n), 0) FROM first").fetchone()
        for number in range(n + 1, n + rows + 1):
            for table in TABLES:
                connection.execute(f"INSERT INTO {table} VALUES ('a', ?, ?)", (number, "x" * 500))
        connection.execute("COMMIT")


def minute(number: int) -> int:
    return NOW_NS + number * 60 * NS_PER_S


def test_a_step_keeps_what_is_new_and_nothing_else(database: Path, archive: Archive) -> None:
    assert archive.step(minute(0)).new_base
    add(database)
    add(database)
    assert (archive.step(minute(1)).commits, archive.step(minute(2)).commits) == (2, 0)
    (generation,) = list_generations(database.parent / "backups" / CONTINUOUS)
    assert [(piece.at_ns, piece.commits) for piece in generation.pieces()] == [(minute(1), 2)]
    assert generation.size_bytes() < 10_000


def test_while_somebody_reads_an_old_state_the_log_stays(database: Path, archive: Archive) -> None:
    archive.step(minute(0))
    with closing(connect(database)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM first").fetchall()
        add(database, 500)
        assert not archive.step(minute(1)).restarted
        reader.execute("COMMIT")
    assert archive.step(minute(2)).restarted
    wal = database.with_name("lbzf.db-wal")
    size = wal.stat().st_size
    for number in range(3, 8):
        add(database, 100)
        archive.step(minute(number))
    assert wal.stat().st_size == size  # used again, from its beginning


def test_a_day_later_it_begins_from_a_new_base_and_old_ones_go_by_the_rule(
    database: Path, archive: Archive
) -> None:
    folder = database.parent / "backups" / CONTINUOUS
    for hour in range(0, 24 * 5, 6):
        add(database)
        archive.step(minute(61 * hour))
    days = [(generation.at_ns - NOW_NS) // (86_400 * NS_PER_S) for generation in list_generations(folder)]
    assert days == [2, 3, 4]  # now it is 4.75: any moment of the last two days can be restored
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 3


def test_another_file_in_the_place_of_the_database_begins_a_generation(
    database: Path, archive: Archive
) -> None:
    archive.step(minute(0))
    other = database.with_name("other.db")
    prepare(other)
    add(other, 3)
    for path in database.parent.glob("lbzf.db*"):
        path.rename(path.with_name(f"old-{path.name}"))
    other.rename(database)
    assert archive.step(minute(1)).new_base
    assert restored(database.parent / "backups") == content_of(database)


def test_a_database_that_is_gone_is_said_and_what_was_kept_stays(database: Path, archive: Archive) -> None:
    add(database, 5)
    archive.step(minute(0))
    content = content_of(database)
    for path in database.parent.glob("lbzf.db*"):
        path.unlink()
    with pytest.raises(StoreError, match="No such file"):
        archive.step(minute(1))
    status = read_status(database.parent / "backups")
    assert "No such file" in status.continuous.error
    assert any("stand still" in line for line in alarms(status, SMALL, now_ns=minute(30)))
    assert restored(database.parent / "backups") == content


def test_a_second_one_for_the_same_database_is_refused(database: Path, archive: Archive) -> None:
    archive.step(minute(0))
    with pytest.raises(StoreError, match="another process keeps continuous copies"):
        Archive(database, database.parent / "backups", SMALL).step(minute(1))


def test_a_damaged_database_gets_no_base_and_the_former_generation_stays(
    database: Path, archive: Archive
) -> None:
    add(database, 500)
    archive.step(minute(0))
    content = content_of(database)
    with closing(connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'second'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET rootpage = 2 WHERE name = 'second'"
        )  # two tables, one tree
    assert root != 2
    with pytest.raises(StoreError, match="damaged"):
        archive.step(minute(60 * 24 + 1))
    assert restored(database.parent / "backups", minute(1)) == content


def test_a_damaged_or_missing_piece_ends_what_can_be_restored(database: Path, archive: Archive) -> None:
    archive.step(minute(0))
    contents = []
    for number in range(1, 6):
        add(database, 3)
        archive.step(minute(number))
        contents.append(content_of(database))
    (generation,) = list_generations(database.parent / "backups" / CONTINUOUS)
    files = generation.piece_files()
    files[3].unlink()
    assert restored(database.parent / "backups") == contents[2]
    whole = files[2].read_bytes()
    files[2].write_bytes(whole[:-2] + bytes([whole[-2] ^ 1, whole[-1]]))
    with pytest.raises(StoreError, match="is damaged"):
        restored(database.parent / "backups")
    assert restored(database.parent / "backups", minute(2)) == contents[1]


def test_when_nothing_can_be_written_the_next_step_does_it(
    database: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.step(minute(0))
    with monkeypatch.context() as full:
        full.setattr("lbzf_ros.disk.sync", _full)
        for number in range(1, 5):
            add(database, 50)
            with pytest.raises(StoreError, match="No space left"):
                archive.step(minute(number))
    assert archive.step(minute(5)).commits == 4
    assert restored(database.parent / "backups") == content_of(database)


def test_when_nothing_can_be_written_for_long_the_log_does_not_grow_for_ever(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(database, database.parent / "backups", SMALL.model_copy(update={"wal_limit_mb": 1.0}))
    archive.step(minute(0))
    monkeypatch.setattr("lbzf_ros.store.keeping.archive._RETRY_BASE_S", 0.0)
    with monkeypatch.context() as full, closing(connect(database)) as somebody:
        somebody.execute("SELECT * FROM first").fetchall()  # the log stays as long as somebody has it open
        full.setattr("lbzf_ros.disk.sync", _full)
        for number in range(1, 30):
            add(database, 100)
            with pytest.raises(StoreError):
                archive.step(minute(number))
        assert database.with_name("lbzf.db-wal").stat().st_size < 6_000_000
    assert archive.step(minute(40)).new_base
    assert restored(database.parent / "backups") == content_of(database)
    archive.close()


def _full(_path: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_while_a_base_is_made_the_former_generation_goes_on(database: Path) -> None:
    """Every look at the clock says that it is time for a step, and somebody writes before each."""
    folder = database.parent / "backups"
    states: list[Content] = []

    def written_meanwhile(_doing: str, _done: int, _total: int) -> None:
        if list_generations(folder / CONTINUOUS):  # the first one has none before it
            add(database)
            states.append(content_of(database))

    archive = Archive(
        database,
        folder,
        SMALL.model_copy(update={"continuous_every_s": 0.0}),  # not allowed in a plant file
        progress=written_meanwhile,
    )
    add(database, 3000)
    archive.step(minute(0))
    archive.step(minute(60 * 25))
    archive.close()
    former, present = list_generations(folder / CONTINUOUS)
    assert len(states) >= 3
    assert len(former.pieces()) >= 3
    with tempfile.TemporaryDirectory() as scratch:
        former.restore(Path(scratch, "r.db"), former.pieces())
        assert content_of(Path(scratch, "r.db")) in states
    assert present.at_ns >= minute(60 * 25)
    assert restored(folder) == content_of(database) == states[-1]
