"""Beside persistence: continuous copies in a thread of their own, and what the keeping of data has to report."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from pathlib import Path

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.identity import begun_ns
from lbzf_ros.store.keeping.archive import Archive
from lbzf_ros.store.keeping.report import maintenance_alarms
from lbzf_ros.store.keeping.status import BACKUPS, KeepingStatus, alarms, backup_status

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 30.0
_FIRST_AFTER_S = 2.0
"""Soon, so that the log of a process that was killed is still there to go on from; not while the graph starts."""
_STOPS_WITHIN_S = 1.0


class Keeper:
    """Makes continuous copies while it is open, and looks now and then how backups and maintenance went.

    It uses the wall clock of the machine: minutes of keeping are not minutes of a replay.
    """

    def __init__(self, data: Path, settings: BackupSettings) -> None:
        """Begin at once, if continuous copies are wanted."""
        self._data, self._settings = data, settings
        self._stop = threading.Event()
        self._looked_s = -_LOOK_EVERY_S
        self._facts: tuple[tuple[str, ...], dict[str, str]] = ((), {})
        self._thread = threading.Thread(target=self._run, name="continuous copies", daemon=True)
        if settings.continuous:
            self._thread.start()

    def close(self) -> None:
        """Stop. A copy that is being made is left unfinished; the next process goes on or begins anew."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOPS_WITHIN_S)

    def look(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """What somebody has to look at, one line each; and the ages of the copies, for /diagnostics."""
        if time.monotonic() - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = time.monotonic()
            self._facts = self._read()
        return self._facts

    def _read(self) -> tuple[tuple[str, ...], dict[str, str]]:
        now_ns = time.time_ns()
        try:
            status = backup_status(self._data)
        except StoreError as error:
            return (str(error),), {}
        found = alarms(status, self._settings, now_ns=now_ns, since_ns=begun_ns(self._data))
        return (*found, *maintenance_alarms(self._data)), _ages(status, self._settings, now_ns)

    def _run(self) -> None:
        archive = Archive(self._data / DATABASE_NAME, self._data / BACKUPS, self._settings)
        pause_s = _FIRST_AFTER_S
        while not self._stop.wait(pause_s):
            pause_s = self._settings.continuous_every_s
            try:
                archive.step(time.time_ns())
            except StoreError as error:  # the status says it, and so do the diagnostics
                _LOG.warning("continuous copies: %s", error)
        with contextlib.suppress(StoreError):
            archive.step(time.time_ns())
        archive.close()


def _ages(status: KeepingStatus, settings: BackupSettings, now_ns: int) -> dict[str, str]:
    def ago(success_ns: int) -> str:
        return f"{(now_ns - success_ns) / 1e9:.0f} s ago" if success_ns else "never"

    ages = {"backup": ago(status.backup.success_ns)}
    if settings.second_place:
        ages["second_place"] = ago(status.second_place.success_ns)
    if settings.continuous:
        ages["continuous_copy"] = ago(status.continuous.success_ns)
    return ages
