"""The pages and the static files that they need."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from web_bridge.pages import admin, board, cycle, entry, module, station, summary, zones

FOLDER = Path(__file__).parent / "dashboard"


def add_pages(app: FastAPI) -> None:
    """Serve the pages and their static files."""
    for topic in (board, station, module, cycle, entry, summary, zones, admin):
        app.include_router(topic.router)
    app.mount("/static", _Static(directory=FOLDER / "static"), name="static")


class _Static(StaticFiles):
    """Files that a browser asks for again each time: after an update nobody sees half of the old page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
