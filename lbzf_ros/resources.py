"""Files that come with the project (config/, db/, launch/), in a source tree and where the project is installed."""

from __future__ import annotations

import sys
from pathlib import Path

_SOURCE_TREE = Path(__file__).resolve().parent.parent


def resource_path(*parts: str) -> Path:
    """Path of a file or folder that comes with the project, e.g. `resource_path("db", "migrations")`.

    In a source tree (also when installed in place) it lies at the top; a colcon or pip install has it in share/lbzf.
    """
    return _root().joinpath(*parts)


def _root() -> Path:
    if (_SOURCE_TREE / "package.xml").exists():
        return _SOURCE_TREE
    for prefix in (*Path(__file__).resolve().parents, Path(sys.prefix)):
        if (share := prefix / "share" / "lbzf").is_dir():
            return share
    return _SOURCE_TREE
