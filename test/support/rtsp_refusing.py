"""An RTSP camera that asks for a password and never takes one: 401 to everybody. It remembers what it was told."""

from __future__ import annotations

import base64
import contextlib
import re
import socket

from test.support.listening import Listening


class RefusingCamera(Listening):
    """Refuses whoever asks."""

    def __init__(self) -> None:
        super().__init__()
        self.passwords: list[str] = []
        """`user:password` of each attempt, as it was sent."""

    def _connected(self, connection: socket.socket) -> None:
        # The other side may hang up at any moment, e.g. because its process was ended.
        with contextlib.suppress(ConnectionError), connection, connection.makefile("rb") as requests:
            head: list[str] = []
            for line in requests:
                head.append(line.decode("utf-8", "replace").strip())
                if head[-1]:
                    continue
                text = "\n".join(head)
                head = []
                if sent := re.search(r"Authorization: Basic (\S+)", text):
                    self.passwords.append(base64.b64decode(sent[1]).decode())
                number = re.search(r"CSeq: (\d+)", text)
                options = text.startswith("OPTIONS")
                answer = "RTSP/1.0 200 OK" if options else "RTSP/1.0 401 Unauthorized"
                answer += f"\r\nCSeq: {number[1] if number else 0}"
                answer += "" if options else '\r\nWWW-Authenticate: Basic realm="camera"'
                connection.sendall(f"{answer}\r\n\r\n".encode())
