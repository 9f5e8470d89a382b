"""Free space, and files that are either whole or not there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

BYTES_PER_GB = 1_000_000_000


def has_room(folder: Path, reserve_gb: float) -> bool:
    """Whether more than the space kept for the database is free where a folder lies."""
    return shutil.disk_usage(folder).free > reserve_gb * BYTES_PER_GB


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves the old one or none, never half of it.

    Raises:
        OSError: it cannot be written; nothing is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
