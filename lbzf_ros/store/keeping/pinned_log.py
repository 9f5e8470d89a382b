"""SQLite's write-ahead log, pinned: it cannot begin anew before everything in it was kept.

The pin is an open read transaction of ours. While there is one, one of two things holds. It reads from the log: then
the log cannot begin anew. Or it reads from the database file alone: then all that it sees is in that file, nothing
later can be brought there, and so the log can begin anew at most once, and only if nothing was appended to it before.
Either way: if all that the pin sees has been kept, all that came later is still in the log, after our position, or,
if the salts are other ones now, from its first frame. So the next pin is set, then what is there is kept, and only
then the pin before it goes.

The database and its `-shm` are opened through SQLite only: closing them otherwise would drop the locks of this process.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.keeping.wal import FRAME_HEADER_BYTES, Position, WalHeader, checksum_at, read_header

_BUSY_S = 5.0
_TRIES = 250
_PAUSE_S = 0.02
_EMPTY = Position((0, 0), 0, (0, 0))


class PinnedLog:
    """The log of one database, as long as it is the same file."""

    def __init__(self, database: Path) -> None:
        """Open it; there is no pin yet.

        Raises:
            sqlite3.Error: it cannot be opened.
            OSError: there is none.
        """
        self.path = database.with_name(f"{database.name}-wal")
        self._database = database
        self._inode = database.stat().st_ino
        self._pin: sqlite3.Connection | None = None
        self._checkpoints = self._connect()
        self._checkpoints.execute("PRAGMA journal_mode = WAL").fetchall()

    def close(self) -> None:
        """Let go; from now on the log may begin anew at any time."""
        if self._pin is not None:
            self._pin.close()
        self._checkpoints.close()

    def is_of(self, database: Path) -> bool:
        """Whether the path still is the same file."""
        try:
            return database.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    @contextmanager
    def next_pin(self) -> Iterator[sqlite3.Connection]:
        """Set a pin; it takes the place of the one before at the end, if all went well.

        Yields:
            The connection with the read transaction.
        """
        pin = self._connect()
        try:
            pin.execute("BEGIN")
            pin.execute("SELECT count(*) FROM sqlite_master").fetchall()  # now it has its snapshot
            yield pin
        except BaseException:
            pin.close()
            raise
        former, self._pin = self._pin, pin
        if former is not None:
            former.close()

    @contextmanager
    def writers_wait(self) -> Iterator[None]:
        """Nobody can commit meanwhile.

        Raises:
            sqlite3.OperationalError: another one writes and does not end.
        """
        with closing(self._connect()) as lock:
            lock.execute("BEGIN IMMEDIATE")
            yield
            lock.execute("ROLLBACK")

    def look(self) -> tuple[WalHeader | None, int]:
        """Header of the log (None: it is empty) and the number of committed frames in it. There must be a pin.

        What is committed also goes into the database file, as far as readers allow it.

        Raises:
            StoreError: others are busy with it all the time.
        """
        for _ in range(_TRIES):
            before = read_header(self.path)
            _, frames, _ = self._checkpoint()
            # A header that stays the same is that of the frames counted in between: SQLite writes it before it
            # commits the first of them.
            if frames >= 0 and read_header(self.path) == before:
                return before, frames if before else 0
            time.sleep(_PAUSE_S)
        raise StoreError(
            f"{self._database}: others are busy with its log all the time; it is tried again later"
        )

    def end(self) -> Position:
        """Where the log ends now; only while writers wait is that of any worth."""
        header, frames = self.look()
        if header is None or frames == 0:
            return _EMPTY
        salts, checksum = checksum_at(self.path, header, frames)
        return Position(salts, frames, checksum)

    def used_bytes(self) -> int:
        """Size of that part of the log that holds something."""
        header, frames = self.look()
        return frames * (header.page_size + FRAME_HEADER_BYTES) if header else 0

    def is_empty_after_checkpoint(self, tries: int = 5) -> bool:
        """Bring everything into the database file; whether that was possible. Only while writers wait."""
        for _ in range(tries):
            busy, frames, done = self._checkpoint()
            if not busy and frames == done:
                return True
            time.sleep(_PAUSE_S)
        return False

    def pin_to_log(self, tries: int = 10) -> None:
        """After the log was emptied: pin it as soon as it has begun anew, if that is soon.

        As long as the pin reads from the database file alone, nothing can be brought there, and every commit of a busy
        writer tries it in vain and sorts the whole log for that. What the new pin sees needs not be kept before: with
        frames that are not in the database file, it reads from the log, which therefore cannot begin anew.
        """
        for _ in range(tries):
            _, frames, done = self._checkpoint()
            if frames > done >= 0:
                with self.next_pin():
                    return
            time.sleep(_PAUSE_S)

    def _checkpoint(self) -> tuple[int, int, int]:
        busy, frames, done = self._checkpoints.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()[0]
        return busy, frames, done

    def _connect(self) -> sqlite3.Connection:
        address = f"file:{quote(str(self._database))}?mode=rw"
        return sqlite3.connect(
            address, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
