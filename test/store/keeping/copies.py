"""What the tests of continuous copies have in common."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.keeping.generation import CONTINUOUS, list_generations

NOW_NS = 1_784_122_251 * NS_PER_S
SMALL = BackupSettings(checkpoint_mb=0.1, compression_level=1)

Content = list[tuple[object, ...]]


def connect(database: Path, timeout_s: float = 5.0) -> sqlite3.Connection:
    connection = sqlite3.connect(database, timeout=timeout_s, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")  # a test needs no disk
    return connection


def content_of(database: Path) -> Content:
    """Every table and every row."""
    with closing(connect(database)) as connection:
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        return [
            *tables,
            *(row for name, _ in tables for row in connection.execute(f"SELECT rowid, * FROM {name}")),
        ]


def restored(folder: Path, at_ns: int | None = None) -> Content:
    """The newest state, or that of a moment, brought back into a file of its own."""
    generation = [g for g in list_generations(folder / CONTINUOUS) if at_ns is None or g.at_ns <= at_ns][-1]
    pieces = generation.pieces() if at_ns is None else generation.pieces_until(at_ns)
    with tempfile.TemporaryDirectory() as scratch:
        generation.restore(Path(scratch, "r.db"), pieces)
        with closing(connect(Path(scratch, "r.db"))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return content_of(Path(scratch, "r.db"))
