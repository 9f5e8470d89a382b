"""The whole system as a user starts it: `lbzf up` with a plant file on a fresh data folder."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from test.support.children import ENDS_WITH_US
from test.support.ports import free_port

READY_WITHIN_S = 60.0
STOPS_WITHIN_S = 10.0


@dataclass(frozen=True)
class RunningGraph:
    """A running system."""

    process: subprocess.Popen[bytes]
    url: str
    data: Path
    log_file: Path

    def log(self) -> str:
        """Everything it has printed."""
        return self.log_file.read_text("utf-8", "replace")

    def wait_for(self, what: str, condition: Callable[[], bool], within_s: float) -> None:
        """Wait until a condition holds.

        Raises:
            AssertionError: it did not in time, or the system ended.
        """
        until_s = time.monotonic() + within_s
        while not condition():
            assert self.process.poll() is None, f"the system ended:\n{self.log()}"
            assert time.monotonic() < until_s, f"waited {within_s} s in vain: {what}\n{self.log()}"
            time.sleep(0.2)

    def wait_until_written(self) -> None:
        """Wait until persistence has acknowledged every decision."""
        self.wait_for("all decisions acknowledged", lambda: self._unacknowledged() == 0, 30)

    def kill(self, node: str) -> None:
        """Kill one node of this system with SIGKILL, as soon as it runs."""
        self.wait_for(f"{node} runs and is killed", lambda: self._killed(node), 30)

    def _killed(self, node: str) -> bool:
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # one that ends meanwhile
                if any(word.endswith((f"nodes.{node}", f"{node}.bridge_node")) for word in process.cmdline()):
                    process.kill()
                    return True
        return False

    def _unacknowledged(self) -> int:
        outbox = self.data / "run" / "cycle_tracker.outbox"
        with closing(sqlite3.connect(outbox)) as database:
            return int(database.execute("SELECT count(*) FROM outbox WHERE NOT acknowledged").fetchone()[0])


@contextmanager
def running_graph(plant: Path | None, data: Path, *options: str) -> Iterator[RunningGraph]:
    """Start `lbzf up`, wait until the graph is up, and stop it with Ctrl-C at the end."""
    port = free_port()
    command = [*ENDS_WITH_US, sys.executable, "-m", "lbzf_ros.cli", "up"]
    command += ["--data", str(data), "--port", str(port), *options]
    if plant is not None:
        command += ["--plant", str(plant)]
    data.parent.mkdir(parents=True, exist_ok=True)
    log_file = data.parent / f"{data.name}.up.log"
    with log_file.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},  # see _stop
            start_new_session=True,
        )
        running = RunningGraph(process, f"http://127.0.0.1:{port}", data, log_file)
        try:
            running.wait_for("the graph is up", lambda: answers(f"{running.url}/healthz"), READY_WITHIN_S)
            yield running
        finally:
            _stop(running)


def _stop(running: RunningGraph) -> None:
    process = running.process
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        left = "\n".join(f"  {one.pid} {one.status()} {one.cmdline()[-6:]}" for one in _children(process))
        process.send_signal(signal.SIGABRT)  # it then prints where each of its threads stands
        process.wait(STOPS_WITHIN_S)
        raise AssertionError(
            f"not stopped within {STOPS_WITHIN_S:g} s of Ctrl-C; still there:\n{left}\n{running.log()}"
        ) from None


def _children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def answers(url: str) -> bool:
    """Whether a page answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
