"""A request as providers look at it: headers that occur once, cookies, and the other end of the connection."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.types import Scope

from web_bridge.access.identity import Refused
from web_bridge.access.peer import Peer

# Whoever sends one of these has come through a proxy, or pretends to.
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_TAILSCALE = b"tailscale-"


class Asked:
    """One request. Cheap to make: nothing is parsed before it is asked for."""

    __slots__ = ("_cookies", "peer", "scope")

    def __init__(self, scope: Scope, peer: Peer) -> None:
        """Look at `scope`, which came from `peer`."""
        self.scope, self.peer = scope, peer
        self._cookies: dict[str, str] | None = None

    def header(self, name: str) -> str | None:
        """A header's value; None: it was not sent.

        Raises:
            Refused: it was sent more than once.
        """
        wanted = name.encode("latin-1")
        found = [value for sent, value in self.scope["headers"] if sent == wanted]
        if len(found) > 1:
            raise Refused(f"{name} was sent {len(found)} times")
        return found[0].decode("latin-1") if found else None

    def cookie(self, name: str) -> str | None:
        """A cookie's value; None: it was not sent, or was sent with two values."""
        if self._cookies is None:
            self._cookies = self._parsed()
        return self._cookies.get(name) or None

    @property
    def is_forwarded(self) -> bool:
        """Whether it says that it came through a proxy, or names a Tailscale user."""
        return any(
            sent.startswith(_TAILSCALE) or sent.decode("latin-1") in FORWARDED
            for sent, _ in self.scope["headers"]
        )

    def _parsed(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for sent, value in self.scope["headers"]:
            if sent != b"cookie":
                continue
            for item in value.decode("latin-1").split(";"):
                try:
                    parsed = SimpleCookie(item.strip())
                except CookieError:
                    continue
                for name, morsel in parsed.items():
                    # Another value beside the first was set by somebody else.
                    found[name] = morsel.value if found.get(name, morsel.value) == morsel.value else ""
        return found
