"""Days that are over: their figures are kept until something changes of which they are made.

The weeks of a trend take a hundred times as long to work out as to find unchanged. They are kept in blocks of the
calendar, so that trends of other lengths and up to other days find them too.
"""

from __future__ import annotations

import datetime as dt
import functools
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection

from lbzf_ros.core.indicators.hours import day_of, days_before, local_day, parse_day
from lbzf_ros.core.indicators.spans import Span
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.day.rules import DayRules
from lbzf_ros.reports.day.trend import TrendPart, trend_part
from lbzf_ros.store.day.stamp import stamp_of_entries, stamps
from lbzf_ros.store.hours import MAX_SHIFT_NS

_BLOCK_DAYS = 7
_FIRST = dt.date(2000, 1, 1)
_KEPT = 512
"""Blocks of a module, 7 days of some hundred bytes each."""
_SPANS_KEPT = 64
LOOK_AGAIN_NS = 60 * NS_PER_S
"""So late it is noticed that something came to be measured in days that are over; what people enter, at once."""


class _Marks(NamedTuple):
    entered: tuple[Any, ...]
    at_ns: int
    marks: list[Any]


class EndedDays:
    """What was found for one database and one plant file; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, str, int], tuple[tuple[Any, ...], TrendPart]] = OrderedDict()
        self._looked_at: OrderedDict[tuple[str, tuple[Span, ...]], _Marks] = OrderedDict()

    def trend(
        self, connection: Connection, rules: DayRules, module: str, dates: Sequence[str], *, now_ns: int
    ) -> TrendPart:
        """As `trend_part`, of those first days that are over; only what has changed is worked out again."""
        zone = rules.time_zone
        wanted, blocks, spans = _calendar(tuple(dates), _last_over(zone, now_ns), zone)
        made_of = [
            (rules.of(module), rules.thresholds, zone, mark)
            for mark in self._marks(connection, module, spans, now_ns)
        ]
        keys = [(module, days[0], len(days)) for days in blocks]
        parts = [self._kept(key, made) for key, made in zip(keys, made_of, strict=True)]
        new = [place for place, part in enumerate(parts) if part is None]
        if new:  # from the first to the last at once: each time there is much to read before the first day
            first, last = new[0], new[-1] + 1
            days = [date for block in blocks[first:last] for date in block]
            worked_out = trend_part(connection, rules, module, days, now_ns=now_ns)
            at = 0
            for place in range(first, last):
                parts[place] = part = worked_out.cut(at, at + len(blocks[place]))
                at += len(blocks[place])
                self._keep(keys[place], made_of[place], part)
        found = TrendPart()
        for asked, block, whole in zip(wanted, blocks, parts, strict=True):
            assert whole is not None  # each was kept, or worked out
            begin = block.index(asked[0])
            found += whole.cut(begin, begin + len(asked))
        return found

    def _marks(self, connection: Connection, module: str, spans: list[Span], now_ns: int) -> list[Any]:
        """What tells whether anything has changed in each span."""
        entered = stamp_of_entries(connection, module)
        if entered is None:  # no such module: whoever works it out will say so
            return [()] * len(spans)
        key = module, tuple(spans)
        with self._lock:
            known = self._looked_at.get(key)
        if known and known.entered == entered and 0 <= now_ns - known.at_ns < LOOK_AGAIN_NS:
            return known.marks
        marks = [(*entered, *mark) for mark in stamps(connection, module, spans)]
        with self._lock:
            self._looked_at[key] = _Marks(entered, now_ns, marks)
            self._looked_at.move_to_end(key)
            while len(self._looked_at) > _SPANS_KEPT:
                self._looked_at.popitem(last=False)
        return marks

    def _kept(self, key: tuple[str, str, int], made_of: tuple[Any, ...]) -> TrendPart | None:
        with self._lock:
            known = self._found.get(key)
            if known is None or known[0] != made_of:
                return None
            self._found.move_to_end(key)
            return known[1]

    def _keep(self, key: tuple[str, str, int], made_of: tuple[Any, ...], found: TrendPart) -> None:
        with self._lock:
            self._found[key] = made_of, found
            self._found.move_to_end(key)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)


def _last_over(zone: str, now_ns: int) -> str:
    """The last day that is over: a shift that begins on a day ends a day after it at the latest, entered or not."""
    return days_before(day_of(now_ns - MAX_SHIFT_NS, zone), 1)


class _Calendar(NamedTuple):
    """Days that were asked for, and the blocks in which they are, with their spans, as far as they are over."""

    wanted: list[list[str]]
    blocks: list[list[str]]
    spans: list[Span]


@functools.lru_cache(maxsize=_SPANS_KEPT)
def _calendar(dates: tuple[str, ...], last: str, zone: str) -> _Calendar:
    wanted = list(_blocks([date for date in dates if date <= last]))
    blocks = [[date for date in _block_of(days[0]) if date <= last] for days in wanted]
    spans = [(local_day(days[0], zone)[0], local_day(days[-1], zone)[1] + MAX_SHIFT_NS) for days in blocks]
    return _Calendar(wanted, blocks, spans)


def _blocks(dates: Sequence[str]) -> Iterator[list[str]]:
    """Days that follow each other, cut where blocks of the calendar begin."""
    for _, days in groupby(dates, lambda date: parse_day(date).toordinal() // _BLOCK_DAYS):
        yield list(days)


def _block_of(date: str) -> list[str]:
    """All days of a block that can be."""
    first = parse_day(date).toordinal() // _BLOCK_DAYS * _BLOCK_DAYS
    days = range(max(first, _FIRST.toordinal()), first + _BLOCK_DAYS)
    return [dt.date.fromordinal(day).isoformat() for day in days]
