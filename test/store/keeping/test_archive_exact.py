"""Continuous copies: whatever is restored is exactly what was committed when a step was made."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.keeping import archive as archive_module
from lbzf_ros.store.keeping.archive import Archive
from lbzf_ros.store.keeping.generation import CONTINUOUS, list_generations
from lbzf_ros.store.keeping.pinned_log import PinnedLog
from lbzf_ros.store.keeping.wal import WalHeader
from test.store.keeping.copies import NOW_NS, SMALL, Content, connect, content_of, restored
from test.store.keeping.writing import prepare, written

ROOT = Path(__file__).parents[3]


def fast_folder() -> str | None:
    """Where a test's many small databases need no disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Plant:
    """A database that two writers, a reader and somebody with checkpoints use, and its copier; all from one seed."""

    def __init__(self, scratch: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder, self.database = scratch / "backups", scratch / "lbzf.db"
        self.writers = [connect(self.database, 0.0), connect(self.database, 0.0)]
        self.writers[0].execute("PRAGMA journal_mode = WAL")
        self.writers[0].execute("CREATE TABLE t (n INTEGER, text TEXT)")
        for writer in self.writers:
            writer.execute(
                "PRAGMA cache_size = 5"
            )  # large transactions reach the log before they are committed
            writer.execute("PRAGMA wal_autocheckpoint = 20")
        self.reader = connect(self.database, 0.0)
        self.archive = Archive(self.database, self.folder, SMALL)
        self.now_ns, self.n = NOW_NS, 0
        self.states = [content_of(self.database)]  # that were ever committed, in order
        self.steps: list[tuple[int, Content]] = []

    def act(self) -> None:
        """Somebody does something."""
        actions = [self.write] * 4 + [self.delete, self.vacuum, self.read, self.checkpoint, self.checkpoint]
        try:
            self.chance.choice(actions)()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):  # the copier lets nobody write just now
                raise
        self.states.append(content_of(self.database))

    def write(self) -> None:
        writer = self.chance.choice(self.writers)
        writer.execute("BEGIN IMMEDIATE")
        for _ in range(self.chance.choice([1, 3, 40, 200])):
            self.n += 1
            writer.execute("INSERT INTO t VALUES (?, ?)", (self.n, "x" * (self.n % 900)))
        writer.execute(self.chance.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))

    def delete(self) -> None:
        self.writers[0].execute("DELETE FROM t WHERE n % 2 = 0")

    def vacuum(self) -> None:
        self.writers[0].execute("VACUUM")

    def read(self) -> None:
        if self.reader.in_transaction:
            self.reader.execute("COMMIT")
        else:
            self.reader.execute("BEGIN")
            self.reader.execute("SELECT count(*) FROM t").fetchall()

    def checkpoint(self) -> None:
        mode = self.chance.choice(["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
        self.writers[1].execute(f"PRAGMA wal_checkpoint({mode})").fetchall()

    def crash(self) -> None:
        self.archive.close()
        self.archive = Archive(self.database, self.folder, SMALL)

    def step(self) -> None:
        """A step; what it kept is a state that was committed while it was made."""
        self.now_ns += 60 * NS_PER_S
        self.states = [content_of(self.database)]
        self.archive.step(self.now_ns)
        content = restored(self.folder)
        assert content in self.states
        self.steps.append((self.now_ns + 30 * NS_PER_S, content))

    def close(self) -> None:
        self.archive.close()
        for connection in (*self.writers, self.reader):
            connection.close()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lbzf_ros.store.keeping.pinned_log._PAUSE_S", 0.0)


@contextmanager
def plant(seed: int) -> Iterator[Plant]:
    with tempfile.TemporaryDirectory(dir=fast_folder()) as scratch:
        made = Plant(Path(scratch), seed)
        try:
            yield made
        finally:
            made.close()


@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_any_interleaving_is_restored_exactly(seed: int) -> None:
    """Between the steps everybody acts, checkpoints of others and crashes of the copier included."""
    with plant(seed) as made:
        for _ in range(50):
            made.chance.choice([made.act] * 9 + [made.crash, made.step, made.step])()
        made.step()
        for at_ns, content in made.chance.sample(made.steps, min(3, len(made.steps))):
            assert restored(made.folder, at_ns) == content


@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_any_interleaving_inside_a_step_is_restored_exactly(seed: int) -> None:
    """Others act before and after every look of the copier at the log, and before and after it moves its pin."""
    with plant(seed) as made, pytest.MonkeyPatch.context() as patch:

        class Meddled(PinnedLog):
            def _connect(self) -> sqlite3.Connection:
                made.act()
                return super()._connect()

            def look(self) -> tuple[WalHeader | None, int]:
                made.act()
                found = super().look()
                made.act()
                return found

            @contextmanager
            def next_pin(self) -> Iterator[sqlite3.Connection]:
                made.act()
                with super().next_pin() as pin:
                    made.act()
                    yield pin
                    made.act()
                made.act()

        patch.setattr(archive_module, "PinnedLog", Meddled)
        for _ in range(12):
            made.chance.choice([made.act] * 2 + [made.crash] + [made.step] * 6)()
        made.step()
        for at_ns, content in made.chance.sample(made.steps, min(3, len(made.steps))):
            assert restored(made.folder, at_ns) == content


class Process:
    """A module of this package, running; killed at the end."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._command = [sys.executable, "-m", f"test.store.keeping.{module}", *map(str, arguments)]
        self.lines: list[str] = []
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith("}\n"):
                self.lines.append(line)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        assert self._process.wait() == -signal.SIGKILL, "it ended by itself"
        self._reading.join()


def test_writers_at_full_speed_and_kills_at_random(tmp_path: Path) -> None:
    """Two writers and the copier, each killed with SIGKILL again and again: every moment is restored whole."""
    database, folder = tmp_path / "lbzf.db", tmp_path / "backups"
    prepare(database)
    chance = random.Random(7)
    writers = [Process("writing", database, name) for name in ("persistence", "bridge")]
    copier = Process("archiving", database, folder)
    try:
        for _ in range(5):
            await_lines(copier, chance.randint(1, 8))
            time.sleep(chance.uniform(0, 0.1))  # anywhere in a step
            victims = chance.choice([[copier], [writers[0]], [writers[1]], [copier, writers[0]]])
            for victim in victims:
                victim.kill()
            for victim in victims:
                victim.start()
        await_lines(copier, 8)
    finally:
        for process in (*writers, copier):
            process.kill()
    steps = [json.loads(line) for line in copier.lines]
    assert sum(step["restarted"] for step in steps) >= 3  # the log did begin anew
    assert (
        sum(step["new_base"] for step in steps) >= 2
    )  # and a killed copier could not always prove the chain
    for step in (steps[0], *chance.sample(steps, 8), steps[-1]):
        check_restored(folder, step, tmp_path / "restored.db")


def await_lines(process: Process, count: int) -> None:
    """Until it has written so many lines more."""
    wanted, until_s = len(process.lines) + count, time.monotonic() + 30
    while len(process.lines) < wanted:
        assert time.monotonic() < until_s, "it stands still"
        time.sleep(0.01)


def check_restored(folder: Path, step: dict[str, Any], target: Path) -> None:
    """What is restored of a step holds all that was committed before it, nothing of after it, and nothing torn."""
    generations = [g for g in list_generations(folder / CONTINUOUS) if g.at_ns <= step["until_ns"]]
    generations[-1].restore(target, generations[-1].pieces_until(step["until_ns"]))
    with closing(connect(target)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = written(connection)
    for name, n in found.items():
        assert step["low"].get(name, 0) <= n <= step["high"][name]
    assert found.keys() >= step["low"].keys()
