"""Compare what was decided with what is in the data folder."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lbzf_ros.chaos.witness import Decision
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.disk import PARTIAL
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.timestamps import to_text

_JPEG_END = b"\xff\xd9"
_EVENTS = "SELECT event_uid, status, start_ts, end_ts, source_frame_path FROM cycle_events"
_REJECTED = (
    "SELECT event_uid, 'rejected' AS status, start_ts, end_ts, source_frame_path FROM cycle_events_rejected"
)
_STATUS = {EventKind.END: "complete", EventKind.REJECT: "rejected", EventKind.ABORT: "aborted"}
_SHOWN = 5


@dataclass
class Verdict:
    """Figures of a data folder after a drill, and what is wrong with it.

    Attributes:
        figures: counts by their names.
        problems: empty when every promise was kept.
    """

    figures: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def must_be_none(self, name: str, found: list[str], about: str) -> None:
        """Count what must not be there; it is a problem when there is some."""
        self.figures[name] = len(found)
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            self.problems.append(f"{about}: {', '.join(sorted(found)[:_SHOWN])}{more}")


@dataclass(frozen=True, slots=True)
class Row:
    """A cycle as the database has it, in either table."""

    uid: str
    status: str
    start_ts: str
    end_ts: str | None
    frame_path: str | None


def judge(data: Path, decisions: Mapping[Decision, CycleEvent], acknowledged: set[Decision]) -> Verdict:
    """Look at everything that a drill may have broken. The system has been stopped, its outbox is empty.

    Args:
        data: data folder.
        decisions: everything that was decided.
        acknowledged: what persistence has confirmed.
    """
    verdict = Verdict()
    with closing(sqlite3.connect(f"file:{data / DATABASE_NAME}?mode=rw", uri=True)) as database:
        database.execute("PRAGMA query_only = ON")
        _check_database(verdict, database)
        rows = [Row(*row) for query in (_EVENTS, _REJECTED) for row in database.execute(query)]
        segments = {str(path) for (path,) in database.execute("SELECT path FROM video_segments")}
        refused = [f"{uid} {kind}" for uid, kind in database.execute(_REFUSED)]
    verdict.must_be_none("refused", refused, "events refused")
    _check_cycles(verdict, rows, decisions, acknowledged)
    _check_files(verdict, data, rows, segments)
    return verdict


_REFUSED = "SELECT event_uid, kind FROM cycle_events_refused"


def _check_database(verdict: Verdict, database: sqlite3.Connection) -> None:
    said = [str(row[0]) for row in database.execute("PRAGMA integrity_check")]
    verdict.must_be_none(
        "integrity_errors", [line for line in said if line != "ok"], "PRAGMA integrity_check"
    )
    broken = [f"{row[0]} row {row[1]}" for row in database.execute("PRAGMA foreign_key_check")]
    verdict.must_be_none("orphan_rows", broken, "PRAGMA foreign_key_check")


def _check_cycles(
    verdict: Verdict,
    rows: list[Row],
    decisions: Mapping[Decision, CycleEvent],
    acknowledged: set[Decision],
) -> None:
    by_uid = {row.uid: row for row in rows}
    times = Counter(row.uid for row in rows)
    kinds: dict[str, set[EventKind]] = {}
    for uid, kind in decisions:
        kinds.setdefault(uid, set()).add(kind)
    ends = [uid for uid, decided in kinds.items() if decided & {EventKind.END, EventKind.REJECT}]
    verdict.figures |= {
        "decided": len(kinds),
        "ended": len(ends),
        "in_table": sum(uid in by_uid for uid in ends),
        "complete": sum(row.status == "complete" for row in rows),
        "rejected": sum(row.status == "rejected" for row in rows),
        "aborted": sum(row.status == "aborted" for row in rows),
    }
    verdict.must_be_none("lost", [uid for uid in kinds if uid not in by_uid], "decided but not in the table")
    verdict.must_be_none("doubled", [uid for uid, n in times.items() if n > 1], "more than one row")
    verdict.must_be_none("invented", [uid for uid in by_uid if uid not in kinds], "rows nobody has decided")
    both = [uid for uid, decided in kinds.items() if {EventKind.END, EventKind.REJECT} <= decided]
    verdict.must_be_none("contradictory", both, "both accepted and rejected")
    wrong = [
        f"{uid} is {by_uid[uid].status} {by_uid[uid].start_ts}–{by_uid[uid].end_ts}"
        for uid in kinds
        if uid in by_uid and not _as_decided(by_uid[uid], kinds[uid], decisions)
    ]
    verdict.must_be_none("other_than_decided", wrong, "rows that say something else than was decided")
    gone = [f"{uid} {kind.value}" for uid, kind in acknowledged if uid not in by_uid]
    verdict.must_be_none("acknowledged_but_gone", gone, "acknowledged but not in the table")


def _as_decided(row: Row, kinds: set[EventKind], decisions: Mapping[Decision, CycleEvent]) -> bool:
    """Whether a row says what is known best: END or REJECT, else ABORT, else START."""
    best = next((kind for kind in _STATUS if kind in kinds), EventKind.START)
    event = decisions[row.uid, best]
    end = None if event.end_ns is None else to_text(event.end_ns)
    status = _STATUS.get(best, "in_progress")
    return (row.status, row.start_ts, row.end_ts) == (status, to_text(event.start_ns), end)


def _check_files(verdict: Verdict, data: Path, rows: list[Row], segments: set[str]) -> None:
    pictures = sorted((data / "frames").rglob("*.jpg"))
    verdict.figures["pictures"] = len(pictures)
    broken = [path.name for path in pictures if not is_whole(path)]
    verdict.must_be_none("broken_pictures", broken, "pictures that do not decode")
    named = {row.frame_path for row in rows if row.frame_path}
    on_disk = {str(path.relative_to(data)) for path in pictures}
    verdict.must_be_none("orphan_pictures", sorted(on_disk - named), "pictures of no row")
    verdict.figures["rows_without_picture"] = sum(row.frame_path not in on_disk for row in rows)
    verdict.must_be_none("parts", [path.name for path in half_written(data)], "half-written files left")
    missing = [path for path in segments if not (data / path).exists()]
    verdict.must_be_none("segments_without_file", missing, "video segments without their file")
    videos = {str(path.relative_to(data)) for path in (data / "video").rglob("*.mp4")}
    verdict.figures["video_segments"] = len(segments)
    verdict.figures["videos_without_row"] = len(videos - segments)


def is_whole(picture: Path) -> bool:
    """Whether a JPEG file decodes, and has its end."""
    content = picture.read_bytes()
    return (
        content.endswith(_JPEG_END)
        and cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) is not None
    )


def half_written(data: Path) -> Iterator[Path]:
    """Files that somebody had begun to write."""
    for folder in ("frames", "video"):
        yield from (data / folder).rglob(f"*{PARTIAL}")


def count_rows(data: Path, where: str = "1") -> int:
    """Rows of cycle_events now, while the system runs; 0 without a database that can be read."""
    return int(ask(data, f"SELECT count(*) FROM cycle_events WHERE {where}", 0))


def ask(data: Path, query: str, otherwise: Any) -> Any:
    """First value of a query, or something else when the database cannot be read."""
    try:
        with closing(
            sqlite3.connect(f"file:{data / DATABASE_NAME}?mode=rw", uri=True, timeout=1)
        ) as database:
            database.execute("PRAGMA query_only = ON")
            return database.execute(query).fetchone()[0]
    except sqlite3.Error:
        return otherwise
