"""Requests at a steady rate, whatever the answers take: a slow answer does not put off the next request.

Time is counted from the moment at which a request was due, so what waits behind a slow one counts too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for one request. `ms`: from when it was due to the last byte; `sent_ms`: from when it was sent.

    `status` 0: nothing came.
    """

    route: str
    status: int
    ms: float
    sent_ms: float
    sent_bytes: int


async def at_rate(url: str, asks: Sequence[tuple[str, str]], per_s: float) -> list[Answer]:
    """Ask for all paths (route, path), `per_s` of them a second."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    headers = {"Accept-Encoding": "gzip"}
    async with httpx.AsyncClient(base_url=url, limits=limits, headers=headers, timeout=_WITHIN_S) as client:
        begin_s = time.perf_counter() + 0.1
        jobs = []
        for number, (route, path) in enumerate(asks):
            due_s = begin_s + number / per_s
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            jobs.append(asyncio.create_task(_one(client, route, path, due_s)))
        return list(await asyncio.gather(*jobs))


async def _one(client: httpx.AsyncClient, route: str, path: str, due_s: float) -> Answer:
    sent_s, status, size = time.perf_counter(), 0, 0
    try:
        async with client.stream("GET", path) as answer:
            async for part in answer.aiter_raw():  # as it comes over the wire
                size += len(part)
            status = answer.status_code
    except httpx.HTTPError:
        pass
    now_s = time.perf_counter()
    return Answer(route, status, (now_s - due_s) * 1000, (now_s - sent_s) * 1000, size)
