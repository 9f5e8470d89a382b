"""Who looks at a page and how: language, colours, role."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from web_bridge.access.identity import Identity
from web_bridge.context import Context
from web_bridge.pages.catalogue import DEFAULT_LANGUAGE, LANGUAGES
from web_bridge.pages.words import Words

LANGUAGE_COOKIE, THEME_COOKIE = "lbzf_language", "lbzf_theme"
THEMES = ("auto", "light", "dark")
_OPEN, _PASSWORD = "open", "local"
"""Providers of an identity: nobody is asked; an account of this plant."""
_NOBODY = "none"
"""Role where the gate has let nobody in: it sees nothing."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a page has to know about whoever reads it.

    Attributes:
        words: in their language.
        theme: auto (as their device is set), light or dark.
        role: admin, engineer, executive, or none.
        name: who they are; None: nobody was asked.
        can_sign_out: they have signed in with a password.
        modules: codes that they may see; None: all.
    """

    words: Words
    theme: str
    role: str
    name: str | None
    can_sign_out: bool
    modules: frozenset[str] | None

    def may_see(self, module: str) -> bool:
        """Whether a module is theirs."""
        return self.modules is None or module in self.modules


def reader_of(request: Request) -> Reader:
    """Who sent a request; what a cookie says that cannot be is as if it said nothing."""
    context: Context = request.app.state.context
    language = request.cookies.get(LANGUAGE_COOKIE, "")
    theme = request.cookies.get(THEME_COOKIE, "")
    identity: Identity | None = getattr(request.state, "identity", None)
    provider = None if identity is None else identity.provider
    role = None if identity is None else identity.role
    return Reader(
        words=Words(language if language in LANGUAGES else DEFAULT_LANGUAGE, context.time_zone),
        theme=theme if theme in THEMES else THEMES[0],
        role=_NOBODY if role is None else role.value,
        name=None if identity is None or provider == _OPEN else identity.name,
        can_sign_out=provider == _PASSWORD,
        modules=frozenset() if identity is None else identity.modules,
    )
