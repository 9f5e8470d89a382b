"""Files of the data folder that a page may have."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import FileResponse


class LargeFile(FileResponse):
    """A file of megabytes: each piece costs a change of threads, so pieces are larger than for a picture."""

    chunk_size = 512 * 1024


def inside(data: Path, name: str | None, *, folder: str = "frames", suffix: str = ".jpg") -> Path | None:
    """A file of a folder of the data folder; None when there is none, or the name leads anywhere else."""
    if not name or not name.endswith(suffix) or "\0" in name:
        return None
    root = (data / folder).resolve()
    path = (data / name).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None
