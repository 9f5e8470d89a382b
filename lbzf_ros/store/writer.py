"""Write measured rows: cycle events and video segments. Whatever is delivered twice becomes one row.

A cycle goes through `_NEXT_STATUS`; an event that finds no entry there changes nothing. So the order of delivery does
not matter: what is known about the end (END, REJECT) stays, and wins over ABORT, which says that it is not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from lbzf_ros.core.errors import LbzfError, StoreError
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.event_rows import PlantIds, clean_path, clean_text, cycle_row, rejected_row, shared_row
from lbzf_ros.store.statements import (
    DELETE_CYCLE,
    INSERT_CYCLE,
    INSERT_REJECTED,
    INSERT_SEGMENT,
    LINK_CYCLES,
    LINK_REJECTED,
    STATUSES,
    UPDATE_CYCLE,
)
from lbzf_ros.store.timestamps import to_text

_NEXT_STATUS: dict[str | None, dict[EventKind, str]] = {
    None: {
        EventKind.START: "in_progress",
        EventKind.END: "complete",
        EventKind.REJECT: "rejected",
        EventKind.ABORT: "aborted",
    },
    "in_progress": {EventKind.END: "complete", EventKind.REJECT: "rejected", EventKind.ABORT: "aborted"},
    "aborted": {EventKind.END: "complete", EventKind.REJECT: "rejected"},
}
"""Status of a cycle (None: no row) and what an event makes of it. Other statuses are final."""


class Refused(NamedTuple):
    """An event that cannot become a row, and why."""

    event: CycleEvent
    error: StoreError


class _Change(NamedTuple):
    """What a batch makes of one cycle: its status in the database before, its status after, the last event."""

    before: str | None
    after: str
    event: CycleEvent
    shared: tuple[object, ...]


class EventWriter:
    """The only writer of measured rows. Not for several threads at once."""

    def __init__(self, engine: Engine) -> None:
        """Write through an engine of `writing_engine`."""
        self._engine = engine
        self._ids = PlantIds()

    def write(self, events: Sequence[CycleEvent]) -> tuple[Refused, ...]:
        """Write a batch in one transaction.

        Returns:
            The events that cannot be written as they are (unknown station, broken text, …). All others are in the
            database when this returns, or were there already.

        Raises:
            StoreError: the database refused (full disk, lock); nothing of the batch is written.
        """
        refused: list[Refused] = []
        ids = self._ids.copy()  # what is learnt in a transaction that fails must be forgotten
        with transaction(self._engine, "write cycle events") as connection:
            rows: list[tuple[CycleEvent, tuple[object, ...]]] = []
            for event in events:
                try:
                    rows.append((event, shared_row(event, ids, connection)))
                except StoreError as error:
                    refused.append(Refused(event, error))
                except LbzfError as error:
                    refused.append(Refused(event, StoreError(f"cycle {event.event_uid}: {error}")))
            _execute(connection, _changes(rows, _statuses(connection, events)))
        self._ids = ids
        return tuple(refused)

    def write_segment(
        self, *, camera: str, path: str, start_ns: int, end_ns: int, frames: int, codec: str
    ) -> None:
        """Write a piece of video (once) and name it in the cycles that began in it.

        Args:
            camera: label.
            path: relative to the data folder.
            start_ns: capture time of the first picture.
            end_ns: capture time of the last picture.
            frames: number of pictures.
            codec: e.g. h264.

        Raises:
            StoreError: no such camera, a broken path, an end before the start, or the database refused.
        """
        where = f"segment {path!r}"
        if end_ns < start_ns:
            raise StoreError(f"{where}: end {end_ns} ns is before its start {start_ns} ns")
        ids = self._ids.copy()
        with transaction(self._engine, f"write {where}") as connection:
            camera_id = ids.camera_by_label(camera, connection)
            start, end = to_text(start_ns), to_text(end_ns)
            values = (camera_id, clean_path(path, where), start, end, frames, clean_text(codec, where))
            connection.exec_driver_sql(INSERT_SEGMENT, values)
            for link in (LINK_CYCLES, LINK_REJECTED):
                connection.exec_driver_sql(link, (path, camera_id, start, end))
        self._ids = ids


def _statuses(connection: Connection, events: Iterable[CycleEvent]) -> dict[str, str]:
    """Status by event uid of those cycles that are in the database."""
    uids = json.dumps([event.event_uid for event in events])
    return {row[0]: row[1] for row in connection.exec_driver_sql(STATUSES, (uids,))}


def _changes(
    rows: Iterable[tuple[CycleEvent, tuple[object, ...]]], statuses: dict[str, str]
) -> Iterable[_Change]:
    """Fold the events of a batch, in order, into one change for each cycle."""
    changes: dict[str, _Change] = {}
    for event, shared in rows:
        uid = event.event_uid
        change = changes.get(uid)
        before = statuses.get(uid) if change is None else change.before
        now = before if change is None else change.after
        after = _NEXT_STATUS.get(now, {}).get(event.kind)
        if after is not None:
            changes[uid] = _Change(before, after, event, shared)
    return changes.values()


def _execute(connection: Connection, changes: Iterable[_Change]) -> None:
    inserted: list[tuple[object, ...]] = []
    updated: list[tuple[object, ...]] = []
    rejected: list[tuple[object, ...]] = []
    moved: list[tuple[object, ...]] = []
    for change in changes:
        if change.after == "rejected":
            rejected.append(rejected_row(change.event, change.shared))
            if change.before is not None:
                moved.append((change.event.event_uid,))
        else:
            (inserted if change.before is None else updated).append(
                cycle_row(change.event, change.shared, change.after)
            )
    for statement, rows in (
        (INSERT_CYCLE, inserted),
        (UPDATE_CYCLE, updated),
        (INSERT_REJECTED, rejected),
        (DELETE_CYCLE, moved),
    ):
        if rows:
            connection.exec_driver_sql(statement, rows)
