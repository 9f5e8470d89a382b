"""The day that a page shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from lbzf_ros.core.indicators.hours import day_of, days_before, parse_day
from web_bridge.routes.parameters import InContext


@dataclass(frozen=True, slots=True)
class Day:
    """A local day of the plant.

    Attributes:
        date: YYYY-MM-DD.
        now_ns: of the page; what comes later has not happened.
        is_today: it runs.
        before: the day before, YYYY-MM-DD.
        after: the day after; None: it has not begun.
    """

    date: str
    now_ns: int
    is_today: bool
    before: str
    after: str | None

    @property
    def before_day(self) -> dt.date:
        """The day before as a date."""
        return parse_day(self.before)

    @property
    def after_day(self) -> dt.date | None:
        """The day after as a date; None: it has not begun."""
        return None if self.after is None else parse_day(self.after)

    @property
    def day(self) -> dt.date:
        """The same as a date."""
        return parse_day(self.date)


def _asked(
    context: InContext,
    day: Annotated[str | None, Query(description="YYYY-MM-DD; today when it is left out.")] = None,
) -> Day:
    """The day that was asked for; a later one than today is today."""
    now_ns = context.clock_ns()
    today = day_of(now_ns, context.time_zone)
    date = today if day is None else min(parse_day(day).isoformat(), today)
    after = None if date == today else days_before(date, -1)
    return Day(date, now_ns, date == today, days_before(date, 1), after)


AskedDay = Annotated[Day, Depends(_asked)]
