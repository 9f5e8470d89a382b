"""The connections of the API to the database: one kind that reads, one that writes what people enter."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine


class Database:
    """Both are opened when they are first needed; from any thread."""

    def __init__(self, data: Path) -> None:
        """The database of a data folder."""
        self._path = data / DATABASE_NAME
        self._lock = threading.Lock()
        self._reading: Engine | None = None
        self._writing: Engine | None = None

    @property
    def reading(self) -> Engine:
        """Cannot change anything."""
        with self._lock:
            self._reading = self._reading or reading_engine(self._path)
            return self._reading

    @property
    def writing(self) -> Engine:
        """Waits some seconds for whoever else writes.

        Raises:
            StoreError: there is no database. It is never made here: an empty one would hide that it is gone.
        """
        with self._lock:
            if not self._path.exists():
                raise StoreError(f"{self._path}: the database is gone; bring it back with `lbzf restore`")
            self._writing = self._writing or writing_engine(self._path)
            return self._writing

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            for engine in (self._reading, self._writing):
                if engine is not None:
                    engine.dispose()
            self._reading = self._writing = None
