"""Connections to the database: one kind that writes, one that only reads, and their errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store import DATABASE_NAME
from lbzf_ros.store.errors import in_words
from lbzf_ros.store.replaced import check_not_replaced, reconnect_when_replaced

__all__ = ["DATABASE_NAME", "PRAGMAS", "reading_engine", "release_memory", "transaction", "writing_engine"]

PRAGMAS = {
    "journal_mode": "WAL",  # readers do not block the writer
    "synchronous": "NORMAL",  # of connections that write: FULL, see `writing_engine`
    "foreign_keys": "ON",
    "busy_timeout": "5000",  # ms
    "temp_store": "MEMORY",
    "cache_size": "-65536",  # KiB when negative
}


def writing_engine(path: Path) -> Engine:
    """Open an existing database to write; `migrate` makes one. A transaction takes the write lock when it begins.

    It is found missing at the first transaction.

    What is committed is on the disk, also when the power fails next: the sender forgets an event that is acknowledged,
    and a person sees that his entry was taken. With NORMAL the last commits could be gone.
    """
    return _engine(path, begin="BEGIN IMMEDIATE", pragmas=PRAGMAS | {"synchronous": "FULL"})


def reading_engine(path: Path) -> Engine:
    """Open an existing database to read only. It is found missing at the first query."""
    # query_only refuses every write as well as "mode=ro" would, see `_engine`.
    pragmas = {name: value for name, value in PRAGMAS.items() if name != "journal_mode"} | {
        "query_only": "ON"
    }
    return _engine(path, begin="BEGIN", pragmas=pragmas)


def release_memory(engine: Engine) -> None:
    """Let go of the pages that a connection keeps. Else it keeps up to `cache_size` as its database grows.

    Raises:
        StoreError: the database is gone.
    """
    try:
        connection = engine.raw_connection()  # without a transaction: nobody's lock is waited for
        try:
            connection.cursor().execute("PRAGMA shrink_memory")
        finally:
            connection.close()
    except (DBAPIError, sqlite3.Error) as error:
        raise StoreError(in_words(engine.url.database, "release memory", error)) from error


@contextmanager
def transaction(engine: Engine, doing: str) -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back when something is raised.

    Args:
        engine: of this module.
        doing: what is tried, in words, for the message.

    Raises:
        StoreError: the database refused; nothing has changed.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise StoreError(in_words(engine.url.database, doing, error.orig or error)) from error


def _engine(path: Path, *, begin: str, pragmas: dict[str, str]) -> Engine:
    # "rwc" would put an empty database in the place of one that was deleted, and "ro" cannot open a WAL database that
    # nobody else has open.
    address = f"file:{quote(str(path))}?mode=rw"
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)), creator=lambda: _connect(address, pragmas)
    )

    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
        check_not_replaced(connection, path)

    event.listen(engine, "begin", begin_transaction)
    reconnect_when_replaced(engine, path)
    return engine


def _connect(address: str, pragmas: dict[str, str]) -> sqlite3.Connection:
    # Without isolation_level=None the driver would begin transactions of its own, and too late.
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
