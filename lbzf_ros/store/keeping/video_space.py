"""Room on the disk: when too little is free, the oldest video goes first, but never what is still needed.

Order for each segment: in one transaction it is made sure that nobody needs it, its row gets `deleted_at` and no cycle
names it any more; then its file is removed. A run that is killed in between leaves the file of a row that says it is
gone; the next run removes it (`_finish`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.keeping.files import VIDEO, Amount, Kind
from lbzf_ros.store.keeping.retention import EVENT_TABLES, Job, PlanLine
from lbzf_ros.store.keeping.segments import Needs, Segment, oldest_first
from lbzf_ros.store.people import audit
from lbzf_ros.store.timestamps import from_text

BYTES_PER_GB = 1_000_000_000
_DELETED = "UPDATE video_segments SET deleted_at = ? WHERE path = ? AND deleted_at IS NULL"
_STILL_THERE = "UPDATE video_segments SET deleted_at = NULL WHERE path = ?"
_UNLINK = """
UPDATE {table} SET source_video_path = NULL WHERE start_ts BETWEEN ? AND ? AND source_video_path = ?
"""
_LINK = """
UPDATE {table} SET source_video_path = ?4
WHERE start_ts BETWEEN ?1 AND ?2 AND camera_id = ?3 AND source_video_path IS NULL
"""
_UNFINISHED = """
SELECT path, deleted_at, start_ts FROM video_segments
WHERE deleted_at = (SELECT max(deleted_at) FROM video_segments WHERE deleted_at IS NOT NULL)
"""


class Usage(NamedTuple):
    """Bytes of a disk, as `shutil.disk_usage` gives them."""

    total: int
    used: int
    free: int


DiskUsage = Callable[[Path], Usage]


def disk_usage(folder: Path) -> Usage:
    """Room on the disk of a folder."""
    return Usage(*shutil.disk_usage(folder))


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that must be free, and how many there should be after video went."""

    low: int
    goal: int


@dataclass(slots=True)
class SpaceDone:
    """What a run did.

    Attributes:
        free_bytes: free before and after; `low` and `goal` are what is asked for.
        removed: video that went.
        nameless: of that, files that no row named.
        kept: what would have gone and is needed, by why.
        problems: what could not be done, in words.
        alarm: too little is free and nothing more may go; empty: all is well.
        stopped: it was told to stop before the end.
    """

    free_bytes: tuple[int, int]
    limits: Limits
    removed: Amount = field(default_factory=Amount)
    nameless: int = 0
    kept: dict[str, Amount] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    alarm: str = ""
    stopped: bool = False


def limits(job: Job, usage: Usage, reserve_gb: float) -> Limits:
    """What must be free: the share of the disk, and never less than what is kept for the database."""
    share = round(usage.total * job.settings.video_min_free_percent / 100)
    low = max(share, round(reserve_gb * BYTES_PER_GB))
    return Limits(low, low + round(usage.total * job.settings.video_extra_free_percent / 100))


def plan_room(job: Job, reserve_gb: float, usage_of: DiskUsage = disk_usage) -> list[PlanLine]:
    """What `make_room` would do now; nothing is changed."""
    usage = usage_of(_place(job))
    wanted = limits(job, usage, reserve_gb)
    goes, stays, kept = Amount(), Amount(), dict[str, Amount]()
    free = usage.free
    is_low = free < wanted.low
    with transaction(job.reading, "look for the oldest video") as connection:
        needs = Needs(job, connection)
        for segment in oldest_first(job, connection):
            if why := needs.why(segment):
                kept.setdefault(why, Amount()).add(segment.start, segment.size_bytes)
            elif is_low and free < wanted.goal:
                free += segment.size_bytes
                goes.add(segment.start, segment.size_bytes)
            else:
                stays.add(segment.start, segment.size_bytes)
    state = f"{_gb(usage.free)} free, asked for {_gb(wanted.low)}"
    lines = [
        PlanLine("video", True, goes, f"oldest first: {state}" if is_low else f"{state}: nothing has to go")
    ]
    lines += [PlanLine("video", False, amount, why) for why, amount in sorted(kept.items())]
    return [*lines, PlanLine("video", False, stays, "not needed for room yet")]


def make_room(job: Job, reserve_gb: float, usage_of: DiskUsage = disk_usage) -> SpaceDone:
    """Remove the oldest video until enough is free.

    Raises:
        StoreError: the database refused.
    """
    usage = usage_of(_place(job))
    done = SpaceDone((usage.free, usage.free), limits(job, usage, reserve_gb))
    _finish(job, done)
    usage = usage_of(_place(job))
    if usage.free < done.limits.low:
        _remove_oldest(job, done, usage.free, usage_of)
    free = usage_of(_place(job)).free
    done.free_bytes = (done.free_bytes[0], free)
    if free < done.limits.low and not done.stopped:
        kept = sum(amount.files for amount in done.kept.values())
        done.alarm = (
            f"only {_gb(free)} free, asked for {_gb(done.limits.low)}, and no more video may go "
            f"({kept} segments are still needed); free some room on the disk of {_place(job)}"
        )
    return done


def _place(job: Job) -> Path:
    """Where room is looked at: video may have a disk of its own."""
    video = job.data / VIDEO
    return video if job.files.has(VIDEO) else job.data


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / BYTES_PER_GB:.1f} GB"


def _remove_oldest(job: Job, done: SpaceDone, free: int, usage_of: DiskUsage) -> None:
    """Remove segments until the goal is reached.

    What was removed counts even when the disk does not show it yet (somebody may still read the file): otherwise much
    more would go than is needed.
    """
    _note(job, done.limits, free)
    needed = done.limits.goal - free
    with transaction(job.reading, "look for the oldest video") as connection:
        for segment in oldest_first(job, connection):
            if done.removed.size_bytes >= needed or usage_of(_place(job)).free >= done.limits.goal:
                return
            if job.should_stop():
                done.stopped = True
                return
            _remove(job, segment, done)


def _remove(job: Job, segment: Segment, done: SpaceDone) -> None:
    with transaction(job.writing, f"give up {segment.path}") as connection:
        # Asked here once more: whoever needs it from now on finds that it is gone.
        if why := Needs(job, connection).why(segment):
            done.kept.setdefault(why, Amount()).add(segment.start, segment.size_bytes)
            return
        if segment.row_id is not None:
            connection.exec_driver_sql(_DELETED, (job.now, segment.path))
            forget_video(connection, segment.path, segment.start, segment.end)
    try:
        size = job.files.remove(segment.path, VIDEO)
    except StoreError as error:
        done.problems.append(str(error))
        _take_back(job, segment)
        return
    done.removed.add(segment.start, size)
    done.nameless += segment.row_id is None
    job.on_file()


def forget_video(connection: Connection, path: str, start: str, end: str) -> None:
    """No cycle that began in a segment names it any more."""
    for table in EVENT_TABLES:
        connection.exec_driver_sql(_UNLINK.format(table=table), (start, end, path))


def _take_back(job: Job, segment: Segment) -> None:
    """The file could not be removed: its row and its cycles say again that it is there."""
    if segment.row_id is None:
        return
    with transaction(job.writing, f"keep {segment.path}") as connection:
        connection.exec_driver_sql(_STILL_THERE, (segment.path,))
        for table in EVENT_TABLES:
            values = (segment.start, segment.end, segment.cameras[0], segment.path)
            connection.exec_driver_sql(_LINK.format(table=table), values)


def _finish(job: Job, done: SpaceDone) -> None:
    """Remove the file that a killed run had given up and not removed yet. Only its last one can be so."""
    with transaction(job.reading, "look for video that was given up") as connection:
        rows = connection.exec_driver_sql(_UNFINISHED).all()
    for path, deleted, start in rows:
        found = job.files.look(path, VIDEO)
        if found.kind is not Kind.FILE or found.modified_ns > from_text(deleted):
            continue  # gone; or written anew since: then it is another recording
        try:
            done.removed.add(start, job.files.remove(path, VIDEO))
        except StoreError as error:
            done.problems.append(str(error))


def _note(job: Job, wanted: Limits, free: int) -> None:
    """Say in the audit log that it begins, before anything is gone."""
    with transaction(job.writing, "note the removal of video") as connection:
        audit.record(
            connection,
            job.actor,
            now_ns=job.now_ns,
            action="video.make_room",
            subject=VIDEO,
            before=None,
            after={"free_bytes": free, "wanted_bytes": wanted.low, "goal_bytes": wanted.goal},
        )
