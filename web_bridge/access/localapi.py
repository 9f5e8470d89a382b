"""What the local Tailscale daemon knows: who an address belongs to (`whois` of its LocalAPI, over its Unix socket)."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import quote

_TIMEOUT_S = 3.0
_MAX_BYTES = 1_000_000
_KEEP_S = 60.0
_MAX_KEPT = 1000


class DaemonSilent(Exception):
    """The daemon cannot be asked, or answers what cannot be understood."""


class LocalApi:
    """A Tailscale daemon. Answers are kept for a minute; that it knows nobody is not kept."""

    def __init__(self, path: str, *, now_s: Callable[[], float] = time.monotonic) -> None:
        """Ask at `path`, its socket."""
        self._path, self._now_s = path, now_s
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def login_of(self, address: str) -> str | None:
        """Login name of the user whose device has an address (`IP` or `IP:port`).

        None: nobody has it, or it is a tagged device, which is no person.

        Raises:
            DaemonSilent: the daemon did not say.
        """
        kept = self._kept.get(address)
        if kept is not None and 0 <= self._now_s() - kept[0] < _KEEP_S:
            return kept[1]
        self._kept.pop(address, None)
        try:
            status, body = await asyncio.wait_for(
                self._get(f"/localapi/v0/whois?addr={quote(address)}"), _TIMEOUT_S
            )
        except (OSError, ValueError, asyncio.TimeoutError, TimeoutError) as error:
            raise DaemonSilent(f"{self._path}: {error or 'no answer in time'}") from None
        if status == 404:
            return None
        login = _login(body) if status == 200 else None
        if status != 200:
            raise DaemonSilent(f"{self._path}: whois answers {status}")
        if login:
            self._kept[address] = (self._now_s(), login)
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        return login

    async def _get(self, target: str) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_unix_connection(self._path, limit=_MAX_BYTES)
        try:
            # HTTP/1.0: the answer ends with the connection, and comes in one piece.
            writer.write(f"GET {target} HTTP/1.0\r\nHost: local-tailscaled.sock\r\n\r\n".encode("ascii"))
            await writer.drain()
            answer = await reader.read(_MAX_BYTES)
            while chunk := await reader.read(_MAX_BYTES):
                answer += chunk
                if len(answer) > _MAX_BYTES:
                    raise ValueError("its answer is too long")
        finally:
            writer.close()
        head, separator, body = answer.partition(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].split()
        if not separator or len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise ValueError("its answer is no HTTP")
        return int(words[1]), body


def _login(body: bytes) -> str | None:
    """The login name in an answer of `whois`; None: the device is tagged, or has no user."""
    try:
        found = json.loads(body)
        tags = (found.get("Node") or {}).get("Tags")
        login = (found.get("UserProfile") or {}).get("LoginName")
    except (ValueError, AttributeError):
        raise DaemonSilent("whois answers what is no description of a device") from None
    return login if isinstance(login, str) and login and not tags else None
