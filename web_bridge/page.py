"""The page at `/`: one HTML file whose words come from a catalogue, and the static files beside it."""

from __future__ import annotations

import html
import json
import string
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "dashboard"
LANGUAGE = "es-CO"


def texts(language: str) -> dict[str, str]:
    """Every text of the page in a language, by key."""
    catalogue: dict[str, str] = json.loads(
        (FOLDER / "static" / "texts" / f"{language}.json").read_text("utf-8")
    )
    return catalogue


def page(language: str) -> str:
    """The page's HTML in a language.

    Raises:
        KeyError: the catalogue lacks a text that the page has.
    """
    words = {key: html.escape(text) for key, text in texts(language).items()}
    template = string.Template((FOLDER / "index.html").read_text("utf-8"))
    return template.substitute(words, language=language)


def add_page(app: FastAPI) -> None:
    """Serve the page and its static files."""
    content = page(LANGUAGE)

    async def index() -> HTMLResponse:
        return HTMLResponse(content, headers={"Cache-Control": "no-cache"})

    app.add_api_route("/", index, response_class=HTMLResponse, include_in_schema=False)
    app.mount("/static", _Static(directory=FOLDER / "static"), name="static")


class _Static(StaticFiles):
    """Files that a browser asks for again each time: after an update nobody sees half of the old page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
