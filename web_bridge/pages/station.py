"""`/stations/{module}`: the stations of a module at a glance; `/stations/{module}/{station}`: the day of one."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from lbzf_ros.core.indicators.hours import local_day
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.day.values import StationCycle, StationDay
from lbzf_ros.store.people.thresholds import thresholds_of
from lbzf_ros.store.reader import CycleFilter
from lbzf_ros.store.rows import CycleRow
from web_bridge.pages import plant
from web_bridge.pages.cycle import OBSERVATION_KINDS
from web_bridge.pages.days import AskedDay
from web_bridge.pages.reader import reader_of
from web_bridge.pages.rendering import render
from web_bridge.pages.routing import page_router
from web_bridge.routes.parameters import InContext, InDatabase, People

router = page_router()
ROWS = 30
"""Cycles in the table at once; the chart has all of them."""


@router.get("/stations/{module}")
def stations(request: Request, context: InContext, module: str, day: AskedDay) -> HTMLResponse:
    """Every station's day in one line, in line order."""
    reader = reader_of(request)
    found = plant.module(context, reader, module)
    return render(
        request,
        "stations.html",
        here="stations",
        module=found.code,
        name=found.display_name,
        day=day,
        figures=context.days.module_day(found.code, day.date, now_ns=day.now_ns),
        balance=context.days.balance(found.code, day.date, now_ns=day.now_ns),
    )


@router.get("/stations/{module}/{station}")
def station(
    request: Request,
    context: InContext,
    database: InDatabase,
    people: People,
    module: str,
    station: str,
    day: AskedDay,
    skip: Annotated[
        int, Query(ge=0, le=10_000, description="So many of the newest cycles are not shown.")
    ] = 0,
) -> HTMLResponse:
    """The day of a station: its cycles against the SAM, how they are spread, what was rejected, what was lost."""
    reader = reader_of(request)
    found = plant.module(context, reader, module)
    from_ns, to_ns = local_day(day.date, context.time_zone)
    line = plant.stations(context, found.code)
    row = plant.station(line, found.code, station)
    place = line.index(row)
    figures = context.days.station_day(found.code, row.code, day.date, now_ns=day.now_ns)
    newest = figures.cycles[::-1]
    return render(
        request,
        "station.html",
        here="stations",
        module=found.code,
        name=row.display_name,
        module_name=found.display_name,
        station=row,
        earlier=line[place - 1] if place else None,
        later=line[place + 1] if place + 1 < len(line) else None,
        day=day,
        figures=figures,
        codes=[code for code in people.lost_time_codes() if code.active],
        observations=people.observations_at(
            module=found.code, workstation=row.code, from_ns=from_ns, to_ns=to_ns
        ),
        kinds=OBSERVATION_KINDS,
        shown=newest[skip : skip + ROWS],
        rejected=_rejected(context, found.code, row.code, from_ns, to_ns),
        skip=skip,
        more=skip + ROWS if len(newest) > skip + ROWS else None,
        fewer=max(0, skip - ROWS) if skip else None,
        chart=_chart(figures),
        thresholds=thresholds_of(
            database.reading, module=found.code, defaults=context.rules.thresholds
        ).thresholds,
    )


def _rejected(
    context: InContext, module: str, station: str, from_ns: int, to_ns: int
) -> tuple[CycleRow, ...]:
    """The newest cycles of a day that do not count."""
    which = CycleFilter(module=module, workstation=station, from_ns=from_ns, to_ns=to_ns)
    return context.reader.rejected(which, limit=ROWS).items


def _chart(figures: StationDay) -> str:
    """What the charts of the page draw, as JSON."""
    return json.dumps(
        {
            "sam_s": figures.figures.sam_s,
            "min_s": figures.min_cycle_s,
            "max_s": figures.max_cycle_s,
            "cycles": [_point(cycle) for cycle in figures.cycles],
            "histogram": None
            if figures.histogram is None
            else {"edges_s": figures.histogram.edges_s, "counts": figures.histogram.counts},
        },
        separators=(",", ":"),
    )


def _point(cycle: StationCycle) -> tuple[int, float, str, str]:
    """Start in ms since the epoch, seconds, first letter of the quality, uid."""
    return (
        cycle.start_ns * 1000 // NS_PER_S,
        round(cycle.duration_s, 1),
        cycle.quality[:1],
        cycle.event_uid,
    )
