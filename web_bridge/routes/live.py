"""The present state, once and as a stream."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from web_bridge.errors import answers
from web_bridge.routes.parameters import InContext, Who
from web_bridge.schemas import Live
from web_bridge.stream import Broadcaster
from web_bridge.view import within

router = APIRouter(prefix="/live", tags=["live"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events. `snapshot`: a `Live`. Then, whenever it changes: `plant`, `graph`, "
        "`camera`, `state`, `cycles`: the same part of a `Live`, replacing the one with the same `label` or `module` "
        "and `workstation`. `clock`: nothing has changed.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("")
async def live(context: InContext, who: Who, response: Response) -> Live:
    """Everything that the live page shows, now; of the modules that one may see."""
    response.headers["Cache-Control"] = "no-store"
    return within(context.look(), who.modules)


@router.get("/stream", response_class=StreamingResponse, responses={**_STREAM, **answers(503)})
async def stream(request: Request, who: Who) -> StreamingResponse:
    """The same, first whole and then each change, as long as the connection lasts."""
    broadcaster: Broadcaster = request.app.state.broadcaster
    return StreamingResponse(
        broadcaster.open(who.modules),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
