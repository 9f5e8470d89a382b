"""The API and the page, free of ROS: put together from a reader, a live state and a data folder."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from lbzf_ros import __version__
from web_bridge import clips
from web_bridge.context import Context
from web_bridge.errors import add_handlers, answers
from web_bridge.middleware import Guard
from web_bridge.page import add_page
from web_bridge.routes import events, health, live, plant, rejected
from web_bridge.schemas import Problem
from web_bridge.stream import Broadcaster

_ABOUT = """Cycles of the stations of a production line, measured by camera.

Times are ISO 8601 in UTC; the unit of a figure is in its name; null means that it is not known. Every list is capped:
give `next_after` back as `after` for the next part. Every error is a problem detail (RFC 9457)."""

_TAGS = [
    {"name": "live", "description": "What is going on now."},
    {"name": "events", "description": "Cycles, also those that do not count."},
    {"name": "plant", "description": "What there is."},
    {"name": "health", "description": "Whether the system works."},
]


def create_app(context: Context) -> FastAPI:
    """The application. `app.state.broadcaster.close()` ends the open streams, so that a server can stop at once."""
    # The usual /docs pages load scripts from the internet, which a plant's network may not reach.
    app = FastAPI(
        title="LBZF",
        version=__version__,
        description=_ABOUT,
        openapi_tags=_TAGS,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    app.state.broadcaster = Broadcaster(context.live, context.look)
    app.include_router(health.router)
    app.include_router(live.router, prefix="/api/v1")
    for router in (events.router, clips.router, rejected.router, plant.router):
        app.include_router(router, prefix="/api/v1", responses=answers(422, 503))
    add_page(app)
    add_handlers(app)
    app.add_middleware(Guard)
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Put the schema of problem details, which no route returns by type, into the OpenAPI description."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        description = generate()
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("Problem", Problem.model_json_schema())
        return description

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
