"""Notice that a database was deleted or replaced while it is in use: somebody restores a backup.

SQLite goes on writing into a file that has no name any more, and says nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

from lbzf_ros.core.errors import StoreError

FileIdentity = tuple[int, int]
"""Device and inode."""


def file_identity(path: Path) -> FileIdentity | None:
    """What file a path names now; None: none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def reconnect_when_replaced(engine: Engine, path: Path) -> None:
    """Let an engine notice it at its next transaction: a replaced file is opened anew, a missing one is an error.

    Args:
        engine: of this file.
        path: the database.
    """

    def connected(_connection: Any, record: Any) -> None:
        record.info["file"] = file_identity(path)

    def checked_out(_connection: Any, record: Any, _proxy: Any) -> None:
        now = file_identity(path)
        if now is None:
            raise StoreError(f"{path}: the database is gone; bring it back with `lbzf restore`")
        if now != record.info["file"]:
            raise DisconnectionError("the file was replaced")

    event.listen(engine, "connect", connected)
    event.listen(engine, "checkout", checked_out)


def check_not_replaced(connection: Connection, path: Path) -> None:
    """Refuse a transaction that has waited for the write lock while the file was being replaced.

    Raises:
        StoreError: it would write into the file that was there before.
    """
    if file_identity(path) != connection.info["file"]:
        raise StoreError(f"{path}: the database was replaced just now; nothing is written, try again")
