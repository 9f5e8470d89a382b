"""Provider `local`: the cookie of a session. The database is read once in a few seconds for each open session."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool

from lbzf_ros.config.access import LocalSettings
from web_bridge.access.accounts import Accounts, Session, token_hash
from web_bridge.access.identity import Claim
from web_bridge.access.request import Asked

LOOK_EVERY_S = 3.0
"""A session that was ended elsewhere (`lbzf users`) ends here within this time."""
_SEEN_EVERY_S = 60.0
_MAX_KEPT = 2000
_S_PER_H = 3600.0


@dataclass(frozen=True, slots=True)
class _Kept:
    session: Session | None
    looked_s: float


def bound_to(cookie: str) -> str:
    """What the token against CSRF of a session is bound to."""
    return f"session {token_hash(cookie).hex()}"


class LocalSessions:
    """Who is signed in with a local account."""

    name = "local"

    def __init__(
        self,
        accounts: Accounts,
        settings: LocalSettings,
        *,
        cookie: str,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Sessions of `accounts`, in a cookie named `cookie`; `now_s` is Unix time."""
        self._accounts, self._settings, self._now_s = accounts, settings, now_s
        self._cookie = cookie
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    async def claim(self, asked: Asked) -> Claim | None:
        """Who the cookie belongs to; None: there is none, or it has ended."""
        token = asked.cookie(self._cookie)
        if not token:
            return None
        hashed = token_hash(token)
        session = await self._session(hashed)
        if session is None:
            return None
        return Claim(session.name, self.name, secret_of=bound_to(token), address=asked.peer.address)

    def forget(self, hashed: bytes) -> None:
        """Look the session up again at the next request."""
        self._kept.pop(hashed, None)

    async def _session(self, hashed: bytes) -> Session | None:
        now_s = self._now_s()
        kept = self._kept.get(hashed)
        if kept is None or not 0 <= now_s - kept.looked_s < LOOK_EVERY_S:
            kept = _Kept(await run_in_threadpool(self._accounts.session, hashed), now_s)
            self._keep(hashed, kept)
        session = kept.session
        if session is None or self._is_over(session, now_s):
            return None
        if now_s - session.seen_at_s > _SEEN_EVERY_S:
            self._keep(hashed, replace(kept, session=replace(session, seen_at_s=now_s)))
            await run_in_threadpool(self._accounts.seen, hashed)
        return session

    def _is_over(self, session: Session, now_s: float) -> bool:
        return (
            now_s - session.began_at_s > self._settings.session_hours * _S_PER_H
            or now_s - session.seen_at_s > self._settings.idle_hours * _S_PER_H
        )

    def _keep(self, hashed: bytes, kept: _Kept) -> None:
        self._kept[hashed] = kept
        self._kept.move_to_end(hashed)
        while len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)
