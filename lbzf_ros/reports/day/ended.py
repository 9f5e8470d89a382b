"""Days that are over: their figures are kept until something changes of which they are made.

The weeks of a trend take a hundred times as long to work out as to find unchanged.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from lbzf_ros.core.indicators.hours import local_day
from lbzf_ros.reports.day.rules import DayRules
from lbzf_ros.reports.day.trend import TrendPart, trend_part
from lbzf_ros.store.day.stamp import stamp
from lbzf_ros.store.hours import MAX_SHIFT_NS

_KEPT = 64
"""Answers: a module's weeks up to yesterday are one, 55 days of some hundred bytes each."""


class EndedDays:
    """What was found for one database and one plant file; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, str, int], tuple[tuple[Any, ...], TrendPart]] = OrderedDict()

    def trend(
        self, connection: Connection, rules: DayRules, module: str, dates: Sequence[str], *, now_ns: int
    ) -> TrendPart:
        """As `trend_part`; of the days that are over only what has changed is worked out again."""
        zone = rules.time_zone
        # A shift that begins on a day is over a day after its end at the latest, entered or not.
        over = [date for date in dates if local_day(date, zone)[1] + MAX_SHIFT_NS <= now_ns]
        rest = trend_part(connection, rules, module, dates[len(over) :], now_ns=now_ns)
        if not over:
            return rest
        span = local_day(over[0], zone)[0], local_day(over[-1], zone)[1] + MAX_SHIFT_NS
        key = module, over[0], len(over)
        made_of = rules.of(module), rules.thresholds, zone, stamp(connection, module, *span)
        with self._lock:
            known = self._found.get(key)
            if known is not None and known[0] == made_of:
                self._found.move_to_end(key)
                return known[1] + rest
        found = trend_part(connection, rules, module, over, now_ns=now_ns)
        with self._lock:
            self._found[key] = made_of, found
            self._found.move_to_end(key)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return found + rest
