"""With what a pack was made, and when: the one file of it that is another one each time."""

from __future__ import annotations

import platform
import sqlite3
from importlib import metadata

from lbzf_ros.machine import machine
from lbzf_ros.store.timestamps import to_text


def environment(now_ns: int) -> dict[str, object]:
    """Time, machine, Python and every installed package with its version."""
    packages = {
        str(found.metadata["Name"]): found.version
        for found in metadata.distributions()
        if found.metadata["Name"]
    }
    return {
        "created_at": to_text(now_ns),
        "machine": machine(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }
