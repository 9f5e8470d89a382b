"""An RTSP camera that asks for a password and never takes one: 401 to everybody. It remembers what it was told."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import threading
from types import TracebackType


class RefusingCamera:
    """Listens on 127.0.0.1 for the length of a block."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.passwords: list[str] = []
        """`user:password` of each attempt, as it was sent."""

    def __enter__(self) -> RefusingCamera:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # closed: the block is over
                return
            threading.Thread(target=self._refuse, args=(connection,), daemon=True).start()

    def _refuse(self, connection: socket.socket) -> None:
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
