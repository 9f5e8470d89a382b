"""A process that writes at full speed: `python writing.py DATABASE NAME`. Each transaction is seen whole or not at all.

Writer NAME inserts 1, 2, 3, … into two tables, in transactions of a random size.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

TABLES = ("first", "second")


def prepare(database: Path) -> None:
    """Make the tables."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for table in TABLES:
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (name TEXT, n INTEGER, filling TEXT, PRIMARY KEY (name, n))"
            )


def written(connection: sqlite3.Connection) -> dict[str, int]:
    """The last number of each writer, after everything was found whole."""
    connection.execute("BEGIN")
    sides = [
        connection.execute(
            f"SELECT name, count(*), min(n), max(n) FROM {table} GROUP BY name ORDER BY name"
        ).fetchall()
        for table in TABLES
    ]
    connection.execute("COMMIT")
    assert sides[0] == sides[1], "a transaction is torn"
    assert all(count == last and first == 1 for _, count, first, last in sides[0]), "a transaction is missing"
    return {name: last for name, _, _, last in sides[0]}


def write_for_ever(database: Path, name: str) -> None:
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = 20")
        n = connection.execute("SELECT coalesce(max(n), 0) FROM first WHERE name = ?", (name,)).fetchone()[0]
        chance = random.Random(n)
        while True:
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(chance.choice([1, 2, 5, 20])):
                n += 1
                for table in TABLES:
                    connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (name, n, "x" * (n % 100)))
            connection.execute("COMMIT")
            time.sleep(0.001)  # SQLite's lock is not fair: others want to write too


if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]), sys.argv[2])
