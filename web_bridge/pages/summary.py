"""`/summary`: the executive's page. For each module one number, one trend, and whether the engineer is on it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import HTMLResponse

from lbzf_ros.core.indicators.hours import day_of, parse_day
from lbzf_ros.core.indicators.status import Status, Thresholds
from lbzf_ros.reports.day.values import Activity, ModuleTotals, Trend
from lbzf_ros.store.rows import ModuleRow
from web_bridge.context import Context
from web_bridge.pages import plant
from web_bridge.pages.days import AskedDay, Day
from web_bridge.pages.reader import reader_of
from web_bridge.pages.rendering import render
from web_bridge.pages.routing import page_router
from web_bridge.routes.parameters import InContext

router = page_router()
_TREND_DAYS = 28
_WEEK_NS = 7 * 24 * 3600 * 1_000_000_000
_SAME = 1.0
"""Percentage points: four weeks that differ by less are called the same."""


@dataclass(frozen=True, slots=True)
class ModuleLine:
    """What the page says of a module; `chart` is JSON."""

    row: ModuleRow
    totals: ModuleTotals
    trend: Trend
    thresholds: Thresholds
    chart: str

    @property
    def low_days(self) -> list[dt.date]:
        """Days of which too little was seen for their figure to be compared."""
        return [parse_day(one.date) for one in self.trend.days if one.coverage_low]

    @property
    def status(self) -> Status:
        """Of the efficiency today."""
        return self.totals.efficiency_status

    @property
    def direction(self) -> str:
        """up, down, same, or unknown: these four weeks against the four before."""
        now, before = self.trend.mean_percent, self.trend.before_percent
        if now is None or before is None:
            return "unknown"
        if abs(now - before) < _SAME:
            return "same"
        return "up" if now > before else "down"

    @property
    def difference(self) -> float | None:
        """The same in percentage points, without its sign."""
        now, before = self.trend.mean_percent, self.trend.before_percent
        return None if now is None or before is None else abs(now - before)


@router.get("/summary")
def summary(request: Request, context: InContext, day: AskedDay) -> HTMLResponse:
    """How the modules are doing."""
    reader = reader_of(request)
    modules = plant.modules(context, reader)
    activity = context.days.activity(from_ns=day.now_ns - _WEEK_NS, to_ns=day.now_ns)
    return render(
        request,
        "summary.html",
        here="summary",
        module=modules[0].code if modules else None,
        day=day,
        lines=_lines(context, modules, day),
        activity=activity,
        was_active_today=_on(activity, day, context.time_zone),
    )


def _lines(context: Context, modules: list[ModuleRow], day: Day) -> list[ModuleLine]:
    codes = [row.code for row in modules]
    found = context.days.trends_and_boards(codes, day.date, now_ns=day.now_ns, days=_TREND_DAYS)
    return [
        ModuleLine(row, board.totals, trend, board.thresholds, _chart(trend))
        for row, (trend, board) in zip(modules, found, strict=True)
    ]


def _chart(trend: Trend) -> str:
    points = [
        {"date": one.date, "percent": one.efficiency_percent, "low": one.coverage_low} for one in trend.days
    ]
    return json.dumps(points, separators=(",", ":"))


def _on(activity: Activity, day: Day, time_zone: str) -> bool:
    return activity.last_ns is not None and day_of(activity.last_ns, time_zone) == day.date
