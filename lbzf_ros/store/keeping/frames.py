"""Pictures whose time is up: the file goes, the row stays with the path NULL and the time of archiving.

Order: the files of a few rows are removed, then these rows are changed in one transaction. A run that is killed in
between leaves rows whose file is gone already; they are still due, so the next run changes them. The other way round
a killed run would leave files that nobody looks for.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.keeping.files import FRAMES, Amount, Found, Kind
from lbzf_ros.store.keeping.retention import EVENT_TABLES, Job, PlanLine
from lbzf_ros.store.people import audit
from lbzf_ros.store.timestamps import from_text, to_text

_ROWS_AT_ONCE = 200
_DAY_NS = 86_400 * 1_000_000_000

_DUE = """
SELECT id, source_frame_path, start_ts FROM {table}
WHERE source_frame_path IS NOT NULL AND start_ts < ? AND id > ? ORDER BY id LIMIT ?
"""
_ARCHIVE = """
UPDATE {table} SET source_frame_path = NULL, frame_archived_at = ?
WHERE id IN (SELECT value FROM json_each(?)) AND source_frame_path IS NOT NULL
"""
_YOUNG = """
SELECT count(*), coalesce(min(start_ts), ''), coalesce(max(start_ts), '') FROM {table}
WHERE source_frame_path IS NOT NULL AND start_ts >= ?
"""
_NAMED = """
SELECT source_frame_path FROM cycle_events
WHERE start_ts >= ?1 AND start_ts < ?2 AND source_frame_path IS NOT NULL
UNION ALL SELECT source_frame_path FROM cycle_events_rejected
WHERE start_ts >= ?1 AND start_ts < ?2 AND source_frame_path IS NOT NULL
UNION ALL SELECT ref_frame_path FROM rois WHERE ref_frame_path <> ''
"""


@dataclass(slots=True)
class FramesDone:
    """What a run did.

    Attributes:
        archived: rows whose picture went, or was gone before.
        missing: of these, those whose picture was gone before.
        nameless: pictures of those days that no row named.
        problems: what could not be done, in words.
        stopped: it was told to stop before the end.
    """

    archived: Amount = field(default_factory=Amount)
    missing: int = 0
    nameless: Amount = field(default_factory=Amount)
    problems: list[str] = field(default_factory=list)
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Due:
    row_id: int
    path: str
    start: str


def plan_frames(job: Job) -> list[PlanLine]:
    """What `archive_frames` would do; nothing is changed."""
    due, young = Amount(), Amount()
    for table in EVENT_TABLES:
        for page in _due_rows(job, table):
            for row in page:
                due.add(row.start, job.files.look(row.path, FRAMES).size_bytes)
        with transaction(job.reading, "count pictures") as connection:
            count, oldest, newest = connection.exec_driver_sql(
                _YOUNG.format(table=table), (job.frames_before,)
            ).one()
        young.files += count
        young.oldest = min(filter(None, (young.oldest, oldest)), default="")
        young.newest = max(young.newest, newest)
    nameless = Amount()
    for day, files in _nameless(job):
        for found in files:
            nameless.add(day, found.size_bytes)
    days = job.settings.frames_days
    return [
        PlanLine("pictures of cycles", True, due, f"older than {days} days (retention.frames_days)"),
        PlanLine("pictures that no cycle names", True, nameless, f"of days more than {days} days ago"),
        PlanLine("pictures of cycles", False, young, f"not yet {days} days old"),
    ]


def archive_frames(job: Job) -> FramesDone:
    """Remove the pictures whose time is up. One row of the audit log says that it was begun, and for which time.

    Raises:
        StoreError: the database refused; rows whose file is gone already are changed by the next run.
    """
    done = FramesDone()
    noted = False
    for table in EVENT_TABLES:
        for page in _due_rows(job, table):
            noted = noted or _note(job)
            _archive(job, table, page, done)
            if done.stopped:
                return done
    for day, files in _nameless(job):
        for found in files:
            noted = noted or _note(job)
            if job.should_stop():
                done.stopped = True
                return done
            _remove_nameless(job, day, found, done)
    _remove_empty_folders(job)
    return done


def old_days(job: Job) -> Iterator[str]:
    """Folders of whole days before the time for which pictures are kept."""
    limit = job.frames_before[:10]
    return (day for day in job.files.folders(FRAMES, 3) if (date := _date(day)) and date < limit)


def named_near(connection: Connection, day: str) -> set[str]:
    """Pictures that rows name which lie in a day's folder (YYYY-MM-DD), and those of all zones.

    A picture lies in the folder of the day in which its cycle began; a start that is rounded can fall on the next.
    """
    start_ns = from_text(f"{day}T00:00:00.000Z")
    span = (to_text(start_ns - _DAY_NS), to_text(start_ns + 2 * _DAY_NS))
    return set(connection.exec_driver_sql(_NAMED, span).scalars())


def _date(folder: str) -> str:
    """Day of a folder `frames/YYYY/MM/DD`; empty: it is none."""
    text = folder.removeprefix(f"{FRAMES}/").replace("/", "-")
    try:
        return text if dt.date.fromisoformat(text).isoformat() == text else ""
    except ValueError:
        return ""


def _due_rows(job: Job, table: str) -> Iterator[Sequence[_Due]]:
    """Rows whose picture's time is up, a few at a time: one pass over the table in all."""
    after = 0
    while True:
        with transaction(job.reading, "look for pictures whose time is up") as connection:
            values = (job.frames_before, after, _ROWS_AT_ONCE)
            page = [_Due(*row) for row in connection.exec_driver_sql(_DUE.format(table=table), values)]
        if not page:
            return
        yield page
        after = page[-1].row_id


def _note(job: Job) -> bool:
    """Say in the audit log that it begins, before anything is gone."""
    with transaction(job.writing, "note the removal of pictures") as connection:
        audit.record(
            connection,
            job.actor,
            now_ns=job.now_ns,
            action="frames.archive",
            subject=FRAMES,
            before=None,
            after={"of_cycles_before": job.frames_before, "kept_days": job.settings.frames_days},
        )
    return True


def _archive(job: Job, table: str, page: Sequence[_Due], done: FramesDone) -> None:
    gone: list[_Due] = []
    for row in page:
        if job.should_stop():
            done.stopped = True
            break
        try:
            size = job.files.remove(row.path, FRAMES)
        except StoreError as error:
            done.problems.append(f"{table}/{row.row_id}: {error}")
            continue
        done.missing += size == 0
        done.archived.add(row.start, size)
        gone.append(row)
        job.on_file()
    for folder in {row.path.rpartition("/")[0] for row in gone}:
        job.files.sync(folder)
    with transaction(job.writing, "mark pictures as archived") as connection:
        ids = json.dumps([row.row_id for row in gone])
        connection.exec_driver_sql(_ARCHIVE.format(table=table), (job.now, ids))


def _nameless(job: Job) -> Iterator[tuple[str, list[Found]]]:
    """Day by day: pictures of old days that no row names."""
    for folder in old_days(job):
        day = _date(folder)
        pictures = [
            found
            for found in job.files.below(folder)
            if found.kind is Kind.FILE and found.path.endswith(".jpg")
        ]
        if not pictures:
            continue
        with transaction(job.reading, "look for pictures that nobody names") as connection:
            named = named_near(connection, day)
        yield f"{day}T00:00:00.000Z", [found for found in pictures if found.path not in named]


def _remove_nameless(job: Job, day: str, found: Found, done: FramesDone) -> None:
    try:
        done.nameless.add(day, job.files.remove(found.path, FRAMES))
    except StoreError as error:
        done.problems.append(str(error))
    job.on_file()


def _remove_empty_folders(job: Job) -> None:
    for day in list(old_days(job)):
        month = day.rpartition("/")[0]
        if job.files.remove_empty(day) and job.files.remove_empty(month):
            job.files.remove_empty(month.rpartition("/")[0])
