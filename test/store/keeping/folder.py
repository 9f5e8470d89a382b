"""A data folder with cycles, pictures and video, as the tests of keeping need it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from lbzf_ros.config.keeping import RetentionSettings
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, RoiSet
from lbzf_ros.core.station import frame_path
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine
from lbzf_ros.store.keeping.retention import Job
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.timestamps import from_text, to_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle

DAY_NS = 86_400 * NS_PER_S
HOUR_NS = 3600 * NS_PER_S
SEGMENT_NS = 600 * NS_PER_S


@dataclass(frozen=True)
class Folder:
    """What is in it, and how to put more into it. "Now" is MORNING_NS."""

    data: Path
    engine: Engine
    roi_sets: dict[str, RoiSet]

    def job(self, **changes: Any) -> Job:
        values: dict[str, Any] = {
            "writing": self.engine,
            "reading": reading_engine(self.data / DATABASE_NAME),
            "data": self.data,
            "settings": RetentionSettings(),
            "now_ns": MORNING_NS,
            "actor": Actor("maintenance"),
        }
        return Job(**values | changes)

    def cycle(
        self, days_ago: float, kind: EventKind = EventKind.END, *, picture: bool = True, **changes: Any
    ) -> CycleEvent:
        """A cycle in the database, with its picture on the disk."""
        start_ns = MORNING_NS - round(days_ago * DAY_NS)
        event = cycle(self.roi_sets, kind, start_ns=start_ns)
        path = frame_path("cam1", event.event_uid, start_ns)
        event = cycle(self.roi_sets, kind, **{"start_ns": start_ns, "frame_path": path} | changes)
        assert EventWriter(self.engine).write([event]) == ()
        if picture:
            self.file(path, days_ago)
        return event

    def segment(
        self, days_ago: float, *, row: bool = True, size_bytes: int = 4096, camera: str = "cam1"
    ) -> str:
        """A segment of ten minutes that begins then; its path."""
        start_ns = (MORNING_NS - round(days_ago * DAY_NS)) // NS_PER_S * NS_PER_S
        text = to_text(start_ns)
        day, time = text[:10], text[11:19].replace(":", "")
        path = f"video/{day.replace('-', '/')}/{camera}_{day.replace('-', '')}_{time}.mp4"
        self.file(path, days_ago, size_bytes)
        if row:
            EventWriter(self.engine).write_segment(
                camera=camera,
                path=path,
                start_ns=start_ns,
                end_ns=start_ns + SEGMENT_NS,
                frames=9,
                codec="h264",
            )
        return path

    def file(self, path: str, days_ago: float, size_bytes: int = 4096) -> Path:
        """A file that was last written then."""
        file = self.data / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size_bytes)
        self.age(path, days_ago)
        return file

    def age(self, path: str, days_ago: float) -> None:
        """Let a file be last written then."""
        time_ns = MORNING_NS - round(days_ago * DAY_NS)
        os.utime(self.data / path, ns=(time_ns, time_ns), follow_symlinks=False)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query, values)]

    def execute(self, statement: str, *values: object) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement, values)

    def picture(self, event: CycleEvent) -> tuple[str | None, str | None]:
        """Path and time of archiving, from whichever table has the cycle."""
        query = "SELECT source_frame_path, frame_archived_at FROM {} WHERE event_uid = ?"
        return next(
            (path, archived)
            for table in ("cycle_events", "cycle_events_rejected")
            for path, archived in self.rows(query.format(table), event.event_uid)
        )

    def hold(self, path: str, *, kind: str = "label", open_: bool = True) -> None:
        """Somebody needs a second within a segment."""
        camera, start = self.rows("SELECT camera_id, start_ts FROM video_segments WHERE path = ?", path)[0]
        inside = to_text(from_text(start) + NS_PER_S)
        self.execute(
            "INSERT INTO video_holds (camera_id, start_ts, end_ts, kind, reason, held_by, released_at) "
            "VALUES (?, ?, ?, ?, 'dispute', 'engineer@plant', ?)",
            camera,
            inside,
            inside,
            kind,
            None if open_ else inside,
        )

    def flag(self, event: CycleEvent) -> None:
        """Somebody doubts a cycle."""
        self.execute(
            "INSERT INTO manual_observations (workstation_id, event_uid, observer, observed_ts, kind, payload_json) "
            "VALUES (1, ?, 'engineer@plant', ?, 'data_quality_flag', '{}')",
            event.event_uid,
            to_text(MORNING_NS),
        )

    def audit(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT actor, action FROM audit_log ORDER BY id")
