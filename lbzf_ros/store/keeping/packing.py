"""Files that count only when they are whole: written under another name, on the disk, checked, then renamed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from lbzf_ros.core.errors import StoreError

PARTIAL = ".partial"
"""Ending of a file that is not whole yet."""
_PIECE_BYTES = 1 << 20

Progress = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is."""


def silent(_doing: str, _done: int, _total: int) -> None:
    """Show no progress."""


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a small file; readers see the old one or the new one.

    Raises:
        OSError: it cannot be written; the old one is as it was.
    """
    with partial_of(path, durable=durable) as partial, partial.open("wb") as file:
        file.write(content)


@contextmanager
def partial_of(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A name to write to; at the end it is brought to the disk and takes the real name, after an error it goes."""
    partial = path.with_name(f"{path.name}{PARTIAL}")
    try:
        partial.unlink(missing_ok=True)
        yield partial
        if durable:
            sync(partial)
        partial.replace(path)
        if durable:
            sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def pack(source: Path, target: Path, *, level: int, progress: Progress = silent) -> str:
    """Compress a file, read it back, and compare.

    Args:
        source: any file.
        target: gets its compressed form, whole or not at all.
        level: of zstd.
        progress: shown on the way.

    Returns:
        SHA-256 of the source, hexadecimal.

    Raises:
        StoreError: what was read back is something else.
        OSError: it cannot be read or written, the disk is full.
    """
    total = source.stat().st_size
    compressor = zstandard.ZstdCompressor(level=level, write_checksum=True)
    with partial_of(target) as partial:
        with (
            source.open("rb") as raw,
            partial.open("wb") as packed,
            compressor.stream_writer(packed, size=total) as out,
        ):
            digest = _copy(raw, out.write, "compressing", total, progress)
        sync(partial)
        with partial.open("rb") as written, _reader(written) as back:
            found = _copy(back, None, "checking the compressed file", total, progress)
        if found != digest:
            raise StoreError(
                f"{target}: what was written cannot be read back; check the disk and make another backup."
            )
    return digest


def unpack(source: Path, target: Path, *, progress: Progress = silent, total: int = 0) -> str:
    """Decompress a file; SHA-256 of the result.

    Raises:
        StoreError: it is cut off or damaged.
        OSError: it cannot be read or written, the disk is full.
    """
    try:
        with source.open("rb") as packed, target.open("wb") as raw, _reader(packed) as back:
            digest = _copy(back, raw.write, "decompressing", total, progress)
    except zstandard.ZstdError as error:
        raise StoreError(f"{source}: is damaged ({error}); choose another one.") from error
    return digest


def _reader(packed: IO[bytes]) -> zstandard.ZstdDecompressionReader:
    return zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)


def _copy(
    source: IO[bytes] | zstandard.ZstdDecompressionReader,
    write: Callable[[bytes], object] | None,
    doing: str,
    total: int,
    progress: Progress,
) -> str:
    digest, done = hashlib.sha256(), 0
    while piece := source.read(_PIECE_BYTES):
        digest.update(piece)
        if write is not None:
            write(piece)
        done += len(piece)
        progress(doing, done, total)
    return digest.hexdigest()
