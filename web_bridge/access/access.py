"""Everything that decides who may, put together from the settings."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lbzf_ros.config.running import WebSettings
from lbzf_ros.core.errors import StoreError
from web_bridge.access.accounts import Accounts
from web_bridge.access.csrf import is_own_name, token_for
from web_bridge.access.identity import Claim, Identity, Refused
from web_bridge.access.limiter import Limiter
from web_bridge.access.open_mode import OpenMode
from web_bridge.access.peer import plain
from web_bridge.access.request import Asked
from web_bridge.access.roles import Roles
from web_bridge.access.sessions import LocalSessions
from web_bridge.access.tailscale import Tailscale
from web_bridge.access.tokens import Tokens

_LOG = logging.getLogger("lbzf.access")
_SAY_AGAIN_S = 60.0
_MAX_SAID = 1000


class Provider(Protocol):
    """Says who sent a request."""

    @property
    def name(self) -> str:
        """As in the settings."""
        ...

    async def claim(self, asked: Asked) -> Claim | None:
        """Who sent a request; None: it shows nothing that this provider knows.

        Raises:
            Refused: what it shows is false.
        """
        ...


class Access:
    """Who may, for one running page."""

    def __init__(
        self,
        web: WebSettings,
        data: Path,
        *,
        here: frozenset[str] = frozenset(),
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """As `web.access` says, over a data folder.

        Args:
            web: the settings of the page.
            data: the data folder: accounts, and the roles file if its name is relative.
            here: further addresses and host names that are this machine; for tests whose client has no real address.
            now_s: Unix time.

        Raises:
            ConfigError: a provider cannot work.
        """
        self.settings = web.access
        self.roles = Roles(data / web.access.roles_file)
        self.accounts = Accounts(data, now_s=now_s)
        # A browser keeps a cookie of this name from being set by another host or without HTTPS.
        self.is_secure = not web.access.plain_http
        self.cookie = "__Host-lbzf" if self.is_secure else "lbzf"
        self.sessions = LocalSessions(self.accounts, web.access.local, cookie=self.cookie, now_s=now_s)
        self.per_account = Limiter(web.access.local.failures_per_account)
        self.per_address = Limiter(web.access.local.failures_per_address)
        self._here = here
        self._tailscale = Tailscale(web.access.tailscale) if "tailscale" in web.access.providers else None
        self.providers: list[Provider] = [self._provider(name, web) for name in web.access.providers]
        self._secret: bytes | None = None
        self._said: dict[str, float] = {}

    def _provider(self, name: str, web: WebSettings) -> Provider:
        if name == "tailscale" and self._tailscale is not None:
            return self._tailscale
        if name == "jwt":
            return Tokens(web.access.jwt)
        if name == "local":
            return self.sessions
        return OpenMode(behind_container=web.published_on_loopback, here=self._here)

    @property
    def has_passwords(self) -> bool:
        """Whether one can sign in with a local account."""
        return "local" in self.settings.providers

    async def identify(self, asked: Asked) -> tuple[Claim, Identity] | None:
        """Who sent a request: what the first provider that knows says, with the role from the file.

        Raises:
            Refused: the request shows an identity that is false; nobody else is asked then.
        """
        for provider in self.providers:
            claim = await provider.claim(asked)
            if claim is not None:
                if claim.provider == "tailscale" and not self._leads_here(asked):
                    raise Refused("the page was asked for under a name that is not this machine's")
                # Whoever is at the machine itself is not somebody of whom a file could speak.
                if claim.provider == "open":
                    return claim, Identity(claim.name, claim.role, claim.provider)
                return claim, self.roles.of(claim)
        return None

    def is_program_here(self, asked: Asked) -> bool:
        """Whether a program of this machine asks directly, such as a health check."""
        return (asked.peer.is_loopback or asked.peer.address in self._here) and not asked.is_forwarded

    def names(self, asked: Asked) -> set[str]:
        """`host[:port]` under which the page is reached: what an Origin must be."""
        found = self._configured_names()
        if host := asked.header("host"):
            found.add(host.lower())
        if self._is_serve(asked) and (host := asked.header("x-forwarded-host")):
            found.add(host.lower())
        return found

    def address(self, asked: Asked) -> str:
        """The address of the person's device, for the limit of wrong passwords."""
        if self._is_serve(asked):
            try:
                return str(plain((asked.header("x-forwarded-for") or "").strip()))
            except ValueError:
                return ""
        return asked.peer.address

    def csrf_token(self, bound_to: str) -> str:
        """The token against CSRF of a session or a name."""
        return token_for(self.secret(), bound_to)

    def secret(self) -> bytes:
        """What tokens against CSRF are made with: the same after a restart, so that an open page goes on working."""
        if self._secret is None:
            try:
                self._secret = self.accounts.secret("csrf")
            except StoreError as error:
                _LOG.error("pages that are open have to be loaded again after a restart: %s", error)
                self._secret = secrets.token_bytes(32)
        return self._secret

    def say(self, why: Refused, asked: Asked) -> None:
        """Log why somebody was refused; the same at most once a minute."""
        now_s = time.monotonic()
        text = f"{asked.peer.address or 'unix socket'}: {why}"
        if now_s - self._said.get(text, float("-inf")) < _SAY_AGAIN_S:
            return
        if len(self._said) >= _MAX_SAID:
            self._said.clear()
        self._said[text] = now_s
        _LOG.warning("refused %r: %s", asked.scope.get("path", "")[:200], text)

    def _is_serve(self, asked: Asked) -> bool:
        return self._tailscale is not None and self._tailscale.is_serve(asked.peer)

    def _leads_here(self, asked: Asked) -> bool:
        host = asked.header("host") or ""
        return is_own_name(host) or host.lower() in self._configured_names()

    def _configured_names(self) -> set[str]:
        """`host[:port]` of the addresses in `web.access.origins`."""
        return {origin.partition("://")[2].rstrip("/").lower() for origin in self.settings.origins}
