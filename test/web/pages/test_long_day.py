"""A page left open for a day does not grow: the events of a day come through a real stream, in a few seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from test.web.factory import Line
from test.web.pages.morning import STATIONS
from test.web.pages.visit import visiting
from test.web.serve import Server

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

_EVENTS = 4_000
_BATCHES = 4
_MOST_GROWTH_BYTES = 1_000_000
"""One batch is 3 MB of text: a page that keeps what comes grows by more than that with each."""


def _batch(live: dict[str, Any], number: int) -> str:
    """A stream of events that change a station each; the last one can be told."""
    parts = [f"event: snapshot\ndata: {json.dumps(live)}\n\n"]
    for n in range(_EVENTS):
        cycles = dict(live["cycles"][n % STATIONS])
        cycles["cycles"] = [
            {**cycle, "event_uid": f"{number}-{n}-{place}", "duration_s": 50 + (n + place) % 40}
            for place, cycle in enumerate(cycles["cycles"])
        ]
        parts.append(f"event: cycles\ndata: {json.dumps(cycles)}\n\n")
        camera = {**live["cameras"][n % 2], "last_frame_age_s": n % 7}
        parts.append(f"event: camera\ndata: {json.dumps(camera)}\n\n")
    last = {**live["cycles"][0], "median_s": 1000.0 + number}
    return "".join([*parts, f"event: cycles\ndata: {json.dumps(last)}\n\n"])


def _size(devtools: CDPSession) -> dict[str, float]:
    devtools.send("HeapProfiler.collectGarbage")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in metrics}


def test_a_day_of_events_leaves_the_page_as_large_as_it_was(
    line: Line, server: Server, browser: Browser
) -> None:
    live = json.loads(line.context.look().model_dump_json())
    number = 0  # the page asks again when a batch is over, as often as it likes
    with visiting(browser, server.url) as visit:
        devtools = visit.page.context.new_cdp_session(visit.page)
        devtools.send("Performance.enable")
        visit.page.route(
            "**/live/stream",
            lambda route: route.fulfill(content_type="text/event-stream", body=_batch(live, number)),
        )
        visit.page.reload()
        sizes = []
        for number in range(_BATCHES):
            median = visit.page.locator(".tile .median b").first
            expect(median).to_have_text(f"{1000 + number:,} s".replace(",", "."), timeout=60_000)
            sizes.append(_size(devtools))
        assert sizes[-1]["JSHeapUsedSize"] - sizes[1]["JSHeapUsedSize"] < _MOST_GROWTH_BYTES
        assert sizes[-1]["Nodes"] <= sizes[1]["Nodes"] * 1.02
        assert sizes[-1]["JSEventListeners"] <= sizes[1]["JSEventListeners"] * 1.02
        assert visit.wrong == []
