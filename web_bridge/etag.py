"""ETags: who has the newest answer already is told so with 304 and no body.

The tag is weak: it stands for the content, which a proxy or we may have compressed.
"""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEPT = (b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary", b"retry-after")
_PREFIX = "/api/"


class ETags:
    """ASGI middleware around the API's reads. Streams and errors pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(Headers(scope=scope).get("if-none-match", ""), send))


class _Answer:
    """Holds the start of an answer back until it is known whether it is new."""

    def __init__(self, known: str, send: Send) -> None:
        self._known, self._send = known, send
        self._start: Message | None = None
        self._body = bytearray()
        self._passing = self._silent = False

    async def __call__(self, message: Message) -> None:
        if self._silent:
            return
        if message["type"] == "http.response.start":
            await self._on_start(message)
        elif self._passing or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish()

    async def _on_start(self, message: Message) -> None:
        headers = Headers(raw=message["headers"])
        if message["status"] != 200:
            self._passing = True
        elif tag := headers.get("etag"):  # a file has its own
            if matches(self._known, tag):
                await self._not_modified(message)
                return
            self._passing = True
        elif headers.get("content-type", "").startswith("application/json"):
            self._start = message
            return
        else:
            self._passing = True
        await self._send(message)

    async def _finish(self) -> None:
        assert self._start is not None  # a body follows its start
        tag = f'W/"{hashlib.blake2b(self._body, digest_size=12).hexdigest()}"'
        headers = MutableHeaders(raw=self._start["headers"])
        headers["ETag"] = tag
        if "cache-control" not in headers:
            # Kept by the browser only, and asked for again each time.
            headers["Cache-Control"] = "private, no-cache"
        self._start["headers"] = headers.raw
        if matches(self._known, tag):
            await self._not_modified(self._start)
            return
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": bytes(self._body)})

    async def _not_modified(self, start: Message) -> None:
        self._silent = True
        kept = [(name, value) for name, value in start["headers"] if name.lower() in _KEPT]
        await self._send({"type": "http.response.start", "status": 304, "headers": kept})
        await self._send({"type": "http.response.body", "body": b""})


def matches(known: str, tag: str) -> bool:
    """Whether a tag is one of an `If-None-Match` header; `*` is any."""
    tags = [part.strip().removeprefix("W/") for part in known.split(",")]
    return "*" in tags or tag.removeprefix("W/") in tags
