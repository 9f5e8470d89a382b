"""Templates filled in for a reader."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from lbzf_ros import __version__
from web_bridge.pages.catalogue import LANGUAGES
from web_bridge.pages.navigation import menu
from web_bridge.pages.reader import THEMES, reader_of
from web_bridge.pages.words import Words

TEMPLATES = Path(__file__).parent / "templates"
PRIVATE = {"Cache-Control": "private, no-cache"}


@functools.cache
def _environment() -> Environment:
    """Everything is escaped; a name that is not given is an error, not an empty place."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def compile_templates() -> None:
    """Compile all of them, which the first page would otherwise wait for."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


@functools.lru_cache(maxsize=32)
def part(template: str, words: Words, **values: Hashable) -> Markup:
    """A part of a page that is long and seldom changes, kept by what it is made of.

    Args:
        template: file in `templates`.
        words: of the reader.
        values: for the template.
    """
    return Markup(_environment().get_template(template).render(t=words, **values))


def render(
    request: Request, template: str, *, here: str, module: str | None, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page.

    Args:
        request: who asked; says the language, the colours and the menu.
        template: file in `templates`.
        here: key of the place in the menu, for `aria-current`.
        module: code of the module that is looked at; None: there is none.
        status: of the answer.
        values: for the template.
    """
    reader = reader_of(request)
    content = (
        _environment()
        .get_template(template)
        .render(
            t=reader.words,
            reader=reader,
            menu=menu(reader.role, module, here),
            module=module,
            locale=LANGUAGES[reader.words.language],
            languages=tuple(LANGUAGES),
            themes=THEMES,
            version=__version__,
            **values,
        )
    )
    return HTMLResponse(content, status_code=status, headers=PRIVATE)
