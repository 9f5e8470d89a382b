"""Ports for servers that the tests start."""

from __future__ import annotations

import random
import socket

_BELOW_OUTGOING = range(20_000, 32_000)
"""Linux takes ports from 32768 up for connections that go out: one of those may be gone when the server wants it."""


def free_port() -> int:
    """A port that nobody listens on."""
    while True:
        port = random.SystemRandom().choice(_BELOW_OUTGOING)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
