"""Run the steps of the preparation: a progress line each, everything they print in a log. Standard library only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_TAIL_LINES = 15
_TICK_S = 0.5
_KILL_AFTER_S = 5.0


class StepError(Exception):
    """A step failed; the text says what to do."""


class Steps:
    """Shows which step is running and for how long, and keeps what its commands print."""

    def __init__(self, log: Path, held: int) -> None:
        """Start an empty log.

        Args:
            log: gets the output of all commands.
            held: file descriptor that every command inherits. It holds the lock: should this process be killed,
                the next one waits until the commands that it left behind have ended.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        self.log = log
        self._held = held
        self._title, self._began_s = "", 0.0

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a step while it runs and how long it took."""
        self._title, self._began_s = title, time.monotonic()
        self._show("…")
        try:
            yield
        except BaseException:
            self._show("failed", end="\n")
            raise
        self._show("done", end="\n")

    def run(self, command: list[str], *, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
        """Run one command of the current step.

        Raises:
            StepError: it could not be started or its exit status is not 0; the text holds the end of its output.
        """
        with self.log.open("a") as log:
            log.write(f"\n$ {' '.join(command)}\n")
            log.flush()
            start = log.tell()
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=env,
                    cwd=cwd,
                    start_new_session=True,  # Ctrl-C reaches this process only, which then ends the whole group
                    pass_fds=[self._held],
                )
            except OSError as error:
                raise StepError(f"step '{self._title}' failed: {command[0]}: {error.strerror}") from None
            try:
                status = self._wait(process)
            except BaseException:
                _end(process)
                raise
        if status:
            raise StepError(self._failure(start, status))

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        while True:
            try:
                return process.wait(_TICK_S)
            except subprocess.TimeoutExpired:
                self._show("…")

    def _failure(self, start: int, status: int) -> str:
        with self.log.open("rb") as log:
            log.seek(start)
            lines = log.read().decode("utf-8", "replace").rstrip().splitlines()
        tail = "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
        return f"step '{self._title}' failed (exit status {status}):\n{tail}\nThe whole log: {self.log}"

    def _show(self, state: str, end: str = "") -> None:
        """On a terminal one line that is rewritten; elsewhere a line when the step has ended."""
        line = f"  {self._title:<42} {state:<6} {time.monotonic() - self._began_s:5.0f} s"
        if sys.stdout.isatty():
            print(f"\r{line}", end=end, flush=True)
        elif end:
            print(line, flush=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and everything it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_KILL_AFTER_S)
