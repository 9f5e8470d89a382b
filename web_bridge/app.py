"""The API and the page, free of ROS: put together from a reader, a live state and a data folder."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from lbzf_ros import __version__
from web_bridge import clips, openapi
from web_bridge.access.gate import Gate
from web_bridge.access.login import Door
from web_bridge.access.scope import module_of
from web_bridge.context import Context
from web_bridge.database import Database
from web_bridge.errors import add_handlers, answers
from web_bridge.etag import ETags
from web_bridge.metrics import Counted, Metrics
from web_bridge.middleware import Guard
from web_bridge.page import add_pages
from web_bridge.routes import (
    bags,
    entries,
    events,
    explanations,
    exports,
    figures,
    health,
    live,
    lost_time,
    metrics,
    people,
    plans,
    plant,
    rejected,
    sight,
    zones,
)
from web_bridge.stream import Broadcaster

_COMPRESS_FROM_BYTES = 1000
_COMPRESS_LEVEL = 5
"""9 takes three times as long for 2 % less."""

_TOPICS = (
    events,
    explanations,
    exports,
    bags,
    clips,
    rejected,
    plant,
    figures,
    people,
    plans,
    lost_time,
    entries,
    zones,
    sight,
)


def create_app(context: Context) -> FastAPI:
    """The application. `app.state.broadcaster.close()` ends the open streams, so that a server can stop at once."""
    # The usual /docs pages load scripts from the internet, which a plant's network may not reach.
    app = FastAPI(
        title="LBZF",
        version=__version__,
        description=openapi.ABOUT,
        openapi_tags=openapi.TAGS,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    app.state.database = Database(context.data)
    app.state.broadcaster = Broadcaster(context.live, context.look)
    app.include_router(health.router)
    app.include_router(live.router, prefix="/api/v1")
    app.include_router(health.system, prefix="/api/v1")
    app.include_router(metrics.router, prefix="/api/v1")
    for topic in _TOPICS:
        app.include_router(topic.router, prefix="/api/v1", responses=answers(422, 503))
    add_pages(app)
    Door(context.access).add_to(app)
    add_handlers(app)
    app.state.metrics = Metrics(context, app.state.broadcaster)
    app.add_middleware(ETags)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=_COMPRESS_FROM_BYTES,
        compresslevel=_COMPRESS_LEVEL,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream"),  # bags
    )
    database: Database = app.state.database
    app.add_middleware(
        Gate, access=context.access, module_of=lambda kind, key: module_of(database.reading, kind, key)
    )
    app.add_middleware(Guard)
    app.add_middleware(Counted, metrics=app.state.metrics)
    openapi.describe(app)
    return app
