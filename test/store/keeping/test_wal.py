"""The log of SQLite as a file: checksums as SQLite has them, and nothing that does not continue."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.store.keeping.wal import (
    FRAME_HEADER_BYTES,
    HEADER_BYTES,
    BrokenChain,
    Position,
    WalHeader,
    _weights,
    checksum_at,
    read_header,
    read_pages,
)

WORD = st.integers(0, 2**32 - 1)


@given(
    words=st.lists(WORD, min_size=2, max_size=64).filter(lambda words: len(words) % 2 == 0), s=WORD, t=WORD
)
def test_the_checksum_as_a_matrix_is_sqlites(words: list[int], s: int, t: int) -> None:
    of_input, of_state = _weights(len(words))
    found = np.array([words], np.uint32) @ of_input + np.array([[s, t]], np.uint32) @ of_state
    for x, y in zip(words[::2], words[1::2], strict=True):
        s = (s + x + t) % 2**32
        t = (t + y + s) % 2**32
    assert found.tolist() == [[s, t]]


@pytest.fixture(params=[512, 4096, 65536])
def log(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Path, int]]:
    """A log with some transactions, and its number of frames."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {request.param}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (text TEXT)")
        for number in range(1, 30):
            connection.execute("INSERT INTO t VALUES (?)", ("x" * number * 50,))
        (frames,) = {row[1] for row in connection.execute("PRAGMA wal_checkpoint(PASSIVE)")}
        yield tmp_path / "a.db-wal", frames


def start_of(path: Path) -> tuple[WalHeader, Position]:
    header = read_header(path)
    assert header is not None
    return header, Position(header.salts, 0, header.checksum)


def test_it_is_read_at_once_or_piece_by_piece(log: tuple[Path, int]) -> None:
    path, frames = log
    header, start = start_of(path)
    pages, end = read_pages(path, header, start, frames)
    assert pages.commits == 30
    assert (end.salts, end.checksum) == checksum_at(path, header, frames)
    ends = [n for n in range(1, frames + 1) if frame_field(path, header, n, 1)]
    content: dict[int, bytes] = {}
    position = start
    for number in ends:
        piece, position = read_pages(path, header, position, number)
        content |= dict(piece.content())
    assert position == end
    assert content == dict(pages.content())


@pytest.mark.parametrize("where", [0, 8, 12, 16, 20, FRAME_HEADER_BYTES + 100], ids=str)
def test_a_changed_byte_is_found(log: tuple[Path, int], where: int) -> None:
    path, frames = log
    header, start = start_of(path)
    raw = bytearray(path.read_bytes())
    raw[HEADER_BYTES + (frames // 2) * (header.page_size + FRAME_HEADER_BYTES) + where] ^= 1
    changed = path.with_name("changed-wal")
    changed.write_bytes(raw)
    with pytest.raises(BrokenChain, match="do not continue"):
        read_pages(changed, header, start, frames)


def test_a_cut_transaction_a_cut_file_and_no_log_are_refused(log: tuple[Path, int], tmp_path: Path) -> None:
    path, frames = log
    header, start = start_of(path)
    inside = next((n for n in range(1, frames) if not frame_field(path, header, n, 1)), None)
    if inside is not None:
        with pytest.raises(BrokenChain, match="does not end a transaction"):
            read_pages(path, header, start, inside)
    with pytest.raises(BrokenChain, match="ends before frame"):
        read_pages(path, header, start, 10**6)
    other = tmp_path / "other-wal"
    assert read_header(other) is None
    other.write_bytes(b"")
    assert read_header(other) is None
    other.write_bytes(b"x" * 100)
    with pytest.raises(BrokenChain, match="is no write-ahead log"):
        read_header(other)


def frame_field(path: Path, header: WalHeader, number: int, field: int) -> int:
    at = HEADER_BYTES + (number - 1) * (header.page_size + FRAME_HEADER_BYTES) + 4 * field
    (value,) = struct.unpack_from(">I", path.read_bytes(), at)
    return int(value)
