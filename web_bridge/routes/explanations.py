"""Why a cycle was decided as it was."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from lbzf_ros.reports.explain.explained import Explained, explained
from lbzf_ros.reports.explain.story import story
from web_bridge.context import Context
from web_bridge.database import Database
from web_bridge.errors import answers
from web_bridge.in_turn import InTurn
from web_bridge.routes.events import Uid
from web_bridge.routes.parameters import InContext, InDatabase
from web_bridge.schemas.system import Explanation, StoryFigure, StoryLine

router = APIRouter(prefix="/events", tags=["events"])

_drawing = InTurn(6, again_s=3)
"""A picture takes half a second of a core, and matplotlib draws one at a time."""
_KEPT = 32
_drawn: OrderedDict[str, tuple[Explained, bytes]] = OrderedDict()
"""By cycle: what was drawn, 0.2 MB each. Only touched by whoever's turn it is."""
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {}}, "description": "The timeline."}
}


@router.get("/{uid}/explanation", responses=answers(404))
def explanation(context: InContext, database: InDatabase, uid: Uid) -> Explanation:
    """What was seen, which timers ran out, which rule decided, with all figures and their limits."""
    found = _found(context, database, str(uid))
    told = story(found)
    return Explanation(
        event_uid=found.row.event_uid,
        head=list(told.head),
        lines=[StoryLine(at=line.at, where=line.where, text=line.text) for line in told.lines],
        figures=[
            StoryFigure(name=name, value=value, limits=limits, verdict=verdict)
            for name, value, limits, verdict in told.figures
        ],
        notes=list(told.notes),
        has_timeline=found.why is not None,
    )


@router.get("/{uid}/explanation.png", response_class=Response, responses={**answers(404, 503), **_PICTURE})
def timeline(context: InContext, database: InDatabase, uid: Uid) -> Response:
    """The same as a picture."""
    found = _found(context, database, str(uid))
    if found.why is None:
        raise HTTPException(404, f"why cycle {uid} was decided so was not kept")
    with _drawing.turn():
        png = _picture(found)
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def _picture(found: Explained) -> bytes:
    """Drawn now, or before when nothing about the cycle has changed since."""
    # Imported here: matplotlib takes 60 MB, which only those need who look at the pictures.
    from lbzf_ros.reports.explain.timeline import draw

    uid = found.row.event_uid
    known = _drawn.pop(uid, None)
    kept = known if known is not None and known[0] == found else (found, draw(found))
    _drawn[uid] = kept
    while len(_drawn) > _KEPT:
        _drawn.popitem(last=False)
    return kept[1]


def _found(context: Context, database: Database, uid: str) -> Explained:
    if context.reader.cycle(uid) is None:
        raise HTTPException(404, f"there is no cycle {uid}")
    return explained(database.reading, context.data, uid)
