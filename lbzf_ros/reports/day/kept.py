"""Days of modules are kept until something changes of which their figures are made, so that each is worked out once.

A day that is over stays the same as time goes on. Today is kept for moments: pages of several people, and the parts of
one page, ask the same within them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from lbzf_ros.core.indicators.spans import HOUR_NS, Span
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.day.chosen import Chosen, choose
from lbzf_ros.reports.day.durations import Durations
from lbzf_ros.reports.day.rules import DayRules
from lbzf_ros.reports.day.values import ShiftSource
from lbzf_ros.store.day.stamp import stamp_of_day
from lbzf_ros.store.hours import MAX_SHIFT_NS

NOW_KEPT_NS = 5 * NS_PER_S
"""So long a day that runs is kept when nothing changes. Its minutes are those of when it was worked out."""
_SETTLED_NS = 4 * HOUR_NS
"""So long after its end a day may still change by itself: the last piece of video counts as not entered yet."""
_FOR_EVER = 2**63
_KEPT = 128
"""Days of a module, 0.25 MB each (21 stations): today of several modules with what each is compared with."""


@dataclass(frozen=True, slots=True)
class _Kept:
    made_of: tuple[Any, ...]
    from_ns: int
    until_ns: int
    chosen: Chosen


class KeptDays:
    """What was found for one database and one plant file; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, str, str | None, bool], _Kept] = OrderedDict()
        self._durations = Durations()

    def choose(
        self,
        connection: Connection,
        rules: DayRules,
        module: str,
        date: str,
        shift: str | None,
        now_ns: int,
        for_ns: int = 0,
    ) -> Chosen:
        """As `chosen.choose`; the one from before when it would come out the same, or now is hardly later.

        `for_ns`: so much later too the one from before must do.
        """
        for settled in (True, False):
            key = module, date, shift, settled
            with self._lock:
                known = self._found.get(key)
            if known is None or not known.from_ns <= now_ns < known.until_ns - for_ns:
                continue
            if known.made_of == _made_of(connection, rules, module, known.chosen.facts.span):
                self._keep(key, known)
                return known.chosen
        chosen = choose(connection, rules, module, date, shift, now_ns, self._durations)
        over_ns = _settled_ns(chosen)
        settled = over_ns <= now_ns
        made_of = _made_of(connection, rules, module, chosen.facts.span)
        span = (over_ns, _FOR_EVER) if settled else (now_ns, now_ns + NOW_KEPT_NS)
        self._keep((module, date, shift, settled), _Kept(made_of, *span, chosen))
        return chosen

    def _keep(self, key: tuple[str, str, str | None, bool], found: _Kept) -> None:
        with self._lock:
            self._found[key] = found
            self._found.move_to_end(key)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)


def _made_of(connection: Connection, rules: DayRules, module: str, span: Span) -> tuple[Any, ...]:
    return (
        rules.of(module),
        rules.thresholds,
        rules.time_zone,
        stamp_of_day(connection, module, *span),
    )


def _settled_ns(chosen: Chosen) -> int:
    """From when on the time that it is makes no difference any more to what was found."""
    ends = [
        shift.start_ns + MAX_SHIFT_NS
        for shift in chosen.day.shifts
        if not shift.end_known and shift.source is ShiftSource.ENTERED  # nobody has closed it
    ]
    return max(chosen.facts.span[1], *ends, 0) + _SETTLED_NS
