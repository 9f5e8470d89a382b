"""`lbzf restore`, `lbzf db backup`, `lbzf db check`, as a user meets them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lbzf_ros.cli import app, commands
from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.errors import ConfigError, StoreError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.keeping.archive import Archive
from lbzf_ros.store.keeping.status import BACKUPS
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of

assert commands  # importing it registers the commands


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder with 3 cycles, while somebody has it open."""
    data = tmp_path / "data"
    migrate(data / DATABASE_NAME, now_ns=MORNING_NS)
    engine = writing_engine(data / DATABASE_NAME)
    rois = sync_plant(engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")
    EventWriter(engine).write([cycle(rois, start_ns=MORNING_NS + n * 60 * NS_PER_S) for n in range(3)])
    yield data
    engine.dispose()


def lbzf(data: Path, *words: str) -> Result:
    done = CliRunner().invoke(app, [*words, "--data", str(data)], env={"COLUMNS": "200"})
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def cycles(data: Path) -> int:
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        return int(connection.execute("SELECT count(*) FROM cycle_events").fetchone()[0])


def forget_a_cycle(data: Path) -> None:
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        connection.execute("DELETE FROM cycle_events WHERE id = 1")
        connection.commit()


def test_a_backup_is_made_listed_and_brought_back(data: Path) -> None:
    assert "`lbzf db backup` makes a backup" in lbzf(data, "restore").output
    made = lbzf(data, "db", "backup").output
    assert re.search(r"lbzf-\d{8}-\d{6}\.db\.zst: [\d.]+ kB \([\d.]+ kB unpacked\), \d+ rows, checked", made)
    (backup,) = (data / BACKUPS).glob("*.zst")
    assert re.search(rf"{backup.name} .* 3 ", lbzf(data, "restore").output)
    forget_a_cycle(data)
    assert cycles(data) == 2
    output = lbzf(data, "restore", backup.name).output
    assert "3 cycles, checked" in output
    assert "The database before is kept: " in output
    assert cycles(data) == 3
    assert "replaced by a restore" in lbzf(data, "restore").output


def test_a_drill_says_how_long_it_takes_and_what_would_be_missing(data: Path) -> None:
    lbzf(data, "db", "backup")
    forget_a_cycle(data)
    output = lbzf(data, "restore", "--drill").output
    assert re.search(r"The drill went well: \d+ rows, 3 cycles, checked, in [\d.]+ s", output)
    assert re.search(
        r"Missing: \d+ s between that state and now; newest cycle in it: 2026-07-15 08:33:21", output
    )
    assert cycles(data) == 2


def test_a_moment_in_the_plants_time(data: Path) -> None:
    archive = Archive(data / DATABASE_NAME, data / BACKUPS, BackupSettings())
    archive.step(MORNING_NS)
    forget_a_cycle(data)
    archive.step(MORNING_NS + 60 * NS_PER_S)
    archive.close()
    for text, expected in (
        ("2026-07-15T08:31", 3),
        ("2026-07-15 13:32:00Z", 2),
        ("2026-07-15T08:31:30-05:00", 3),
    ):
        assert "continuous" in lbzf(data, "restore", "--at", text).output
        assert cycles(data) == expected


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        (["--at", "yesterday"], ConfigError, "is no time; write it as"),
        (["--at", "2026-07-15T08:00", "--latest"], ConfigError, "say one of"),
        (["--at", "2020-01-01T00:00"], StoreError, "there is nothing to restore from"),
        (["nosuch"], StoreError, "is no backup in"),
        (["--latest"], StoreError, "holds nothing to restore from"),
        (["--drill"], StoreError, "holds nothing to restore from"),
    ],
)
def test_what_cannot_be_is_said(data: Path, words: list[str], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        lbzf(data, "restore", *words)
    assert cycles(data) == 3


def test_a_backup_to_a_folder_of_ones_own_leaves_what_is_there(data: Path, tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    (usb / "lbzf-20200101-000000.db.zst").write_bytes(b"of somebody")
    lbzf(data, "db", "backup", "--to", str(usb))
    assert len(list(usb.glob("*.zst"))) == 2
    assert not (usb / "latest").exists()
    assert not (data / BACKUPS).exists()


@pytest.mark.parametrize("options", [[], ["--quick"]])
def test_check(data: Path, options: list[str]) -> None:
    assert "is whole" in lbzf(data, "db", "check", *options).output
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM modules")
        connection.commit()
    done = lbzf(data, "db", "check", *options)
    assert done.exit_code == 1
    assert "refers to a row of modules that is not there" in done.output
    assert "brings the last good state back" in done.output
