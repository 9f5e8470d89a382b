"""A checked copy of a database at one moment, while others write to it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.store.keeping.integrity import problems_of
from lbzf_ros.store.keeping.packing import Progress
from lbzf_ros.store.migrate import connect
from lbzf_ros.store.timestamps import from_text

_STEP_PAGES = 2048  # 8 MB: others wait at most so long for the disk
_STEP_INSTRUCTIONS = 1_000_000  # of SQLite's machine: well below a second
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
# The newest rows by start have the newest ends but for a cycle that outlasts a hundred others.
_NEWEST = """
SELECT max(coalesce(end_ts, start_ts)) FROM (SELECT start_ts, end_ts FROM {table} ORDER BY start_ts DESC LIMIT 100)
"""
_MEASURED = ("cycle_events", "cycle_events_rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a database holds.

    Attributes:
        schema: number of its last migration; 0: it is none of LBZF.
        rows: number of rows by table.
        newest_event_ns: last start or end of a cycle in it; None: there is no cycle.
    """

    schema: int
    rows: Mapping[str, int]
    newest_event_ns: int | None


def facts_of(connection: sqlite3.Connection) -> Facts:
    """What a database holds, in the transaction that is open."""
    tables = [name for (name,) in connection.execute(_TABLES)]
    rows = {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in tables}
    schema = 0
    if rows.get("schema_version"):
        schema = int(connection.execute("SELECT version FROM schema_version").fetchone()[0])
    return Facts(schema=schema, rows=rows, newest_event_ns=newest_event_ns(connection))


def newest_event_ns(connection: sqlite3.Connection) -> int | None:
    """Last start or end of a cycle; None: there is none."""
    tables = {name for (name,) in connection.execute(_TABLES)}
    times = [
        connection.execute(_NEWEST.format(table=table)).fetchone()[0]
        for table in _MEASURED
        if table in tables
    ]
    try:
        return max((from_text(text) for text in times if text), default=None)
    except InvalidValue:  # written by something else than LBZF
        return None


def checked_copy(
    source: sqlite3.Connection,
    target: Path,
    *,
    progress: Progress,
    between: Callable[[], None] | None = None,
) -> Facts:
    """Copy the state that the open read transaction of `source` sees, and check the copy.

    Args:
        source: with a transaction that has read already; it stays open.
        target: new file, page by page the same.
        progress: shown on the way.
        between: called now and then while copying and checking.

    Raises:
        StoreError: the copy is not whole (then neither is the source), or there is no room for it.
        sqlite3.Error: the source cannot be read, the disk is full.
    """
    _check_room(source, target.parent)
    facts = facts_of(source)

    def step(_status: int, remaining: int, total: int) -> None:
        progress("copying", total - remaining, total)
        if between is not None:
            between()

    with closing(connect(target)) as copy:
        copy.execute(
            "PRAGMA synchronous = OFF"
        )  # it counts only after it was read back and brought to the disk
        source.backup(copy, pages=_STEP_PAGES, progress=step)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, also readable where nothing can be written
        progress("checking the copy", 0, 0)
        if between is not None:
            copy.set_progress_handler(between, _STEP_INSTRUCTIONS)
        if problems := problems_of(copy):
            raise StoreError(
                f"the database is damaged, so its copy does not count: {'; '.join(problems[:3])}"
            )
        if (found := facts_of(copy)) != facts:
            raise StoreError(f"the copy holds {found}, the database {facts}; it does not count")
    return facts


def _check_room(source: sqlite3.Connection, folder: Path) -> None:
    pages = int(source.execute("PRAGMA page_count").fetchone()[0])
    needed = (
        pages * int(source.execute("PRAGMA page_size").fetchone()[0]) * 3 // 2
    )  # the copy, and it compressed
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"{folder}: {free / 1e6:.0f} MB are free, a copy of the database needs {needed / 1e6:.0f} MB for a while; "
            "free some space"
        )
