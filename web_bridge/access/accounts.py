"""Local accounts and their sessions: `access.db` in the data folder, readable by its owner only.

It is a file of its own so that passwords (argon2id hashes) and sessions are in no backup, export or paper pack.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lbzf_ros.core.errors import InvalidValue, StoreError
from web_bridge.access.roles import key

DATABASE = "access.db"
MIN_PASSWORD, MAX_PASSWORD = 10, 200
MAX_NAME = 100
_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (  -- who may sign in with a password
  name          TEXT PRIMARY KEY,      -- as in the roles file, case folded
  password_hash TEXT NOT NULL,         -- argon2id with its parameters
  changed_at_s  REAL NOT NULL          -- Unix time of the last change of the password
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (  -- who is signed in
  token_hash    BLOB PRIMARY KEY,      -- SHA-256 of the cookie: the file does not let anybody in
  name          TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE,
  began_at_s    REAL NOT NULL,         -- Unix time
  seen_at_s     REAL NOT NULL          -- Unix time of a late request, to a minute
) STRICT;
CREATE INDEX IF NOT EXISTS idx_sessions_name ON sessions(name);
CREATE TABLE IF NOT EXISTS secrets (   -- what this installation alone knows
  name          TEXT PRIMARY KEY,
  value         BLOB NOT NULL
) STRICT;
"""
_HASHER = PasswordHasher()  # RFC 9106, low-memory: 64 MiB, 3 passes
_NOBODYS = _HASHER.hash(secrets.token_urlsafe())
"""Verified for names that do not exist, so that they take as long as others."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in; times are Unix times in seconds."""

    name: str
    began_at_s: float
    seen_at_s: float


def token_hash(token: str) -> bytes:
    """What is kept of a session's cookie."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def check_name(name: str) -> str:
    """A name as it is stored.

    Raises:
        InvalidValue: it is empty, too long, or holds what cannot be seen.
    """
    found = key(name)
    if not 0 < len(found) <= MAX_NAME or not found.isprintable():
        raise InvalidValue(f"name {name[:MAX_NAME]!r}: must be 1 to {MAX_NAME} characters that can be seen")
    return found


def check_password(password: str, name: str) -> None:
    """Refuse a password that is guessed at once.

    Raises:
        InvalidValue: it is too short or too long, or is the name.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidValue(f"the password must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    if key(password) in key(name) or len(set(password)) < 4:
        raise InvalidValue("the password is guessed at once; take a sentence or several words")


class Accounts:
    """The accounts of a data folder. Safe in several threads and processes."""

    def __init__(self, data: Path, *, now_s: Callable[[], float] = time.time) -> None:
        """Of `data`; the file is made when something is first written."""
        self._path, self._now_s = data / DATABASE, now_s
        self._local = threading.local()

    def names(self) -> list[str]:
        """Every account."""
        with self._connected() as connection:
            return [row[0] for row in connection.execute("SELECT name FROM accounts ORDER BY name")]

    def has(self, name: str) -> bool:
        """Whether there is such an account."""
        with self._connected() as connection:
            found = connection.execute("SELECT 1 FROM accounts WHERE name = ?", (key(name),)).fetchone()
        return found is not None

    def set_password(self, name: str, password: str) -> None:
        """Make an account or change its password; whoever is signed in with it is signed out.

        Raises:
            InvalidValue: the name or the password cannot be used.
        """
        name = check_name(name)
        check_password(password, name)
        hashed = _HASHER.hash(password)
        with self._connected() as connection:
            connection.execute("DELETE FROM sessions WHERE name = ?", (name,))
            connection.execute(
                "INSERT INTO accounts VALUES (?1, ?2, ?3) "
                "ON CONFLICT (name) DO UPDATE SET password_hash = ?2, changed_at_s = ?3",
                (name, hashed, self._now_s()),
            )

    def remove(self, name: str) -> bool:
        """Take an account and its sessions away; False: there was none."""
        with self._connected() as connection:
            return connection.execute("DELETE FROM accounts WHERE name = ?", (key(name),)).rowcount > 0

    def is_password(self, name: str, password: str) -> bool:
        """Whether a password is right. It takes about 0.1 s of a core and 64 MiB, whether the name exists or not."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT password_hash FROM accounts WHERE name = ?", (key(name),)
            ).fetchone()
        try:
            _HASHER.verify(row[0] if row else _NOBODYS, password[: MAX_PASSWORD + 1])
        except (VerificationError, InvalidHashError):
            return False
        return row is not None

    def sign_in(self, name: str) -> str:
        """Begin a session; its token is for the cookie and is not kept."""
        token, now_s = secrets.token_urlsafe(32), self._now_s()
        with self._connected() as connection:
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)", (token_hash(token), key(name), now_s, now_s)
            )
        return token

    def session(self, hashed: bytes) -> Session | None:
        """The session of a cookie."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT name, began_at_s, seen_at_s FROM sessions WHERE token_hash = ?", (hashed,)
            ).fetchone()
        return None if row is None else Session(*row)

    def seen(self, hashed: bytes) -> None:
        """Somebody who is signed in has asked for something."""
        with self._connected() as connection:
            connection.execute(
                "UPDATE sessions SET seen_at_s = ? WHERE token_hash = ?", (self._now_s(), hashed)
            )

    def sign_out(self, hashed: bytes) -> None:
        """End one session."""
        with self._connected() as connection:
            connection.execute("DELETE FROM sessions WHERE token_hash = ?", (hashed,))

    def sign_out_everywhere(self, name: str) -> int:
        """End every session of an account; how many there were."""
        with self._connected() as connection:
            return connection.execute("DELETE FROM sessions WHERE name = ?", (key(name),)).rowcount

    def forget_old(self, *, session_s: float, idle_s: float) -> None:
        """Drop sessions whose time is up."""
        now_s = self._now_s()
        with self._connected() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE began_at_s < ? OR seen_at_s < ?",
                (now_s - session_s, now_s - idle_s),
            )

    def secret(self, name: str) -> bytes:
        """32 random bytes that stay the same; made when they are first asked for."""
        with self._connected() as connection:
            connection.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, secrets.token_bytes(32)))
            return bytes(
                connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()[0]
            )

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection of this thread; what is done in the block is one transaction."""
        try:
            if getattr(self._local, "connection", None) is None:
                self._local.connection = self._open()
            connection: sqlite3.Connection = self._local.connection
            with connection:
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"{self._path}: {error}; it must belong to the user that runs LBZF, with room on the disk"
            ) from None

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Made before SQLite does: nobody else may read it, not even for a moment.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, timeout=5)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
        return connection
