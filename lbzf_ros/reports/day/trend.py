"""Efficiency of a module over many days."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from lbzf_ros.core.indicators.formulas import efficiency_percent, percent
from lbzf_ros.core.indicators.hours import day_of, local_day
from lbzf_ros.core.indicators.spans import Span, length_ns, minutes
from lbzf_ros.reports.day.board import cameras_of, crews
from lbzf_ros.reports.day.facts import Facts, read_facts
from lbzf_ros.reports.day.observed import Observed
from lbzf_ros.reports.day.rules import DayRules
from lbzf_ros.reports.day.shifts import DayPlan
from lbzf_ros.reports.day.totals import module_totals
from lbzf_ros.reports.day.values import ModuleTotals, TrendDay
from lbzf_ros.store.day import entered
from lbzf_ros.store.day.seen import video_minutes


class _Sum(NamedTuple):
    productive: float
    operator: float


class TrendPart(NamedTuple):
    """Some days of a trend with their totals."""

    days: tuple[TrendDay, ...] = ()
    totals: tuple[ModuleTotals, ...] = ()

    def __add__(self, other: TrendPart) -> TrendPart:  # type: ignore[override]  # not as tuples do
        """The days of both."""
        return TrendPart(self.days + other.days, self.totals + other.totals)

    def cut(self, first: int, end: int) -> TrendPart:
        """The days from one place on and before another."""
        return TrendPart(self.days[first:end], self.totals[first:end])


def trend_part(
    connection: Connection, rules: DayRules, module: str, dates: Sequence[str], *, now_ns: int
) -> TrendPart:
    """Days that follow each other; none of none.

    Raises:
        InvalidValue: a day cannot be.
        NotThere: no such module.
    """
    if not dates:
        return TrendPart()
    return part_of(connection, read_facts(connection, rules, module, dates, now_ns=now_ns, outputs_only=True))


def part_of(connection: Connection, facts: Facts) -> TrendPart:
    """The same of facts that have been read."""
    plans, zone = facts.plans, facts.time_zone
    start, end = local_day(plans[0].date, zone)[0], local_day(plans[-1].date, zone)[1]
    times = entered.entries_of(connection, json.dumps(["engineer"]), start, end)
    entries = Counter(day_of(time, zone) for time in times)
    low = _low_days(connection, facts, plans)
    totals = tuple(day_totals(facts, day) for day in plans)
    days = tuple(
        TrendDay(
            date=day.date,
            efficiency_percent=one.efficiency_percent if one.real or one.operator_minutes else None,
            real=one.real,
            meta=one.meta,
            percent=one.percent,
            coverage_low=day.date in low,
            engineer_entries=entries.get(day.date, 0),
        )
        for day, one in zip(plans, totals, strict=True)
    )
    return TrendPart(days, totals)


def day_totals(facts: Facts, day: DayPlan) -> ModuleTotals:
    """Totals of a day without what a trend does not show: rejections, coverage, units outside of shifts, the clock."""
    nothing_seen = Observed({}, now_ns=facts.now_ns, min_percent=0)
    people = crews(facts, day)
    return module_totals(facts, day, None, people, nothing_seen, rejected={}, outside=0, clock_not_kept=0)


def mean_efficiency(totals: Sequence[ModuleTotals]) -> float | None:
    """Productive minutes of all days on which both are known, of their operator minutes; None: there is no such day."""
    known = [
        _Sum(one.productive_minutes, one.operator_minutes)
        for one in totals
        if one.productive_minutes is not None and one.operator_minutes is not None
    ]
    if not known:
        return None
    return efficiency_percent(sum(one.productive for one in known), sum(one.operator for one in known))


def _low_days(connection: Connection, facts: Facts, plans: Sequence[DayPlan]) -> set[str]:
    """Days of whose scheduled minutes too few were seen; days of which nothing is known, and today, are not in it."""
    cameras = [camera for camera in cameras_of(facts) if camera is not None]
    passed: dict[str, list[Span]] = {
        day.date: day.spans() for day in plans if day.shifts and day.shifts[-1].end_ns <= facts.now_ns
    }
    found = video_minutes(connection, set(cameras), [span for spans in passed.values() for span in spans])
    low = set()
    for date, spans in passed.items():
        seen = [sum(found.get((camera, span), 0.0) for span in spans) for camera in cameras]
        share = percent(sum(seen), len(seen) * minutes(length_ns(spans)))
        if any(seen) and share is not None and share < facts.thresholds.min_coverage:
            low.add(date)
    return low
