"""The plant as it is now: stations that were changed since the start count as soon as they stand in the plant file."""

from __future__ import annotations

import threading
from pathlib import Path

from lbzf_ros.config.schema import Plant
from lbzf_ros.config.stations_of import with_stations_of
from lbzf_ros.config.watched import PlantFile
from lbzf_ros.reports.day.rules import DayRules, rules_of


class PresentPlant:
    """The plant that runs, with the stations that its file has now. May be asked from any thread.

    The file is read when it has changed. One that cannot be used changes nothing: persistence, which takes stations
    over into the graph, leaves them as they were too.
    """

    def __init__(self, running: Plant, file: Path | None) -> None:
        """`running`: as it was at the start; `file`: where it stands, None: nowhere, so it never changes."""
        self._running = self._now = running
        self._rules = rules_of(running)
        self._watched = None if file is None else PlantFile(file)
        if self._watched is not None:
            self._watched.forget()  # it may have changed between the start and now
        self._lock = threading.Lock()

    def now(self) -> Plant:
        """The plant."""
        self._look()
        return self._now

    def rules(self) -> DayRules:
        """What figures depend on and the plant file says."""
        self._look()
        return self._rules

    def _look(self) -> None:
        if self._watched is None:
            return
        with self._lock:
            changed = self._watched.changed()
            if isinstance(changed, Plant):
                self._now = with_stations_of(self._running, changed)
                self._rules = rules_of(self._now)
