"""Backups: whole, checked, compressed; whatever goes wrong, the earlier ones stay."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, RoiSet
from lbzf_ros.store.keeping.backup import Backup, back_up, list_backups
from lbzf_ros.store.keeping.integrity import Depth, check_database
from lbzf_ros.store.keeping.packing import unpack
from lbzf_ros.store.keeping.status import BACKUPS, IntegrityStatus, alarms, backup_status, update_status
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of
from test.store.keeping.writing import prepare, written
from test.store.test_migrate import KNOWN

ROOT = Path(__file__).parents[3]
SETTINGS = BackupSettings()
ZONE = "America/Bogota"
DAY_NS = 86_400 * NS_PER_S


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / BACKUPS


def make(database: Path, now_ns: int = MORNING_NS, settings: BackupSettings = SETTINGS) -> Backup:
    return back_up(database, database.parent / BACKUPS, settings, zone=ZONE, now_ns=now_ns)


def unpacked(backup: Backup, target: Path) -> sqlite3.Connection:
    assert unpack(backup.path, target) == backup.sha256
    return sqlite3.connect(target)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def damage(database: Path) -> None:
    """Overwrite the middle of it, as a failing disk does."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(database.read_bytes())
    for at in range(4096 * 5, len(raw), 4096):
        raw[at : at + 40] = b"\xff" * 40
    database.write_bytes(raw)


def test_a_backup_holds_everything_and_says_so(
    database: Path, engine: Engine, roi_sets: dict[str, RoiSet], folder: Path, tmp_path: Path
) -> None:
    EventWriter(engine).write([cycle(roi_sets, start_ns=MORNING_NS + n * 60 * NS_PER_S) for n in range(50)])
    backup = make(database, MORNING_NS + DAY_NS)
    assert names(folder) == [
        "latest",
        "lbzf-20260716-133051.db.zst",
        "lbzf-20260716-133051.json",
        "status.json",
    ]
    assert (folder / "latest").readlink() == Path(
        "lbzf-20260716-133051.db.zst"
    )  # also right where it is copied to
    assert list_backups(folder) == (backup,)
    assert backup.facts is not None
    assert (backup.facts.rows["cycle_events"], backup.facts.schema) == (50, KNOWN)
    assert backup.facts.newest_event_ns == MORNING_NS + (49 * 60 + 30) * NS_PER_S
    with (
        closing(unpacked(backup, tmp_path / "copy.db")) as copy,
        closing(sqlite3.connect(database)) as source,
    ):
        assert list(copy.iterdump()) == list(source.iterdump())
    status = backup_status(tmp_path).backup
    assert (status.file, status.success_ns, status.size_bytes) == (
        backup.path.name,
        MORNING_NS + DAY_NS,
        backup.path.stat().st_size,
    )


def test_no_password_is_in_a_backup(
    database: Path, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "s3cret-of-camera-1"  # looked for below
    monkeypatch.setenv("CAM1_PASSWORD", secret)
    data = plant_data()
    data["modules"][0]["cameras"][0]["source"] = "rtsp://viewer:${CAM1_PASSWORD}@10.0.0.7/stream"
    sync_plant(engine, plant_of(data), now_ns=MORNING_NS, software_version="0.1.0")
    backup = make(database)
    unpacked(backup, tmp_path / "copy.db").close()
    assert b"${CAM1_PASSWORD}" in (tmp_path / "copy.db").read_bytes()
    for path in (tmp_path / "copy.db", *(tmp_path / BACKUPS).iterdir()):
        assert secret.encode() not in path.read_bytes()


def test_while_a_process_writes_at_full_speed(tmp_path: Path, folder: Path) -> None:
    database = tmp_path / "lbzf.db"
    prepare(database)
    writer = subprocess.Popen([sys.executable, "-m", "test.store.keeping.writing", database, "a"], cwd=ROOT)
    try:
        numbers = [0]
        await_more_than(0, database)
        for second in range(5):
            backup = make(database, MORNING_NS + second * NS_PER_S, BackupSettings(daily=1))
            with closing(unpacked(backup, tmp_path / "copy.db")) as copy:
                copy.isolation_level = None
                numbers.append(written(copy).get("a", 0))
            await_more_than(numbers[-1], database)
    finally:
        writer.kill()
        writer.wait()
    assert numbers == sorted(set(numbers))
    assert len(list_backups(folder)) == 1  # one a day


def await_more_than(n: int, database: Path) -> None:
    """Until the writer is beyond a number."""
    until_s = time.monotonic() + 30
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        while connection.execute("SELECT coalesce(max(n), 0) FROM first").fetchone()[0] <= n:
            assert time.monotonic() < until_s
            time.sleep(0.01)


def fill(database: Path, megabytes: int) -> None:
    prepare(database)
    with closing(sqlite3.connect(database)) as connection:
        chance = random.Random(1)
        rows = ((n, chance.randbytes(50_000).hex()) for n in range(10 * megabytes))
        connection.executemany("INSERT INTO first VALUES ('a', ?, ?)", rows)
        connection.commit()


def test_killed_at_any_moment_it_leaves_nothing_that_counts_and_is_not_whole(
    tmp_path: Path, folder: Path
) -> None:
    database = tmp_path / "lbzf.db"
    fill(database, 20)
    first = make(database)
    chance, moments = random.Random(3), []
    for _ in range(6):
        command = [sys.executable, "-m", "lbzf_ros.cli", "db", "backup", "--data", str(tmp_path)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while process.poll() is None and not list(folder.glob("*.partial")):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        moments.append(process.wait())
        for backup in list_backups(folder):
            target = tmp_path / "copy.db"
            unpack(backup.path, target)
            with closing(sqlite3.connect(target)) as copy:
                assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert -signal.SIGKILL in moments
    assert first.path.exists()
    made = make(database, MORNING_NS + DAY_NS)
    assert not list(folder.glob("*.partial*"))
    assert made.facts is not None


def limited_run(data: Path, file_bytes: int) -> subprocess.CompletedProcess[str]:
    """`lbzf db backup` where no file can be larger than this; to a program that is as a full disk."""
    return subprocess.run(
        [sys.executable, "-m", "lbzf_ros.cli", "db", "backup", "--data", str(data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes)),
    )


def test_a_full_disk_makes_no_backup_and_takes_none(tmp_path: Path, folder: Path) -> None:
    database = tmp_path / "lbzf.db"
    fill(database, 10)
    first = make(database)
    before = names(folder)
    done = limited_run(tmp_path, 1_000_000)
    assert done.returncode == 1
    assert "back it up" in done.stderr
    assert names(folder) == before
    assert list_backups(folder) == (first,)
    status = backup_status(tmp_path)
    assert status.backup.success_ns == MORNING_NS
    assert any("backup failed" in line for line in alarms(status, SETTINGS, now_ns=MORNING_NS))


def test_a_disk_that_is_full_at_the_very_end_makes_no_backup(
    database: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(database)
    before = names(folder)

    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lbzf_ros.store.keeping.packing.sync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        make(database, MORNING_NS + DAY_NS)
    assert names(folder) == before
    assert list_backups(folder) == (first,)


def test_too_little_room_is_said_before_anything_is_written(
    database: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("lbzf_ros.store.keeping.snapshot.shutil.disk_usage", lambda _path: usage)
    with pytest.raises(StoreError, match="MB are free, a copy of the database needs"):
        make(database)
    assert list_backups(folder) == ()


def test_a_damaged_database_is_refused_and_takes_no_backup_away(
    database: Path, engine: Engine, roi_sets: dict[str, RoiSet], folder: Path, tmp_path: Path
) -> None:
    EventWriter(engine).write([cycle(roi_sets, start_ns=MORNING_NS + n * 60 * NS_PER_S) for n in range(300)])
    only_one = BackupSettings(daily=1, monthly=0, yearly=0)
    good = make(database, settings=only_one)
    engine.dispose()
    damage(database)
    for day in range(1, 4):
        with pytest.raises(StoreError, match=r"malformed|damaged"):
            make(database, MORNING_NS + day * DAY_NS, only_one)
    assert [backup.path for backup in list_backups(folder)] == [good.path]
    assert (folder / "latest").resolve() == good.path
    found = alarms(backup_status(tmp_path), only_one, now_ns=MORNING_NS + 3 * DAY_NS)
    assert found[0] == "last backup is 72.0 h old"
    assert found[1].startswith("backup failed: ")


def test_a_missing_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not there, so there is nothing to back up"):
        make(tmp_path / "lbzf.db")


def test_one_backup_at_a_time(database: Path, folder: Path) -> None:
    from lbzf_ros.store.keeping.status import locked

    with locked(folder, "backup"), pytest.raises(StoreError, match="is being made already"):
        make(database)


def test_old_ones_go_by_the_rule(database: Path, folder: Path) -> None:
    settings = BackupSettings(daily=3, monthly=2, yearly=1)
    for day in range(40):
        make(database, MORNING_NS + day * DAY_NS, settings)
    assert [backup.path.name[5:13] for backup in list_backups(folder)] == [
        "20260823",
        "20260822",
        "20260821",
        "20260731",
    ]
    assert len(list(folder.glob("lbzf-*.json"))) == 4


def test_with_the_clock_set_back_the_new_backup_stays(database: Path, folder: Path) -> None:
    settings = BackupSettings(daily=1, monthly=0, yearly=0)
    make(database, MORNING_NS, settings)
    back = make(database, MORNING_NS - 30 * DAY_NS, settings)
    assert back.path in [backup.path for backup in list_backups(folder)]


class TestIntegrity:
    @pytest.mark.parametrize("depth", Depth)
    def test_a_whole_database(self, database: Path, tmp_path: Path, depth: Depth) -> None:
        assert check_database(tmp_path, database, now_ns=5, depth=depth).problems == ()
        status = backup_status(tmp_path).integrity
        assert (status.at_ns, status.problems, status.depth) == (5, (), depth.value)

    def test_a_damaged_one_raises_an_alarm(
        self, database: Path, engine: Engine, roi_sets: dict[str, RoiSet], tmp_path: Path
    ) -> None:
        EventWriter(engine).write(
            [cycle(roi_sets, start_ns=MORNING_NS + n * 60 * NS_PER_S) for n in range(300)]
        )
        engine.dispose()
        damage(database)
        assert check_database(tmp_path, database, now_ns=5).problems
        found = alarms(backup_status(tmp_path), SETTINGS, now_ns=6, since_ns=5)
        assert found[0].startswith("database is damaged: ")

    def test_a_reference_to_nothing(self, database: Path, tmp_path: Path) -> None:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute(
                "INSERT INTO workstations (module_id, code, display_name) VALUES (99, 'P', 'P')"
            )
            connection.commit()
        (problem,) = check_database(tmp_path, database, now_ns=5).problems
        assert problem == "workstations row 1: refers to a row of modules that is not there"

    def test_a_missing_one_is_an_error_and_an_alarm(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="is not there; bring a backup back"):
            check_database(tmp_path, tmp_path / "lbzf.db", now_ns=5)
        assert "is not there" in backup_status(tmp_path).integrity.problems[0]


class TestStatus:
    def test_nothing_yet(self, tmp_path: Path) -> None:
        status = backup_status(tmp_path)
        assert status.backup_age_h(MORNING_NS) is None
        assert alarms(status, SETTINGS, now_ns=MORNING_NS, since_ns=MORNING_NS) == ()
        assert alarms(status, SETTINGS, now_ns=MORNING_NS) == (
            "no backup yet",
            "continuous copies stand still: none was made",
        )

    def test_a_backup_is_too_old_after_26_hours(self, database: Path, tmp_path: Path) -> None:
        settings = BackupSettings(continuous=False)
        make(database)
        hour_ns = 3600 * NS_PER_S
        assert alarms(backup_status(tmp_path), settings, now_ns=MORNING_NS + 26 * hour_ns) == ()
        assert alarms(backup_status(tmp_path), settings, now_ns=MORNING_NS + 27 * hour_ns) == (
            "last backup is 27.0 h old",
        )

    def test_a_damaged_file_is_said_and_written_anew(self, folder: Path, tmp_path: Path) -> None:
        update_status(folder, integrity=IntegrityStatus(at_ns=1))
        (folder / "status.json").write_text("{")
        with pytest.raises(StoreError, match="delete it, the next backup writes it anew"):
            backup_status(tmp_path)
        update_status(folder, integrity=IntegrityStatus(at_ns=2))
        assert backup_status(tmp_path).integrity.at_ns == 2

    def test_several_processes_at_once_lose_nothing(self, folder: Path, tmp_path: Path) -> None:
        code = (
            "import sys, pathlib; from lbzf_ros.store.keeping.status import *\n"
            "for n in range(1, 101): update_status(pathlib.Path(sys.argv[1]), **{sys.argv[2]: eval(sys.argv[3])})"
        )
        kinds = {
            "integrity": "IntegrityStatus(at_ns=n)",
            "continuous": "ContinuousStatus(success_ns=n)",
            "backup": "BackupStatus(success_ns=n)",
        }
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(folder), name, value], cwd=ROOT, env=dict(os.environ)
            )
            for name, value in kinds.items()
        ]
        assert [run.wait() for run in runs] == [0, 0, 0]
        status = backup_status(tmp_path)
        assert (status.integrity.at_ns, status.continuous.success_ns, status.backup.success_ns) == (
            100,
            100,
            100,
        )
