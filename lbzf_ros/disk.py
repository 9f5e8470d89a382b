"""Free space, and files that are either whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BYTES_PER_GB = 1_000_000_000
PARTIAL = ".partial"
"""Ending of a file that is not whole yet."""


def has_room(folder: Path, reserve_gb: float) -> bool:
    """Whether more than the space kept for the database is free where a folder lies."""
    return shutil.disk_usage(folder).free > reserve_gb * BYTES_PER_GB


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a small file, and the folders above it; readers see the old one or the new one.

    Args:
        path: the file.
        content: all of it.
        durable: bring it to the disk, so that it is also whole after a power cut.

    Raises:
        OSError: it cannot be written; the old one is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
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
