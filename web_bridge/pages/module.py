"""`/modules/{module}`: balance, shift summary, comparison and coverage of a module's day."""

from __future__ import annotations

import json

from fastapi import Request
from starlette.responses import HTMLResponse

from lbzf_ros.core.indicators.hours import days_before, local_day
from lbzf_ros.reports.day.values import Balance, LostTimeEntry
from lbzf_ros.store.people.reading import PeopleReader
from web_bridge.pages import plant
from web_bridge.pages.days import AskedDay, Day
from web_bridge.pages.lists import whole
from web_bridge.pages.reader import reader_of
from web_bridge.pages.rendering import render
from web_bridge.pages.routing import page_router
from web_bridge.routes.parameters import InContext, People

router = page_router()


@router.get("/modules/{module}")
def module(request: Request, context: InContext, people: People, module: str, day: AskedDay) -> HTMLResponse:
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
        lost=_lost(people, found.code, day, context.time_zone),
        codes=[code for code in people.lost_time_codes() if code.active],
        compared=context.days.comparison(found.code, day.date, now_ns=day.now_ns),
        names={one.workstation: one.display_name for one in summary.balance.stations},
        chart=_chart(summary.balance),
    )


def _lost(people: PeopleReader, module: str, day: Day, time_zone: str) -> list[LostTimeEntry]:
    """What the whole module lost on a day, by start. Of what began earlier, that of the day before only."""
    from_ns, to_ns = local_day(day.date, time_zone)
    earlier_ns, _ = local_day(days_before(day.date, 1), time_zone)
    rows = whole(lambda after: people.lost_time(module=module, from_ns=earlier_ns, to_ns=to_ns, after=after))
    return [
        LostTimeEntry(
            id=row.id,
            workstation=None,
            code=row.code,
            display_name=row.code_display_name,
            start_ns=row.start_ns,
            end_ns=row.end_ns,
            notes=row.notes,
        )
        for row in rows
        if row.workstation is None and (row.end_ns is None or row.end_ns > from_ns)
    ]


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
