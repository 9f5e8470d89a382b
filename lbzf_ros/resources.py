"""Files that come with the project (db/, config/), in a source tree and where the project is installed."""

from __future__ import annotations

from pathlib import Path


def resource_path(*parts: str) -> Path:
    """Path of a file or folder that comes with the project, e.g. `resource_path("db", "migrations")`."""
    return Path(__file__).resolve().parent.parent.joinpath(*parts)
