"""SQLite's write-ahead log as a file (https://www.sqlite.org/fileformat2.html#walformat): read it, prove it whole.

Reading is safe beside SQLite: no lock lies on this file. The database file and its `-shm` are never opened here,
because closing them would drop the locks that this process has on them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import StoreError

HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
_MAGIC = 0x377F0682  # the last bit: words of the checksum are big-endian
_WORD = 0xFFFFFFFF
_BLOCK_BYTES = 8 << 20

Salts = tuple[int, int]
Checksum = tuple[int, int]
Words = NDArray[np.uint32]


class BrokenChain(StoreError):
    """The log is not the continuation of what was read before."""


@dataclass(frozen=True, slots=True)
class WalHeader:
    """The first 32 bytes. SQLite begins a log anew with other salts."""

    page_size: int
    salts: Salts
    checksum: Checksum
    big_endian: bool


@dataclass(frozen=True, slots=True)
class Position:
    """How far a log was read: `frame` frames of the log with these salts, whose running checksum is then this."""

    salts: Salts
    frame: int
    checksum: Checksum


@dataclass(frozen=True, slots=True)
class Pages:
    """What a piece of a log made of the database: the last content of every page that it wrote.

    Attributes:
        path: of the log, which must not begin anew while `content` is read.
        page_size: bytes.
        database_pages: length of the database after it.
        commits: transactions in it.
        frames: the frame that holds it (counted from 0), by page number (counted from 1).
    """

    path: Path
    page_size: int
    database_pages: int
    commits: int
    frames: dict[int, int]

    def content(self) -> Iterator[tuple[int, bytes]]:
        """Number and content of each page, in order."""
        with self.path.open("rb") as file:
            for page, frame in sorted(self.frames.items()):
                file.seek(_offset(self.page_size, frame) + FRAME_HEADER_BYTES)
                yield page, file.read(self.page_size)


def read_header(path: Path) -> WalHeader | None:
    """Header of a log; None: there is no log, or an empty one.

    Raises:
        BrokenChain: it is no log of SQLite.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(HEADER_BYTES)
    except FileNotFoundError:
        return None
    if len(raw) < HEADER_BYTES:
        return None
    magic, _version, page_size, _count, *rest = struct.unpack(">8I", raw)
    if magic & ~1 != _MAGIC:
        raise BrokenChain(f"{path}: is no write-ahead log of SQLite")
    return WalHeader(page_size, (rest[0], rest[1]), (rest[2], rest[3]), bool(magic & 1))


def checksum_at(path: Path, header: WalHeader, frame: int) -> tuple[Salts, Checksum]:
    """Salts and running checksum that stand in a frame (counted from 1); in the header for frame 0."""
    if frame == 0:
        return header.salts, header.checksum
    with path.open("rb") as file:
        file.seek(_offset(header.page_size, frame - 1))
        raw = file.read(FRAME_HEADER_BYTES)
    if len(raw) < FRAME_HEADER_BYTES:
        raise BrokenChain(f"{path}: ends before frame {frame}")
    _page, _pages, *rest = struct.unpack(">6I", raw)
    return (rest[0], rest[1]), (rest[2], rest[3])


def read_pages(path: Path, header: WalHeader, after: Position, until: int) -> tuple[Pages, Position]:
    """What the frames after a position did, up to frame `until`, which must end a transaction.

    Raises:
        BrokenChain: salts or checksums do not continue the position, or a transaction is cut.
    """
    where: dict[int, int] = {}
    commits, database_pages, checksum, number, ends = 0, 0, after.checksum, after.frame, False
    with path.open("rb") as file:
        for frames in _blocks(file, header, after.frame, until):
            fields = _checked(path, header, frames, checksum)
            checksum = (int(fields[-1, 4]), int(fields[-1, 5]))
            for page, pages_after in fields[:, :2].tolist():
                where[page] = number
                number += 1
                if pages_after:
                    commits, database_pages = commits + 1, pages_after
            ends = int(fields[-1, 1]) != 0
    if not ends:
        raise BrokenChain(f"{path}: frame {until} does not end a transaction")
    kept = {page: frame for page, frame in where.items() if page <= database_pages}
    pages = Pages(path, header.page_size, database_pages, commits, kept)
    return pages, Position(header.salts, until, checksum)


def _blocks(file: BinaryIO, header: WalHeader, first: int, until: int) -> Iterator[NDArray[np.uint8]]:
    frame_bytes = FRAME_HEADER_BYTES + header.page_size
    file.seek(_offset(header.page_size, first))
    while first < until:
        count = min(until - first, max(1, _BLOCK_BYTES // frame_bytes))
        raw = file.read(count * frame_bytes)
        if len(raw) < count * frame_bytes:
            raise BrokenChain(f"the write-ahead log ends before frame {until}")
        yield np.frombuffer(raw, np.uint8).reshape(count, frame_bytes)
        first += count


def _checked(
    path: Path, header: WalHeader, frames: NDArray[np.uint8], checksum: Checksum
) -> NDArray[np.uint32]:
    """The six fields of each frame, after their salts and checksums were found right."""
    fields = np.ascontiguousarray(frames[:, :FRAME_HEADER_BYTES]).view(">u4").astype(np.uint32)
    order = ">u4" if header.big_endian else "<u4"
    covered = np.ascontiguousarray(np.delete(frames, np.s_[8:FRAME_HEADER_BYTES], axis=1)).view(order)
    of_input, of_state = _weights(covered.shape[1])
    before = np.vstack([np.array(checksum, np.uint32), fields[:-1, 4:6]])
    expected = covered.astype(np.uint32) @ of_input + before @ of_state
    right = (expected == fields[:, 4:6]).all(axis=1) & (fields[:, 2:4] == header.salts).all(axis=1)
    if not right.all():
        raise BrokenChain(f"{path}: salts or checksums do not continue what was read before")
    return fields


@lru_cache(maxsize=4)
def _weights(words: int) -> tuple[Words, Words]:
    """SQLite's checksum as what it is, a linear map modulo 2**32: (words, 2) for the input, (2, 2) for the state.

    For each pair of words x, y the state (s, t) becomes s += x + t; t += y + s.
    """
    of_input = np.zeros((words, 2), np.uint32)
    state = ((1, 0), (0, 1))  # rows: what s and t before contribute to s and t at the end
    for pair in range(words // 2 - 1, -1, -1):
        (a, b), (c, d) = state
        of_input[2 * pair] = ((a + c) & _WORD, (b + d) & _WORD)  # x goes into s, and through s into t
        of_input[2 * pair + 1] = (c, d)
        state = (((a + c) & _WORD, (b + d) & _WORD), ((a + 2 * c) & _WORD, (b + 2 * d) & _WORD))
    return of_input, np.array(state, np.uint32)


def _offset(page_size: int, frame: int) -> int:
    return HEADER_BYTES + frame * (FRAME_HEADER_BYTES + page_size)
