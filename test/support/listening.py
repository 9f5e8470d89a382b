"""A server of a test: on 127.0.0.1, for the length of a block, a thread for each connection."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import TypeVar

_Self = TypeVar("_Self", bound="Listening")


class Listening:
    """Whoever derives from it says what is done with a connection. `address` is HOST:PORT."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self: _Self) -> _Self:
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
            threading.Thread(target=self._connected, args=(connection,), daemon=True).start()

    def _connected(self, connection: socket.socket) -> None:
        raise NotImplementedError
