"""The web server's connections: who is at the other end, and no patience with the slow.

uvicorn has a limit of connections and closes idle ones, but waits for ever for the head of a request, and for a reader
that takes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from pathlib import Path
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from lbzf_ros.config.access import AccessSettings
from lbzf_ros.core.errors import ConfigError
from web_bridge.access.peer import STATE, peer_of_socket

GRACE_S = 1
_IDLE_S = 20
_LONGEST_HEAD = 16 * 1024
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connection(H11Protocol):
    """HTTP/1.1 that knows its peer and does not wait for ever."""

    slow_request_s: float
    """Seconds in which the head of a request must be there."""
    slow_answer_s: float
    """Seconds after which a reader that takes nothing is dropped."""
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Somebody has connected."""
        super().connection_made(transport)
        connected = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # it may have gone already
            self.app_state = {**self.app_state, STATE: peer_of_socket(connected)}
            if connected.family != socket.AF_UNIX:
                longest_ms = round(self.slow_answer_s * 1000)
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, longest_ms)
                # asyncio sets it only on sockets that name their protocol. Without it the body, a write of its own,
                # waits until the reader's system confirms the head: 40 ms.
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """A part of a request has come."""
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_watching()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        """Between the first byte of a head and its last the clock runs; so it does on a connection that is new."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop_watching()
        elif self._head_timer is None and self.timeout_keep_alive_task is None:
            self._head_timer = self.loop.call_later(self.slow_request_s, self._too_slow)

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_SLOW)
            self.transport.close()


def protocol_for(settings: AccessSettings) -> type[H11Protocol]:
    """How connections are handled, by these settings: uvicorn wants a class."""
    patience = {"slow_request_s": settings.slow_request_s, "slow_answer_s": settings.slow_answer_s}
    return type("Connection", (Connection,), patience)


def server_config(app: ASGIApp, settings: AccessSettings, **more: Any) -> uvicorn.Config:
    """How the page is served.

    Raises:
        ConfigError: certificate or key cannot be read.
    """
    for name, file in (("tls_certificate", settings.tls_certificate), ("tls_key", settings.tls_key)):
        if file and not os.access(file, os.R_OK):
            raise ConfigError(f"web.access.{name}: {file} cannot be read by the user that runs LBZF")
    values: dict[str, Any] = {
        "log_config": None,
        "log_level": logging.WARNING,
        "access_log": False,
        "ws": "none",
        "lifespan": "off",
        "server_header": False,
        "proxy_headers": False,  # uvicorn would believe X-Forwarded-For of every program of this machine
        "timeout_graceful_shutdown": GRACE_S,
        "timeout_keep_alive": _IDLE_S,
        "limit_concurrency": settings.max_connections,
        "h11_max_incomplete_event_size": _LONGEST_HEAD,
        "http": protocol_for(settings),
    }
    if settings.tls_certificate:
        values |= {"ssl_certfile": settings.tls_certificate, "ssl_keyfile": settings.tls_key}
    return uvicorn.Config(app, **values | more)


def listen_for_serve(path: str) -> socket.socket:
    """A Unix socket for `tailscale serve` alone: its folder lets nobody in but its owner and root.

    Raises:
        ConfigError: it cannot be made, or others may reach it.
    """
    file = Path(path)
    if not file.is_absolute():
        raise ConfigError(f"web.access.tailscale.serve_socket: {path} must be an absolute path")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.parent.stat().st_mode & 0o022:
            raise ConfigError(
                f"web.access.tailscale.serve_socket: others may write to {file.parent}; run chmod 700 {file.parent}"
            )
        file.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listening.bind(str(file))
        finally:
            os.umask(before)
        listening.listen(100)
    except OSError as error:
        raise ConfigError(f"web.access.tailscale.serve_socket: {path}: {error.strerror}") from None
    return listening
