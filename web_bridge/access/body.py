"""The body of a request, read before the application sees it: no longer than allowed, and in time."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive

from web_bridge.access.request import Asked

_LEAST_KB_PER_S = 50.0
"""A long body may take longer."""


class BodyProblem(Exception):
    """A body that is not taken.

    Attributes:
        status: 400, 408 or 413.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Gone(Exception):
    """Whoever was sending has gone."""


def has_body(asked: Asked) -> bool:
    """Whether a body follows."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0") != b"")
        for name, value in asked.scope["headers"]
    )


async def read_body(asked: Asked, receive: Receive, *, max_kb: int, slow_s: float) -> bytes:
    """The whole body.

    Raises:
        BodyProblem: it is longer than `max_kb`, or not there after `slow_s` (more for a long one).
        Gone: the connection has ended.
    """
    largest = max_kb * 1000
    length = asked.header("content-length")
    if length is not None and (not length.isascii() or not length.isdigit()):
        raise BodyProblem(400, "Content-Length must be a number")
    if length is not None and (len(length) > 15 or int(length) > largest):
        raise BodyProblem(413, _too_long(max_kb))
    try:
        return await asyncio.wait_for(_read(receive, largest, max_kb), slow_s + max_kb / _LEAST_KB_PER_S)
    except (TimeoutError, asyncio.TimeoutError):
        raise BodyProblem(408, f"the body was not there after {slow_s:.0f} s") from None


async def _read(receive: Receive, largest: int, max_kb: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > largest:
            raise BodyProblem(413, _too_long(max_kb))
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_long(max_kb: int) -> str:
    return f"the body is longer than {max_kb} kB, which is the most that is taken here"


def given(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body that was read, then whatever comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message
