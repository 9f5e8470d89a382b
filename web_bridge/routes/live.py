"""The present state, once and as a stream."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from web_bridge.errors import answers
from web_bridge.routes.parameters import InContext
from web_bridge.schemas import Live
from web_bridge.stream import Broadcaster

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
async def live(context: InContext, response: Response) -> Live:
    """Everything that the live page shows, now."""
    response.headers["Cache-Control"] = "no-store"
    return context.look()


@router.get("/stream", response_class=StreamingResponse, responses={**_STREAM, **answers(503)})
async def stream(request: Request) -> StreamingResponse:
    """The same, first whole and then each change, as long as the connection lasts."""
    broadcaster: Broadcaster = request.app.state.broadcaster
    return StreamingResponse(
        broadcaster.open(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
