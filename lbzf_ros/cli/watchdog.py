"""Beside `lbzf up`: tells systemd how it goes. Ready when all nodes work, alive only while they measure."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from lbzf_ros.cli.pulse import Pulse, PulseTaker
from lbzf_ros.cli.sd_notify import Notifier

_EVERY_S = 5.0
_STARTING_EVERY_S = 0.5
_LOOKS_A_PERIOD = 4
"""So often systemd is told within the time that it allows: one look may take long, one may fail."""


class Watchdog:
    """A thread that looks and tells while it is open; none where no systemd listens.

    The thread that keeps the processes must not be able to be told alive by another one while it hangs itself: so each
    of its rounds has to be counted with `beat`, and without one there is no word to the watchdog.
    """

    def __init__(
        self, url: str, data: Path, cameras: Sequence[str], *, notifier: Notifier | None = None
    ) -> None:
        self._notifier = notifier or Notifier()
        self._pulse = PulseTaker(url, data, cameras)
        self._stop, self._beaten = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        if self._notifier.is_heard:
            self._notifier.status("starting")
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._notifier.stopping()

    def beat(self) -> None:
        """The thread that keeps the processes has done a round."""
        self._beaten.set()

    def _run(self) -> None:
        is_ready = False
        while not self._stop.wait(self._pause_s() if is_ready else _STARTING_EVERY_S):
            pulse = self._pulse.take()
            if pulse.is_up and not is_ready:
                is_ready = True
                self._notifier.ready()
            self._tell(pulse, is_ready=is_ready)

    def _tell(self, pulse: Pulse, *, is_ready: bool) -> None:
        is_kept = self._beaten.is_set()
        self._beaten.clear()
        if is_ready and pulse.is_measuring and is_kept:
            self._notifier.alive()
        self._notifier.status(pulse.text if is_kept else f"{pulse.text}; the process manager does not answer")

    def _pause_s(self) -> float:
        limit_s = self._notifier.watchdog_s
        return _EVERY_S if limit_s is None else min(_EVERY_S, limit_s / _LOOKS_A_PERIOD)
