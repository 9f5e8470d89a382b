"""Which video files the database knows. Without SQLAlchemy: each camera's process asks once, when it starts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.timestamps import from_text

_BUSY_S = 2.0
_ENTERED = "SELECT path FROM video_segments WHERE path IN (SELECT value FROM json_each(?))"
_UNTIL = """
SELECT max(end_ts) FROM (
  SELECT max(v.end_ts) AS end_ts FROM video_segments v JOIN cameras c ON c.id = v.camera_id WHERE c.label = ?1
  UNION ALL
  SELECT max(g.end_ts) FROM video_gaps g JOIN cameras c ON c.id = g.camera_id WHERE c.label = ?1
)
"""


def entered_video(database: Path, camera: str, paths: Sequence[str]) -> tuple[frozenset[str], int | None]:
    """Which of these files have a row; and until when a camera's time is accounted for (None: it never was).

    Raises:
        StoreError: the database cannot be read, or is still being brought to this schema.
    """
    address = (
        f"{database.resolve().as_uri()}?mode=rw"  # "ro" cannot open a WAL database that nobody else has open
    )
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_S)) as connection:
            connection.execute("PRAGMA query_only = ON")
            rows = connection.execute(_ENTERED, (json.dumps(list(paths)),)).fetchall()
            (until,) = connection.execute(_UNTIL, (camera,)).fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{database}: video cannot be looked up: {error}") from None
    return frozenset(row[0] for row in rows), None if until is None else from_text(until)
