"""Durations of a module's cycles, hour by hour: those of an hour that is over are read once.

A day has thousands of them, each in a place of its own in the file, and of a day that runs only the last hour changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.shifts import PlannedHour
from lbzf_ros.store.day.made import durations
from lbzf_ros.store.day.stamp import stamp_of_entries

_KEPT = 256
"""Hours of a module, 27 kB each (21 stations)."""

ByStation = Mapping[int, Sequence[float]]
"""Seconds, by row id."""


class Durations:
    """What was found in one database; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[Any, ...], tuple[Any, ByStation]] = OrderedDict()

    def read(
        self, connection: Connection, facts: Facts, hours: Sequence[PlannedHour], bands: Sequence[str]
    ) -> ByStation:
        """Of all finished cycles of some quality bands in hours of the plan, until now."""
        entered = stamp_of_entries(connection, facts.module.code)
        stations = [one.id for one in facts.stations]
        found = defaultdict[int, list[float]](list)
        rest = []
        for hour in hours:
            if hour.span[1] > facts.now_ns:
                if hour.span[0] < facts.now_ns:
                    rest.append(hour.elapsed(facts.now_ns))
                continue
            # A cycle that comes or goes changes the units of its hour; to correct one is an entry.
            made_of = entered, [facts.made_in(station, hour.span) for station in stations]
            for station, values in self._of(connection, stations, hour, bands, made_of).items():
                found[station] += values
        for station, values in durations(connection, stations, rest, bands).items():
            found[station] += values
        return found

    def _of(
        self,
        connection: Connection,
        stations: Sequence[int],
        hour: PlannedHour,
        bands: Sequence[str],
        made_of: Any,
    ) -> ByStation:
        key = (*stations, *hour.span, *bands)
        with self._lock:
            known = self._found.get(key)
            if known is not None and known[0] == made_of:
                self._found.move_to_end(key)
                return known[1]
        values = durations(connection, stations, [hour.span], bands)
        with self._lock:
            self._found[key] = made_of, values
            self._found.move_to_end(key)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return values
