"""Rows whose file is missing, and files that no row names.

`find_orphans` tells them, one after the other; `repair` puts right what can be put right without losing anything that
was measured: a path that leads nowhere becomes NULL (the audit log keeps it), a picture whose cycle is there and has
none is named again, and half-written files go. What nobody names stays where it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection

from lbzf_ros.core.errors import StoreError
from lbzf_ros.disk import PARTIAL
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.keeping.files import FRAMES, VIDEO, Amount, Found, Kind
from lbzf_ros.store.keeping.frames import named_near
from lbzf_ros.store.keeping.retention import EVENT_TABLES, Job
from lbzf_ros.store.keeping.segments import nameless_segments
from lbzf_ros.store.keeping.video_space import forget_video
from lbzf_ros.store.people import audit
from lbzf_ros.store.timestamps import to_text

LEFTOVER_FOLDERS = (FRAMES, VIDEO, "calibration", "backups", "exports")
_ROWS_AT_ONCE = 500
_REPAIRED_AT_ONCE = 200
_EXAMPLES = 5

_PICTURES = """
SELECT id, event_uid, source_frame_path, start_ts FROM {table}
WHERE source_frame_path IS NOT NULL AND start_ts < ? AND id > ? ORDER BY id LIMIT ?
"""
_ZONES = "SELECT id, ref_frame_path, created_at FROM rois WHERE ref_frame_path <> '' ORDER BY id"
_SEGMENTS = """
SELECT id, path, start_ts, end_ts FROM video_segments WHERE deleted_at IS NULL AND id > ? ORDER BY id LIMIT ?
"""
_DANGLING = """
SELECT e.id, e.event_uid, e.source_video_path, e.start_ts FROM {table} e
LEFT JOIN video_segments v ON v.path = e.source_video_path AND v.deleted_at IS NULL
WHERE e.source_video_path IS NOT NULL AND v.id IS NULL AND e.id > ? ORDER BY e.id LIMIT ?
"""
_RENAME = """
UPDATE {table} SET source_frame_path = ? WHERE event_uid = ? AND source_frame_path IS NULL AND frame_archived_at IS NULL
"""
_WITHOUT_PICTURE = """
SELECT 1 FROM {table} WHERE event_uid = ? AND source_frame_path IS NULL AND frame_archived_at IS NULL
"""


class Orphan(Enum):
    """What is wrong, in words."""

    PICTURE_MISSING = "cycle whose picture is missing"
    PICTURE_REFUSED = "cycle whose picture path leads to no file of this folder"
    ZONE_PICTURE_MISSING = "zone whose reference picture is missing"
    SEGMENT_MISSING = "video row whose file is missing"
    SEGMENT_REFUSED = "video row whose path leads to no file of this folder"
    VIDEO_DANGLING = "cycle that names a video which is gone"
    PICTURE_LOST = "picture of a cycle that has none: can be named again"
    PICTURE_NAMELESS = "picture that no row names"
    SEGMENT_NAMELESS = "video that no row names (its recorder was killed): it plays"
    SEGMENT_BROKEN = "video that no row names: it does not play"
    LEFTOVER = "half-written file"
    UNKNOWN = "neither picture nor video of ours, or a link"


_MISSING = {FRAMES: Orphan.PICTURE_MISSING, VIDEO: Orphan.SEGMENT_MISSING}
_REFUSED = {FRAMES: Orphan.PICTURE_REFUSED, VIDEO: Orphan.SEGMENT_REFUSED}


@dataclass(frozen=True, slots=True)
class Finding:
    """One orphan.

    Attributes:
        what: what is wrong.
        path: of the file, relative to the data folder, as the row or the disk has it.
        at: start of the cycle or the video, or when the file was written; database time.
        table: of the row; empty: it is about a file.
        row_id: of the row.
        uid: of the cycle.
        end: of the video, database time.
        size_bytes: room of the file.
    """

    what: Orphan
    path: str
    at: str
    table: str = ""
    row_id: int = 0
    uid: str = ""
    end: str = ""
    size_bytes: int = 0


@dataclass(slots=True)
class Orphans:
    """All of them, counted, with the first few of each kind."""

    amounts: dict[Orphan, Amount] = field(default_factory=dict)
    examples: dict[Orphan, list[str]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """One more."""
        self.amounts.setdefault(finding.what, Amount()).add(finding.at, finding.size_bytes)
        examples = self.examples.setdefault(finding.what, [])
        if len(examples) < _EXAMPLES:
            row = f"{finding.table}/{finding.row_id} " if finding.table else ""
            examples.append(f"{row}{finding.path!r}")

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(amount.files for amount in self.amounts.values())


@dataclass(slots=True)
class Repaired:
    """What was put right: rows whose path is NULL now, pictures named again, leftovers removed; and what was not."""

    forgotten: int = 0
    named: int = 0
    removed: int = 0
    problems: list[str] = field(default_factory=list)
    stopped: bool = False


def find_orphans(job: Job) -> Iterator[Finding]:
    """Everything that does not fit, rows first. What is younger than `retention.leftover_hours` is left out."""
    with transaction(job.reading, "look for rows without files") as connection:
        for table in EVENT_TABLES:
            yield from _pictures(job, connection, table)
        yield from _zone_pictures(job, connection)
        yield from _segments(job, connection)
        for table in EVENT_TABLES:
            yield from _dangling(connection, table)
        for segment in nameless_segments(job, connection):
            what = Orphan.SEGMENT_NAMELESS if plays(job.data / segment.path) else Orphan.SEGMENT_BROKEN
            yield Finding(what, segment.path, segment.start, size_bytes=segment.size_bytes)
        yield from _nameless_pictures(job, connection)
    yield from _odd_files(job)


def count_orphans(findings: Iterable[Finding]) -> Orphans:
    """Count what `find_orphans` tells."""
    orphans = Orphans()
    for finding in findings:
        orphans.add(finding)
    return orphans


def repair(job: Job, findings: Iterable[Finding]) -> Repaired:
    """Put right what can be put right without losing anything that was measured.

    Raises:
        StoreError: not one picture or video that rows name is there (its disk is not mounted, rather), or the
            database refused.
    """
    done = Repaired()
    waiting: list[Finding] = []
    for finding in list(findings):
        if job.should_stop():
            done.stopped = True
            break
        if finding.what is Orphan.LEFTOVER:
            _remove_leftover(job, finding, done)
        elif finding.what in _IN_ROWS:
            waiting.append(finding)
        job.on_file()
    _refuse_empty_folder(job, waiting)
    for begin in range(0, len(waiting), _REPAIRED_AT_ONCE):
        _change_rows(job, waiting[begin : begin + _REPAIRED_AT_ONCE], done)
    return done


_IN_ROWS = {
    Orphan.PICTURE_MISSING,
    Orphan.PICTURE_REFUSED,
    Orphan.SEGMENT_MISSING,
    Orphan.SEGMENT_REFUSED,
    Orphan.VIDEO_DANGLING,
    Orphan.PICTURE_LOST,
}


def plays(path: Path) -> bool:
    """Whether a fragmented MP4 holds at least one whole fragment, so that a player shows it up to where it was cut."""
    try:
        end = path.stat().st_size
        with path.open("rb") as file:
            at, has_head, has_fragment = 0, False, False
            while at + 8 <= end and not (has_head and has_fragment):
                file.seek(at)
                size, kind = struct.unpack(">I4s", file.read(8))
                if size == 1:  # a long box has its size after its kind
                    (size,) = struct.unpack(">Q", file.read(8))
                if size < 8 or at + size > end:
                    return False
                has_head = has_head or kind == b"moov"
                has_fragment = has_fragment or kind == b"mdat"
                at += size
            return has_head and has_fragment
    except (OSError, struct.error):
        return False


def _pictures(job: Job, connection: Connection, table: str) -> Iterator[Finding]:
    before, after = to_text(job.leftover_before_ns), 0
    query = _PICTURES.format(table=table)
    while page := connection.exec_driver_sql(query, (before, after, _ROWS_AT_ONCE)).all():
        for row_id, uid, path, start in page:
            if what := _wrong(job, path, FRAMES):
                yield Finding(what, path, start, table, row_id, uid)
        after = page[-1][0]


def _zone_pictures(job: Job, connection: Connection) -> Iterator[Finding]:
    for row_id, path, created in connection.exec_driver_sql(_ZONES):
        if job.files.look(path, path.partition("/")[0]).kind is not Kind.FILE:
            yield Finding(Orphan.ZONE_PICTURE_MISSING, path, created, "rois", row_id)


def _segments(job: Job, connection: Connection) -> Iterator[Finding]:
    after = 0
    while page := connection.exec_driver_sql(_SEGMENTS, (after, _ROWS_AT_ONCE)).all():
        for row_id, path, start, end in page:
            if what := _wrong(job, path, VIDEO):
                yield Finding(what, path, start, "video_segments", row_id, end=end)
        after = page[-1][0]


def _dangling(connection: Connection, table: str) -> Iterator[Finding]:
    after = 0
    query = _DANGLING.format(table=table)
    while page := connection.exec_driver_sql(query, (after, _ROWS_AT_ONCE)).all():
        for row_id, uid, path, start in page:
            yield Finding(Orphan.VIDEO_DANGLING, path, start, table, row_id, uid)
        after = page[-1][0]


def _wrong(job: Job, path: str, top: str) -> Orphan | None:
    kind = job.files.look(path, top).kind
    if kind is Kind.FILE:
        return None
    return _MISSING[top] if kind is Kind.MISSING else _REFUSED[top]


def _nameless_pictures(job: Job, connection: Connection) -> Iterator[Finding]:
    for folder in job.files.folders(FRAMES, 3):
        pictures = [found for found in job.files.below(folder) if _is_settled(job, found, ".jpg")]
        if not pictures:
            continue
        try:
            named = named_near(connection, folder.removeprefix(f"{FRAMES}/").replace("/", "-"))
        except ValueError:  # no day: `_odd_files` tells its files
            continue
        for found in pictures:
            if found.path not in named:
                uid = found.path.rpartition("_")[2].removesuffix(".jpg")
                is_lost = uid.isascii() and any(
                    connection.exec_driver_sql(_WITHOUT_PICTURE.format(table=table), (uid,)).first()
                    for table in EVENT_TABLES
                )
                what = Orphan.PICTURE_LOST if is_lost else Orphan.PICTURE_NAMELESS
                yield Finding(what, found.path, to_text(found.modified_ns), "", 0, uid, "", found.size_bytes)


def _is_settled(job: Job, found: Found, ending: str) -> bool:
    return (
        found.kind is Kind.FILE and found.path.endswith(ending) and found.modified_ns < job.leftover_before_ns
    )


def _odd_files(job: Job) -> Iterator[Finding]:
    expected = {FRAMES: (".jpg", 4), VIDEO: (".mp4", 4)}
    for top in LEFTOVER_FOLDERS:
        for found in job.files.below(top):
            at = to_text(found.modified_ns)
            if found.path.endswith(PARTIAL) and found.kind is Kind.FILE:
                if found.modified_ns < job.leftover_before_ns:
                    yield Finding(Orphan.LEFTOVER, found.path, at, size_bytes=found.size_bytes)
            elif top in expected:
                ending, depth = expected[top]
                is_ours = found.path.endswith(ending) and found.path.count("/") == depth
                if found.kind is not Kind.FILE or not is_ours:
                    yield Finding(Orphan.UNKNOWN, found.path, at, size_bytes=found.size_bytes)


def _remove_leftover(job: Job, finding: Finding, done: Repaired) -> None:
    try:
        job.files.remove(finding.path, finding.path.partition("/")[0])
        done.removed += 1
    except StoreError as error:
        done.problems.append(str(error))


def _refuse_empty_folder(job: Job, findings: list[Finding]) -> None:
    """A folder from which everything is gone was more likely not mounted than emptied."""
    for top in (FRAMES, VIDEO):
        missing = sum(finding.what in (_MISSING[top], _REFUSED[top]) for finding in findings)
        if missing and not (job.files.has(top) and next(job.files.below(top), None)):
            raise StoreError(
                f"{job.data / top}: is empty or a link, and rows name {missing} files in it. Is its disk mounted? "
                "No row was changed. If the files are really lost, put any file there and repair again."
            )


def _change_rows(job: Job, findings: list[Finding], done: Repaired) -> None:
    """Change a few rows in one transaction, with what they were in the audit log."""
    before: dict[str, str | None] = {}
    after: dict[str, str | None] = {}
    with transaction(job.writing, "repair paths") as connection:
        for finding in findings:
            if finding.what is Orphan.PICTURE_LOST:
                values = (finding.path, finding.uid)
                changed = sum(
                    connection.exec_driver_sql(_RENAME.format(table=table), values).rowcount
                    for table in EVENT_TABLES
                )
                done.named += changed
                key, old, new = f"picture of cycle {finding.uid}", None, finding.path
            else:
                changed = _forget(job, connection, finding)
                done.forgotten += changed
                key, old, new = f"{finding.table}/{finding.row_id}", finding.path, None
            if changed:
                before[key], after[key] = old, new
        if before:
            audit.record(
                connection,
                job.actor,
                now_ns=job.now_ns,
                action="orphans.repair",
                subject="files",
                before=before,
                after=after,
            )


def _forget(job: Job, connection: Connection, finding: Finding) -> int:
    """A path that leads nowhere becomes NULL; a video row gets the time at which it was found missing."""
    values: tuple[object, ...]
    if finding.table == "video_segments":
        values = (job.now, finding.row_id)
        statement = "UPDATE video_segments SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL"
        forget_video(connection, finding.path, finding.at, finding.end)
    else:
        column = "source_video_path" if finding.what is Orphan.VIDEO_DANGLING else "source_frame_path"
        values = (finding.row_id, finding.path)
        statement = f"UPDATE {finding.table} SET {column} = NULL WHERE id = ? AND {column} = ?"
    return connection.exec_driver_sql(statement, values).rowcount
