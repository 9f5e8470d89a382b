"""Server-sent events: what has changed is rendered once for each set of modules and handed to every open page.

A page holds the newest text of each part that it has not been sent yet, so a slow one skips what is out of date and
never makes a queue grow.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from web_bridge.live import LiveState
from web_bridge.schemas import Live, Schema
from web_bridge.view import within

MAX_PAGES = 200
"""Most pages that are open at once."""

_LOOK_EVERY_S = 1.0
"""What changes by time alone (seconds of a running cycle, age of a picture) is looked at so often."""
_PAUSE_S = 0.1
_CLOCK_EVERY_S = 3.0
"""A page that hears nothing for a few times this long knows that the connection is broken."""


class TooManyPages(Exception):
    """As many pages are open as may be."""


def event(name: str, data: Schema) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()


def parts(live: Live) -> dict[str, bytes]:
    """The parts that change on their own, as events; a later one with the same key replaces an earlier one."""
    found = {"plant": event("plant", live.plant), "graph": event("graph", live.graph)}
    for camera in live.cameras:
        found[f"camera {camera.label}"] = event("camera", camera)
    for state in live.states:
        found[f"state {state.module}/{state.workstation}"] = event("state", state)
    for cycles in live.cycles:
        found[f"cycles {cycles.module}/{cycles.workstation}"] = event("cycles", cycles)
    return found


class _Page:
    """An open page: what it has not been sent yet."""

    def __init__(self, modules: frozenset[str] | None) -> None:
        self.modules = modules
        self._waiting: dict[str, bytes] = {}
        self._something = asyncio.Event()

    def put(self, changed: dict[str, bytes]) -> None:
        self._waiting.update(changed)
        self._something.set()

    async def take(self) -> bytes:
        """What has changed since the last call; empty after a while without a change."""
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self._something.wait(), _CLOCK_EVERY_S)
        self._something.clear()
        waiting, self._waiting = self._waiting, {}
        return b"".join(waiting.values())


class Broadcaster:
    """Gives every open page what changes. It works only while a page is open."""

    def __init__(self, live: LiveState, look: Callable[[], Live]) -> None:
        """Watch `live`; `look` gives the present state as the API says it."""
        self._live, self._look = live, look
        self._pages: set[_Page] = set()
        self._sent: dict[frozenset[str] | None, dict[str, bytes]] = {}  # by modules that pages may see
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return len(self._pages)

    def open(self, modules: frozenset[str] | None = None) -> AsyncIterator[bytes]:
        """The events of one page: first everything (`snapshot`), then each change.

        Args:
            modules: codes of those that the page may show; None: all.

        Raises:
            TooManyPages: `MAX_PAGES` are open.
        """
        if len(self._pages) >= MAX_PAGES:
            raise TooManyPages(f"{MAX_PAGES} pages are open; close one")
        return self._events(_Page(modules))

    def close(self) -> None:
        """End every page's events now. From any thread or signal handler."""
        self._closed = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and every page with it
                self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        self._changed.set()
        for page in self._pages:
            page.put({})

    async def _events(self, page: _Page) -> AsyncIterator[bytes]:
        self._start(page)
        try:
            yield event("snapshot", within(self._look(), page.modules))
            while not self._closed:
                changed = await page.take()
                if not self._closed:
                    yield changed or _clock(self._look())
        finally:
            self._pages.discard(page)

    def _start(self, page: _Page) -> None:
        self._pages.add(page)
        asleep = self._task is None or self._task.done()
        if asleep:
            self._loop = asyncio.get_running_loop()
            self._live.listen(self._tell)
        # Before the page's snapshot: what changes in between is sent again rather than never.
        if page.modules not in self._sent:
            self._sent[page.modules] = parts(within(self._look(), page.modules))
        if asleep:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def _tell(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended while a node was speaking
                self._loop.call_soon_threadsafe(self._changed.set)

    async def _work(self) -> None:
        try:
            while self._pages and not self._closed:
                with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), _LOOK_EVERY_S)
                self._changed.clear()
                self._compare(self._look())
                await asyncio.sleep(_PAUSE_S)
        finally:
            self._live.unlisten(self._tell)
            self._sent.clear()

    def _compare(self, whole: Live) -> None:
        """Give each page what is not as it was."""
        seen = {page.modules for page in self._pages}
        known = {modules: self._sent.get(modules, {}) for modules in seen}
        self._sent = {modules: parts(within(whole, modules)) for modules in known}
        for modules, texts in self._sent.items():
            if changed := {key: text for key, text in texts.items() if known[modules].get(key) != text}:
                for page in self._pages:
                    if page.modules == modules:
                        page.put(changed)


def _clock(live: Live) -> bytes:
    return f'event: clock\ndata: {{"server_time":"{live.server_time}"}}\n\n'.encode()
