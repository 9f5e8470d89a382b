"""Write measured rows: cycle events and video segments. Whatever is delivered twice becomes one row.

A cycle goes through `_NEXT_STATUS`; an event that finds no entry there changes nothing. So the order of delivery does
not matter: what is known about the end (END, REJECT) stays, and wins over ABORT, which says that it is not known.
What a person has checked or corrected stays as well.

An event that cannot become a row, or that contradicts a final one, is kept in `cycle_events_refused`: so whatever is
acknowledged is somewhere in the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from lbzf_ros.core.errors import InvalidValue, LbzfError, StoreError
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.errors import is_about_a_row
from lbzf_ros.store.event_json import event_values, kept_json, kept_text
from lbzf_ros.store.event_rows import (
    PlantIds,
    check_count,
    clean_path,
    clean_text,
    cycle_row,
    decided_row,
    explanation_row,
    rejected_row,
    shared_row,
)
from lbzf_ros.store.statements import (
    ABORT_LOST,
    ABORT_REFUSED,
    DECIDED,
    DELETE_CYCLE,
    EXPLAIN,
    INSERT_CYCLE,
    INSERT_REJECTED,
    INSERT_SEGMENT,
    KEEP_REFUSED,
    LINK_CYCLES,
    LINK_REJECTED,
    SEGMENT,
    STATUSES,
    UPDATE_CYCLE,
)
from lbzf_ros.store.timestamps import measured_text, to_text

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
"""Status of a cycle (None: no row) and what an event makes of it. Other statuses are final.

`verified` stands for every status of a row that a person has checked.
"""

_DECIDED = frozenset({EventKind.END, EventKind.REJECT})
_MAX_ERROR = 1000


class Refused(NamedTuple):
    """An event that cannot become a row, and why."""

    event: CycleEvent
    error: StoreError


class _Row(NamedTuple):
    """An event with its columns that both tables have, and its explanation's."""

    event: CycleEvent
    shared: tuple[object, ...]
    explanation: tuple[object, ...] | None


class _Change(NamedTuple):
    """What a batch makes of one cycle: its status in the database before, its status after, the last event."""

    before: str | None
    after: str
    row: _Row


_Apply = Callable[[Connection, Sequence[_Row]], tuple[list[Refused], list[Refused]]]


class EventWriter:
    """The only writer of measured rows. Not for several threads at once."""

    def __init__(self, engine: Engine) -> None:
        """Write through an engine of `writing_engine`."""
        self._engine = engine
        self._ids = PlantIds()

    def write(self, events: Sequence[CycleEvent], *, now_ns: int | None = None) -> tuple[Refused, ...]:
        """Write a batch in one transaction.

        When this returns, every event may be acknowledged: it is a row, or was one already, or is kept in
        `cycle_events_refused` (so are those that contradict what is final; they are not in the answer). A cycle that
        runs in the database is aborted when its end is refused.

        Args:
            events: in the order in which they came.
            now_ns: current time, for `received_at` of what is refused; None: as the database knows it.

        Returns:
            The events that cannot be written as they are (unknown station, broken text, …).

        Raises:
            StoreError: the database refused (full disk, lock); nothing of the batch is written.
        """
        try:
            return self._write(events, now_ns, _apply_together)
        except StoreError as error:
            if not (isinstance(error.__cause__, DBAPIError) and is_about_a_row(error.__cause__.orig)):
                raise
        return self._write(events, now_ns, _apply_one_by_one)

    def refuse(
        self,
        event_uid: str,
        kind: str,
        payload: Mapping[str, object],
        error: str,
        now_ns: int | None = None,
    ) -> None:
        """Keep what came as an event but is none. When this returns it may be acknowledged.

        Args:
            event_uid: as it came.
            kind: as it came.
            payload: all its fields.
            error: what is wrong with it.
            now_ns: current time; None: as the database knows it.

        Raises:
            StoreError: the database refused (full disk, lock); nothing is kept.
        """
        with transaction(self._engine, "keep a refused event") as connection:
            _keep(connection, event_uid, kind, payload, error, now_ns)

    def abort_lost(self, *, entered_before_ns: int, why: str) -> int:
        """Abort the cycles that run in the database but that nobody measures any more.

        After a restore, or when the sender's disk is lost, their end never comes. If it does, it still counts.

        Args:
            entered_before_ns: only those whose row was made before, by the clock of the machine.
            why: for `reasons_json`, under `lost`.

        Returns:
            How many.

        Raises:
            StoreError: the database refused; nothing has changed.
        """
        values = (to_text(entered_before_ns), clean_text(why, "abort lost cycles"))
        with transaction(self._engine, "abort lost cycles") as connection:
            return connection.exec_driver_sql(ABORT_LOST, values).rowcount

    def _write(self, events: Sequence[CycleEvent], now_ns: int | None, apply: _Apply) -> tuple[Refused, ...]:
        ids = self._ids.copy()  # what is learnt in a transaction that fails must be forgotten
        with transaction(self._engine, "write cycle events") as connection:
            rows, refused = _rows(connection, events, ids)
            contradicting, refused_rows = apply(connection, rows)
            refused += refused_rows
            for event, error in (*refused, *contradicting):
                _keep(connection, event.event_uid, event.kind.value, event_values(event), str(error), now_ns)
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
            StoreError: no such camera, a broken path, an end before the start, a time outside the years 2000
                to 2099, another segment of this path, or the database refused.
        """
        where = f"segment {path[:200]!r}"
        if end_ns < start_ns:
            raise StoreError(f"{where}: end {end_ns} ns is before its start {start_ns} ns")
        check_count(frames, f"{where}: frames")
        try:
            span = measured_text(start_ns), measured_text(end_ns)
        except InvalidValue as error:
            raise StoreError(f"{where}: {error}") from error
        values = (clean_path(path, where), *span, frames)
        codec = clean_text(codec, where)
        ids = self._ids.copy()
        with transaction(self._engine, f"write {where}") as connection:
            camera_id = ids.camera_by_label(camera, connection)
            connection.exec_driver_sql(INSERT_SEGMENT, (camera_id, *values, codec))
            stored = connection.exec_driver_sql(SEGMENT, (path,)).one()
            if tuple(stored) != (camera_id, *span):
                raise StoreError(f"{where}: another segment has this path, from {stored[1]} to {stored[2]}")
            for link in (LINK_CYCLES, LINK_REJECTED):
                connection.exec_driver_sql(link, (path, *stored))
        self._ids = ids


def _rows(
    connection: Connection, events: Iterable[CycleEvent], ids: PlantIds
) -> tuple[list[_Row], list[Refused]]:
    """Events that can be rows, and the others."""
    rows: list[_Row] = []
    refused: list[Refused] = []
    for event in events:
        try:
            rows.append(_Row(event, shared_row(event, ids, connection), explanation_row(event)))
        except LbzfError as error:
            refused.append(_refused(event, str(error)))
    return rows, refused


def _refused(event: CycleEvent, why: str) -> Refused:
    where = f"cycle {kept_text(event.event_uid)}: "
    return Refused(event, StoreError(where + kept_text(why, _MAX_ERROR)))


def _keep(
    connection: Connection,
    event_uid: str,
    kind: str,
    payload: Mapping[str, object],
    error: str,
    now_ns: int | None,
) -> None:
    """Enter an event among the refused, once. If its cycle runs here, it has ended, and nobody knows when."""
    uid, why = kept_text(event_uid), kept_text(error, _MAX_ERROR)
    received = None if now_ns is None else to_text(now_ns)
    connection.exec_driver_sql(KEEP_REFUSED, (uid, kept_text(kind), kept_json(payload), why, received))
    if kind != EventKind.START.value:
        connection.exec_driver_sql(ABORT_REFUSED, (uid, why))


def _apply_together(connection: Connection, rows: Sequence[_Row]) -> tuple[list[Refused], list[Refused]]:
    """Write a batch as fast as it goes: contradicting events, and none that the database refused."""
    changes, late = _changes(rows, _statuses(connection, rows))
    _execute(connection, changes)
    return _contradicting(connection, late), []


def _apply_one_by_one(connection: Connection, rows: Sequence[_Row]) -> tuple[list[Refused], list[Refused]]:
    """Write each event for itself: contradicting events, and those that the database refused."""
    contradicting: list[Refused] = []
    refused: list[Refused] = []
    for row in rows:
        try:
            with connection.begin_nested():
                contradicting += _apply_together(connection, [row])[0]
        except DBAPIError as error:
            if not is_about_a_row(error.orig):
                raise
            refused.append(_refused(row.event, f"the database refuses it: {error.orig}"))
    return contradicting, refused


def _statuses(connection: Connection, rows: Iterable[_Row]) -> dict[str, str]:
    """Status by event uid of those cycles that are in the database."""
    found = connection.exec_driver_sql(STATUSES, (_uids(rows),))
    return {row[0]: row[1] for row in found}


def _uids(rows: Iterable[_Row]) -> str:
    return json.dumps([row.event.event_uid for row in rows])


def _changes(rows: Iterable[_Row], statuses: Mapping[str, str]) -> tuple[Iterable[_Change], list[_Row]]:
    """Fold the events of a batch, in order, into one change for each cycle; and ends that came when one was known."""
    changes: dict[str, _Change] = {}
    late: list[_Row] = []
    for row in rows:
        event = row.event
        uid = event.event_uid
        change = changes.get(uid)
        before = statuses.get(uid) if change is None else change.before
        now = before if change is None else change.after
        after = _NEXT_STATUS.get(now, {}).get(event.kind)
        if after is not None:
            changes[uid] = _Change(before, after, row)
        elif event.kind in _DECIDED:
            late.append(row)
    return changes.values(), late


def _contradicting(connection: Connection, late: Sequence[_Row]) -> list[Refused]:
    """Those ends that say something else than what is stored; the others came twice."""
    if not late:
        return []
    stored = {row[0]: tuple(row[1:]) for row in connection.exec_driver_sql(DECIDED, (_uids(late),))}
    return [
        _refused(event, "its end is stored already and final; this one says something else")
        for event, shared, _ in late
        if stored.get(event.event_uid) != decided_row(event, shared)
    ]


def _execute(connection: Connection, changes: Iterable[_Change]) -> None:
    inserted: list[tuple[object, ...]] = []
    updated: list[tuple[object, ...]] = []
    rejected: list[tuple[object, ...]] = []
    moved: list[tuple[object, ...]] = []
    explained: list[tuple[object, ...]] = []
    for change in changes:
        event, shared, explanation = change.row
        explained += [] if explanation is None else [explanation]
        if change.after == "rejected":
            rejected.append(rejected_row(event, shared))
            if change.before is not None:
                moved.append((event.event_uid,))
        else:
            (inserted if change.before is None else updated).append(cycle_row(event, shared, change.after))
    for statement, rows in (
        (INSERT_CYCLE, inserted),
        (UPDATE_CYCLE, updated),
        (INSERT_REJECTED, rejected),
        (DELETE_CYCLE, moved),
        (EXPLAIN, explained),
    ):
        if rows:
            connection.exec_driver_sql(statement, rows)
