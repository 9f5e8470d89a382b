"""The steps of `lbzf maintenance`, in their order. Each says how it went in one line; an error is a failure."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lbzf_ros.cli.keeping import LOG, only_one, size_text
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import LbzfError
from lbzf_ros.reports.workbook.nightly import write_workbooks
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.keeping.backup import back_up
from lbzf_ros.store.keeping.frames import archive_frames
from lbzf_ros.store.keeping.integrity import check_database
from lbzf_ros.store.keeping.orphans import count_orphans, find_orphans
from lbzf_ros.store.keeping.place import send_missing
from lbzf_ros.store.keeping.report import State
from lbzf_ros.store.keeping.retention import Job
from lbzf_ros.store.keeping.status import BACKUPS, backup_status
from lbzf_ros.store.keeping.video_space import make_room

_BUSY_TIMEOUT_S = 0.2
"""A checkpoint keeps the writer of cycles from writing while it waits for readers."""


@dataclass(slots=True)
class Context:
    """What the steps work on.

    Attributes:
        job: the run.
        plant: its settings.
        has_space: nobody else makes room on the disk meanwhile.
        database_is_damaged: what must not be done then is left out.
    """

    job: Job
    plant: Plant
    has_space: bool = False
    database_is_damaged: bool = False

    @property
    def database(self) -> Path:
        """The file."""
        return self.job.data / DATABASE_NAME


class Outcome(NamedTuple):
    """How a step went."""

    state: State
    text: str


def integrity(context: Context) -> Outcome:
    """Is the database whole."""
    job = context.job
    found = check_database(job.data, context.database, now_ns=job.now_ns)
    if found.problems:
        context.database_is_damaged = True
        return Outcome(
            State.FAILED, f"the database is damaged: {'; '.join(found.problems[:3])}; restore a backup"
        )
    return Outcome(State.OK, "the database is whole")


def backup(context: Context) -> Outcome:
    """Copy the database."""
    plant, job = context.plant, context.job
    made = back_up(
        context.database, job.data / BACKUPS, plant.backup, zone=plant.time_zone, now_ns=job.now_ns
    )
    return Outcome(State.OK, f"{made.path.name}, {size_text(made.size_bytes)}, checked")


def second_place(context: Context) -> Outcome:
    """Send the backups elsewhere."""
    plant, job = context.plant, context.job
    if not plant.backup.second_place:
        return Outcome(State.OK, "there is none (backup.second_place)")
    sent = send_missing(job.data / BACKUPS, plant.backup, zone=plant.time_zone, now_ns=job.now_ns)
    if sent.error:
        return Outcome(State.FAILED, f"{sent.missing} backups are not there: {sent.error}")
    return Outcome(State.OK, "every backup is there")


def frames(context: Context) -> Outcome:
    """Remove the pictures whose time is up."""
    if context.database_is_damaged or backup_status(context.job.data).integrity.problems:
        return Outcome(State.WARNING, "left out, because the database is damaged")
    done = archive_frames(context.job)
    count = done.archived.files + done.nameless.files
    text = f"{count} pictures removed, {size_text(done.archived.size_bytes + done.nameless.size_bytes)}"
    if done.nameless.files:
        text += f" ({done.nameless.files} of them named by no cycle)"
    return _with_problems(text, done.problems)


def video(context: Context) -> Outcome:
    """Make room on the disk. The timer that does so too may be at it: its run is short."""
    with nullcontext() if context.has_space else only_one(context.job.data, "space", wait=True):
        done = make_room(context.job, context.plant.storage.reserve_gb)
    text = f"{size_text(done.free_bytes[1])} free, {size_text(done.limits.low)} asked for"
    if done.removed.files:
        text += (
            f"; {done.removed.files} pieces of video removed, {size_text(done.removed.size_bytes)}, "
            f"of {done.removed.oldest[:16]} to {done.removed.newest[:16]} UTC"
        )
    if done.alarm:
        return Outcome(State.FAILED, f"{text}; {done.alarm}")
    return _with_problems(text, done.problems)


def orphans(context: Context) -> Outcome:
    """Report rows without files and files without rows."""
    found = count_orphans(find_orphans(context.job))
    if not found.total:
        return Outcome(State.OK, "none")
    for what, examples in found.examples.items():
        LOG.warning("%s: %d, e.g. %s", what.value, found.amounts[what].files, ", ".join(examples))
    parts = [f"{amount.files} × {what.value}" for what, amount in found.amounts.items()]
    return Outcome(State.WARNING, f"{'; '.join(parts)} (lbzf db orphans shows them)")


def workbooks(context: Context) -> Outcome:
    """Write the workbooks of the last days."""
    job = context.job
    if context.database_is_damaged or backup_status(job.data).integrity.problems:
        return Outcome(State.WARNING, "left out, because the database is damaged")
    done = write_workbooks(
        job.reading, job.data, context.plant, now_ns=job.now_ns, should_stop=job.should_stop
    )
    names = ", ".join(path.name for path in done.written[-3:])
    text = f"{len(done.written)} written{f', the last ones {names}' if names else ''}"
    if not done.renamed:
        return Outcome(State.OK, text)
    others = ", ".join(path.name for path in done.renamed)
    return Outcome(State.OK, f"{text}; beside files that people have changed: {others}")


def optimize(context: Context) -> Outcome:
    """Have SQLite bring its figures for the planning of queries up to date."""
    with sqlite_errors(context.database, "optimize it"), closing(_connect(context.database)) as connection:
        connection.execute("PRAGMA optimize")
    return Outcome(State.OK, "done")


def wal(context: Context) -> Outcome:
    """Empty the write-ahead log. While somebody reads or keeps continuous copies it stays: that is no fault."""
    with sqlite_errors(context.database, "empty its log"), closing(_connect(context.database)) as connection:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    log = context.database.with_name(context.database.name + "-wal")
    size = size_text(log.stat().st_size if log.exists() else 0)
    return Outcome(State.OK, f"in use, left at {size}" if busy else "emptied")


STEPS: dict[str, Callable[[Context], Outcome]] = {
    "integrity": integrity,
    "backup": backup,
    "second_place": second_place,
    "frames": frames,
    "video": video,
    "orphans": orphans,
    "workbooks": workbooks,
    "optimize": optimize,
    "wal": wal,
}


def run_step(name: str, context: Context) -> Outcome:
    """Run a step; whatever goes wrong becomes its outcome, so that the others are run too."""
    try:
        return STEPS[name](context)
    except LbzfError as error:
        return Outcome(State.FAILED, str(error))
    except Exception as error:
        LOG.exception("%s", name)
        return Outcome(State.FAILED, f"unexpected {type(error).__name__}: {error}; the log has more")


def _with_problems(text: str, problems: list[str]) -> Outcome:
    for problem in problems:
        LOG.error("%s", problem)
    if not problems:
        return Outcome(State.OK, text)
    more = f" and {len(problems) - 1} more, see the log" if len(problems) > 1 else ""
    return Outcome(State.FAILED, f"{text}; {problems[0]}{more}")


def _connect(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
