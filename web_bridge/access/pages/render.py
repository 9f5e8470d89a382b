"""The pages for signing in and for people without a role, in Spanish and English. No script, nothing inline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from web_bridge.access.access import Access
from web_bridge.access.identity import Identity
from web_bridge.access.request import Asked
from web_bridge.access.sessions import bound_to

FOLDER = Path(__file__).parent
LANGUAGES = ("es-CO", "en")
_LANGUAGE_COOKIE = "lbzf_language"
_HEADERS = {"Cache-Control": "no-store", "Vary": "Cookie"}
_PAGES = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def texts(language: str) -> dict[str, str]:
    """Every text of the pages in a language."""
    found: dict[str, str] = json.loads((FOLDER / "texts" / f"{language}.json").read_text("utf-8"))
    return found


_TEXTS = {language: texts(language) for language in LANGUAGES}


def language_of(asked: Asked) -> str:
    """Spanish, unless English is asked for by `?lang=en`, or was chosen on another page."""
    asked_for = parse_qs(asked.scope["query_string"].decode("latin-1")).get("lang")
    wanted = asked_for[0] if asked_for else asked.cookie(_LANGUAGE_COOKIE) or ""
    return "en" if wanted.startswith("en") else LANGUAGES[0]


def no_role_page(asked: Asked, identity: Identity, access: Access) -> HTMLResponse:
    """All that a person without a role sees."""
    token = ""
    if identity.provider == "local" and (cookie := asked.cookie(access.cookie)):
        token = access.csrf_token(bound_to(cookie))
    return page("no_role.html", asked, 403, person=identity.name, csrf_token=token)


def forbidden_page(asked: Asked, identity: Identity) -> HTMLResponse:
    """A person with a role that does not open the page."""
    return page("forbidden.html", asked, 403, person=identity.name)


def unknown_page(asked: Asked) -> HTMLResponse:
    """Nobody is known, and nobody can sign in here."""
    return page("unknown.html", asked, 401)


def page(template: str, asked: Asked, status: int, **values: Any) -> HTMLResponse:
    """A page in the language that was asked for."""
    language = language_of(asked)
    content = _PAGES.get_template(template).render(text=_TEXTS[language], language=language, **values)
    return HTMLResponse(content, status_code=status, headers=_HEADERS)
