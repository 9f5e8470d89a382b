"""Whether the graph works, for whoever watches over it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from web_bridge.routes.parameters import InContext
from web_bridge.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/healthz", responses={503: {"model": Health, "description": "Something is missing"}})
async def healthz(context: InContext, response: Response) -> Health:
    """200 when every node of the plant has published diagnostics recently, otherwise 503 and what is missing.

    A camera that is off line does not count: the graph works without it.
    """
    health = context.health()
    response.headers["Cache-Control"] = "no-store"
    if health.status != "up":
        response.status_code = 503
    return health
