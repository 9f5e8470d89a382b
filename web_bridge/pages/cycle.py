"""`/cycles/{uid}`: a cycle with its picture, its video, why it was decided so, and what people say about it."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from lbzf_ros.core.indicators.hours import day_of
from lbzf_ros.store.explaining import ExplanationReader
from lbzf_ros.store.timestamps import to_text
from web_bridge.pages import plant
from web_bridge.pages.reader import reader_of
from web_bridge.pages.rendering import render
from web_bridge.pages.routing import page_router
from web_bridge.pages.why import why
from web_bridge.routes.parameters import InContext, InDatabase, People

router = page_router()
OBSERVATION_KINDS = ("other", "data_quality_flag")
"""Kinds that are noted here; a duration is entered by the stopwatch, lost time at its station."""


@router.get("/cycles/{uid}")
def cycle(
    request: Request, context: InContext, database: InDatabase, people: People, uid: UUID
) -> HTMLResponse:
    """One cycle, rejected ones too."""
    reader = reader_of(request)
    row = context.reader.cycle(str(uid))
    if row is None or not reader.may_see(row.module):
        raise HTTPException(404, f"there is no cycle {uid}")
    station = plant.any_station(context, row.module, row.workstation)
    return render(
        request,
        "cycle_page.html",
        here="stations",
        module=row.module,
        row=row,
        date=day_of(row.start_ns, context.time_zone),
        start=to_text(row.start_ns),
        sam_s=station.sam_s if station else None,
        operation=station.operation if station else None,
        why=why(row, ExplanationReader(database.reading).explanation(row.event_uid), reader.words),
        observations=people.observations_of(row.event_uid).items,
        kinds=OBSERVATION_KINDS,
        may_write=reader.role != "executive",
    )
