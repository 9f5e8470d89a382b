"""A real server for the tests: uvicorn in a thread, and Chromium to look at it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from test.support.ports import free_port
from test.web.factory import Line
from web_bridge.access.connection import server_config
from web_bridge.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PATIENCE_MS = 60_000
"""Longest wait for something that shall come: on a computer that has a lot to do it comes late."""
_CHROMIUM = "/usr/bin/chromium"
_QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


class Server:
    """The application on a port of this machine; it can be stopped and started on the same port."""

    def __init__(self, line: Line, *more: socket.socket) -> None:
        """Of a line; `more` are sockets that it listens on beside its port."""
        self._line, self._more = line, more
        self._port = free_port()
        scheme = "https" if line.context.access.settings.tls_certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._port}"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen."""
        self.app = create_app(self._line.context)
        listening = socket.create_server(("127.0.0.1", self._port))
        config = server_config(self.app, self._line.context.access.settings)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening, *self._more],), daemon=True
        )
        self._thread.start()

    def connections(self) -> list[socket.socket]:
        """The server's end of each connection."""
        assert self._server is not None
        return [one.transport.get_extra_info("socket") for one in self._server.server_state.connections]

    def stop(self) -> None:
        """End all streams and stop listening."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self.app.state.broadcaster.close()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the server did not stop"
        self._server = None


@contextmanager
def serving(line: Line, *more: socket.socket) -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(line, *more)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a screen."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_QUIET.split())
        yield browser
        browser.close()
