"""Stands between a real RTSP camera and whoever looks, and changes stamps or payload type of its packets."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from typing import BinaryIO

from test.support.listening import Listening

_TICKS_PER_S = 90_000


class AlteredPackets(Listening):
    """Passes on RTSP connections over TCP.

    `port` is the camera's, for the next connection; `jump_s` is added to the stamps of all packets; `payload_type`
    takes the place of theirs, as that of a camera does which goes on with another codec.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.url = f"rtsp://{self.address}/live"
        self.jump_s = 0
        self.payload_type: int | None = None

    def _connected(self, connection: socket.socket) -> None:
        camera = socket.create_connection(("127.0.0.1", self.port))
        threading.Thread(target=self._ask, args=(connection, camera), daemon=True).start()
        self._answer(camera, connection)

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
