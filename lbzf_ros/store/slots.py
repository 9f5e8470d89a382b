"""The latest state of something, written many times a second: survives SIGKILL at any moment, costs no sync.

Two slots are overwritten in turn, each in one write with a checksum, so the newest whole one is always there. After a
power cut the state may be older or gone; what must survive that belongs into the outbox.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

from lbzf_ros.core.errors import StoreError

_HEAD = struct.Struct("<QII")  # sequence number, length in bytes, CRC-32 of both and the content
_MAX_BYTES = 64 << 20


class Slots:
    """One state in two files, `PATH.a` and `PATH.b`. One process at a time writes it."""

    def __init__(self, path: Path) -> None:
        """Open the files; they are made when absent.

        Raises:
            StoreError: they cannot be opened.
        """
        self._paths = [path.with_name(path.name + end) for end in (".a", ".b")]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files = [os.open(one, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640) for one in self._paths]
        except OSError as error:
            raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
        self._sequence, self._content = max(map(self._read, self._files))

    def load(self) -> bytes:
        """What was saved last; empty when nothing was, or nothing is whole."""
        return self._content

    def save(self, content: bytes) -> None:
        """Replace the state.

        Raises:
            StoreError: it cannot be written; the state before is still there.
        """
        sequence = self._sequence + 1
        turn = sequence % 2
        head = _HEAD.pack(sequence, len(content), _checksum(sequence, content))
        try:
            written = os.pwrite(self._files[turn], head + content, 0)
        except OSError as error:
            raise StoreError(f"{self._paths[turn]}: cannot be written: {error.strerror}") from error
        if written != len(head) + len(content):
            raise StoreError(f"{self._paths[turn]}: only {written} bytes could be written; free some space")
        self._sequence, self._content = sequence, content

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            os.close(file)

    @staticmethod
    def _read(file: int) -> tuple[int, bytes]:
        head = os.pread(file, _HEAD.size, 0)
        if len(head) < _HEAD.size:
            return 0, b""
        sequence, length, checksum = _HEAD.unpack(head)
        content = os.pread(file, min(length, _MAX_BYTES), _HEAD.size)
        whole = len(content) == length and checksum == _checksum(sequence, content)
        return (sequence, content) if whole else (0, b"")


def _checksum(sequence: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(struct.pack("<QI", sequence, len(content))))
