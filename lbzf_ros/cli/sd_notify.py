"""Tell systemd how it goes (sd_notify(3)): ready, alive, stopping. Without systemd all of it does nothing."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

_US_PER_S = 1_000_000


class Notifier:
    """Sends to the socket that systemd names in NOTIFY_SOCKET. What cannot be sent is dropped: it must not stop us."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        given = os.environ if environment is None else environment
        self._address = given.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]  # an abstract one
        pid = given.get("WATCHDOG_PID", "")
        is_ours = not pid or pid == str(os.getpid())
        period = given.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(period) / _US_PER_S if is_ours and period.isdecimal() else None
        """Seconds within which systemd wants to hear that we are alive; None: it does not watch."""

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens."""
        return bool(self._address)

    def ready(self) -> None:
        """The start is finished."""
        self._send("READY=1")

    def alive(self) -> None:
        """For the watchdog."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={' '.join(text.split())}")

    def stopping(self) -> None:
        """The stop has begun."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(1.0)
                sender.sendto(message.encode(), self._address)
