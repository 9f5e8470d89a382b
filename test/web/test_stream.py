"""Server-sent events from a real server: everything first, then each change, and nothing that piles up."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from lbzf_ros.core.model import EventKind
from test.web.factory import MORNING_NS, Line, line_of
from test.web.serve import Server, serving
from web_bridge.stream import Broadcaster, parts

WAIT_S = 10.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Line]:
    """A line on the real clocks."""
    made = line_of(tmp_path / "data", stations=2)
    yield made
    made.close()


@pytest.fixture
def server(running: Line) -> Iterator[Server]:
    with serving(running) as started:
        yield started


class Reader:
    """Reads one page's events."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def next(self) -> tuple[str, Any]:
        """The next event."""
        name = next(self._lines).removeprefix("event: ")
        data = next(self._lines).removeprefix("data: ")
        assert next(self._lines) == ""
        return name, json.loads(data)

    def until(self, name: str) -> Any:
        """The next event of that name."""
        while True:
            found, data = self.next()
            if found == name:
                return data


@contextmanager
def page(server: Server) -> Iterator[Reader]:
    with httpx.stream("GET", f"{server.url}/api/v1/live/stream", timeout=WAIT_S) as answer:
        yield Reader(answer)


def test_everything_first(running: Line, server: Server) -> None:
    running.report_camera("cam1")
    with page(server) as reader:
        assert reader.answer.headers["content-type"].startswith("text/event-stream")
        assert reader.answer.headers["cache-control"] == "no-store"
        name, live = reader.next()
        once = httpx.get(f"{server.url}/api/v1/live").json()
    assert name == "snapshot"
    assert live.keys() == once.keys()
    assert (live["plant"], live["cycles"]) == (once["plant"], once["cycles"])


def test_each_change(running: Line, server: Server) -> None:
    with page(server) as reader:
        reader.until("snapshot")
        running.report_stations(MORNING_NS, {1: 4.0})
        state = reader.until("state")
        assert (state["workstation"], state["state"], state["running"]["elapsed_s"]) == (
            "PUESTO_01",
            "in_cycle",
            4.0,
        )
        running.report_camera("cam2")
        camera = reader.until("camera")
        assert (camera["label"], camera["state"]) == ("cam2", "online")
        running.write(running.cycle(2, MORNING_NS, 21.0))
        running.live.set_cycles(running.reader.recent_cycles(10))
        cycles = reader.until("cycles")
        assert (cycles["workstation"], [c["duration_s"] for c in cycles["cycles"]]) == ("PUESTO_02", [21.0])
        running.report_nodes()
        assert reader.until("graph") == {"up": True, "missing": [], "alarms": []}


def test_every_open_page_is_told(running: Line, server: Server) -> None:
    with page(server) as one, page(server) as two:
        for reader in (one, two):
            reader.until("snapshot")
        running.report_camera("cam1")
        assert one.until("camera") == two.until("camera")


def test_a_quiet_line_still_says_the_time(server: Server) -> None:
    with page(server) as reader:
        reader.until("snapshot")
        assert reader.until("clock").keys() == {"server_time"}


def test_the_end_of_the_server_ends_every_page(running: Line, server: Server) -> None:
    with page(server) as reader:
        reader.until("snapshot")
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        with pytest.raises(StopIteration):
            reader.until("nothing of this name")
        stopping.join(WAIT_S)
        assert not stopping.is_alive()


def test_a_slow_page_gets_the_newest_only(running: Line) -> None:
    """While a page does not read, a part that changes often waits once, not once for each change."""

    async def watch() -> list[bytes]:
        broadcaster = Broadcaster(running.live, running.context.look)
        events = broadcaster.open()
        chunks = [await anext_(events)]
        for duration_s in (20.0, 21.0, 22.0, 23.0):
            start_ns = MORNING_NS + round(duration_s) * 60_000_000_000
            running.write(running.cycle(1, start_ns, duration_s, EventKind.END))
            running.live.set_cycles(running.reader.recent_cycles(10))
            await until_broadcast(broadcaster, running)
        chunks.append(await anext_(events))
        broadcaster.close()
        return chunks

    snapshot, changes = asyncio.run(asyncio.wait_for(watch(), WAIT_S))
    assert snapshot.startswith(b"event: snapshot\n")
    assert changes.count(b"event: cycles\n") == 1
    assert b'"duration_s":23.0' in changes


async def anext_(events: Any) -> bytes:
    chunk: bytes = await events.__anext__()
    return chunk


async def until_broadcast(broadcaster: Broadcaster, running: Line) -> None:
    """Wait until what is known now has been handed to the pages."""
    wanted = parts(running.context.look())["cycles ANGELA/PUESTO_01"]
    (page,) = broadcaster._pages
    while page._waiting.get("cycles ANGELA/PUESTO_01") != wanted:
        await asyncio.sleep(0.01)


def test_a_page_with_limited_modules_is_told_of_these_only(running: Line) -> None:
    async def watch() -> list[bytes]:
        broadcaster = Broadcaster(running.live, running.context.look)
        everything, limited = broadcaster.open(), broadcaster.open(frozenset({"CARMENZA"}))
        assert b"ANGELA" in await anext_(everything)
        chunks = [await anext_(limited)]
        running.report_camera("cam1")
        running.report_nodes()
        while b"event: graph" not in await anext_(everything):
            pass
        chunks.append(await anext_(limited))
        broadcaster.close()
        return chunks

    chunks = asyncio.run(asyncio.wait_for(watch(), WAIT_S))
    # Nodes that are missing are named to everybody, also the driver of a camera: camera_driver_cam1.
    assert not any(b"ANGELA" in chunk or b'"cam1"' in chunk for chunk in chunks)
    assert b"event: graph" in chunks[-1]


def test_nothing_works_while_nobody_looks(running: Line) -> None:
    async def visit() -> tuple[int, int]:
        broadcaster = Broadcaster(running.live, running.context.look)
        events = broadcaster.open()
        await anext_(events)
        while not running.live._listeners:
            await asyncio.sleep(0.01)
        during = len(running.live._listeners)
        await events.aclose()  # type: ignore[attr-defined]  # it is a generator
        assert broadcaster._task is not None
        await asyncio.wait_for(broadcaster._task, WAIT_S)
        return during, len(running.live._listeners)

    assert asyncio.run(visit()) == (1, 0)
