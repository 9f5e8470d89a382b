"""`/modules/{module}`: balance, shift summary, comparison and coverage of a module's day."""

from __future__ import annotations

import json

from fastapi import Request
from starlette.responses import HTMLResponse

from lbzf_ros.reports.day.values import Balance
from web_bridge.pages import plant
from web_bridge.pages.days import AskedDay
from web_bridge.pages.reader import reader_of
from web_bridge.pages.rendering import render
from web_bridge.pages.routing import page_router
from web_bridge.routes.parameters import InContext

router = page_router()


@router.get("/modules/{module}")
def module(request: Request, context: InContext, module: str, day: AskedDay) -> HTMLResponse:
    """The day of a module."""
    found = plant.module(context, reader_of(request), module)
    summary = context.days.summary(found.code, day.date, now_ns=day.now_ns)
    return render(
        request,
        "module.html",
        here="module",
        module=found.code,
        name=found.display_name,
        modules=plant.modules(context, reader_of(request)),
        day=day,
        summary=summary,
        totals=summary.totals,
        balance=summary.balance,
        compared=context.days.comparison(found.code, day.date, now_ns=day.now_ns),
        names={one.workstation: one.display_name for one in summary.balance.stations},
        chart=_chart(summary.balance),
    )


def _chart(balance: Balance) -> str:
    """What the Yamazumi chart draws, as JSON."""
    return json.dumps(
        {
            "takt_s": balance.takt_s,
            "bottleneck": balance.bottleneck,
            "stations": [
                {
                    "code": one.workstation,
                    "name": one.display_name,
                    "sam_s": one.sam_s,
                    "median_s": one.spread.median_s if one.spread else None,
                    "p10_s": one.spread.p10_s if one.spread else None,
                    "p90_s": one.spread.p90_s if one.spread else None,
                    "over_takt": one.over_takt,
                }
                for one in balance.stations
            ],
        },
        separators=(",", ":"),
    )
