"""Stands between a real RTSP camera and whoever looks, and changes stamps or payload type of its packets."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from types import TracebackType
from typing import BinaryIO

_TICKS_PER_S = 90_000


class AlteredPackets:
    """Passes on one RTSP connection over TCP after the other.

    `port` is the camera's, for the next connection; `jump_s` is added to the stamps of all packets; `payload_type`
    takes the place of theirs, as that of a camera does which goes on with another codec.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._server.getsockname()[1]}/live"
        self.jump_s = 0
        self.payload_type: int | None = None

    def __enter__(self) -> AlteredPackets:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed: the block is over
            while True:
                viewer, _ = self._server.accept()
                camera = socket.create_connection(("127.0.0.1", self.port))
                threading.Thread(target=self._ask, args=(viewer, camera), daemon=True).start()
                threading.Thread(target=self._answer, args=(camera, viewer), daemon=True).start()

    def _ask(self, viewer: socket.socket, camera: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := viewer.recv(65536):
                camera.sendall(data)
        with contextlib.suppress(OSError):
            camera.shutdown(socket.SHUT_RDWR)

    def _answer(self, camera: socket.socket, viewer: socket.socket) -> None:
        with contextlib.suppress(OSError, struct.error), camera.makefile("rb") as stream:
            while first := stream.read(1):
                viewer.sendall(self._packet(stream) if first == b"$" else first + _text(stream))
        with contextlib.suppress(OSError):
            viewer.shutdown(socket.SHUT_RDWR)

    def _packet(self, stream: BinaryIO) -> bytes:
        head = stream.read(3)
        channel, length = struct.unpack(">BH", head)
        data = bytearray(stream.read(length))
        if channel == 0:
            (stamp,) = struct.unpack_from(">I", data, 4)
            struct.pack_into(">I", data, 4, (stamp + self.jump_s * _TICKS_PER_S) % 2**32)
            if self.payload_type is not None:
                data[1] = (data[1] & 0x80) | self.payload_type
        return b"$" + head + bytes(data)


def _text(stream: BinaryIO) -> bytes:
    text = b""
    while not text.endswith(b"\r\n\r\n"):
        text += stream.readline()
    found = re.search(rb"(?i)content-length: *(\d+)", text)
    return text + (stream.read(int(found[1])) if found else b"")
