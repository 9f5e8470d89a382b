"""Compressed files that are read back and compared before they count."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import zstandard

from lbzf_ros.core.errors import StoreError
from lbzf_ros.disk import partial_of, sync

_PIECE_BYTES = 1 << 20

Progress = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is."""


def silent(_doing: str, _done: int, _total: int) -> None:
    """Show no progress."""


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
