"""The named queries. Every list is capped and paged by key; every result is typed (see `rows`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, CursorResult, Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store import queries, typed
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.hours import (
    HOUR_NS,
    MAX_SHIFT_NS,
    Span,
    closed,
    hour_text,
    hours_from,
    hours_within,
)
from lbzf_ros.store.rows import (
    CameraRow,
    CycleRow,
    ModuleRow,
    Page,
    QualityBands,
    RecentCycle,
    RecentCycles,
    RefusedEvent,
    RejectionCount,
    ShiftRejections,
    StandardTimeRow,
    StationCounts,
    StationHour,
    WorkstationRow,
    ZoneRow,
)
from lbzf_ros.store.timestamps import from_text, to_text

if TYPE_CHECKING:
    from typing_extensions import Unpack

MAX_PAGE = 500
"""Most rows that one call gives."""
MAX_DAYS = 31
"""Longest span that is given by the hour."""

_DAY_NS = 24 * HOUR_NS
_MS_NS = 1_000_000
_MAX_ID = 2**63 - 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleFilter:
    """Which cycles. None: any. A cycle belongs to the time at which it began: `from_ns` <= start < `to_ns`."""

    module: str | None = None
    workstation: str | None = None
    status: str | None = None
    quality: str | None = None
    from_ns: int | None = None
    to_ns: int | None = None


class StoreReader:
    """Reads the database; each call sees one consistent state of it."""

    def __init__(self, engine: Engine) -> None:
        """Read through an engine of `reading_engine`."""
        self._engine = engine

    def modules(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[ModuleRow]:
        """Production lines, in the order in which they were first described."""
        return self._by_id(queries.MODULES, typed.module, limit, after)

    def cameras(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[CameraRow]:
        """Cameras, also those that are no longer in the plant (status inactive)."""
        return self._by_id(queries.CAMERAS, lambda row: CameraRow(**row), limit, after)

    def workstations(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[WorkstationRow]:
        """Stations with their standard time in force, also those that are no longer in the plant (not active)."""
        return self._by_id(queries.WORKSTATIONS, typed.workstation, limit, after)

    def standard_times(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[StandardTimeRow]:
        """Standard times with all their versions."""
        return self._by_id(queries.STANDARD_TIMES, typed.standard_time, limit, after)

    def zones(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[ZoneRow]:
        """Polygons in force."""
        return self._by_id(queries.ZONES, typed.zone, limit, after)

    def cycles(
        self, which: CycleFilter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Page[CycleRow]:
        """Cycles that count, run or were given up; newest first."""
        return self._cycles(queries.CYCLES, which or CycleFilter(), limit, after)

    def rejected(
        self, which: CycleFilter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Page[CycleRow]:
        """Cycles that do not count, newest first. `status` and `quality` of the filter do not apply."""
        which = which or CycleFilter()
        if which.status not in (None, "rejected") or which.quality is not None:
            raise InvalidValue(
                "rejected cycles have neither status nor quality; filter by station and time only"
            )
        return self._cycles(queries.REJECTED, which, limit, after)

    def cycle(self, event_uid: str) -> CycleRow | None:
        """One cycle, from whichever table holds it; None: there is no such cycle."""
        with self._read("read a cycle") as connection:
            for query in (queries.CYCLES, queries.REJECTED):
                found = _run(connection, f"{query} WHERE e.event_uid = :uid", {"uid": event_uid})
                if row := found.first():
                    return typed.cycle(row)
        return None

    def recent_cycles(self, limit_per_station: int) -> tuple[RecentCycles, ...]:
        """The newest finished cycles of every active station; stations without one are in it with none."""
        _check_limit(limit_per_station)
        with self._read("read recent cycles") as connection:
            rows = _run(connection, queries.RECENT, {"limit": limit_per_station}).all()
        found: dict[tuple[str, str], list[RecentCycle]] = {}
        for module, workstation, uid, start, end, duration_s, quality in rows:
            cycles = found.setdefault((module, workstation), [])
            if uid is not None:
                cycles.append(
                    RecentCycle(
                        event_uid=uid,
                        start_ns=from_text(start),
                        end_ns=from_text(end),
                        duration_s=round(duration_s, 3),
                        quality=quality,
                    )
                )
        return tuple(
            RecentCycles(module=module, workstation=workstation, cycles=tuple(cycles))
            for (module, workstation), cycles in found.items()
        )

    def counts(self, *, from_ns: int, to_ns: int) -> tuple[StationCounts, ...]:
        """Cycles of every station that began in from_ns <= start < to_ns."""
        span = {"from": to_text(from_ns), "to": to_text(to_ns)}
        with self._read("count cycles") as connection:
            rows = _run(connection, queries.COUNTS, span).mappings().all()
        return tuple(StationCounts(**row) for row in rows)

    def module_hours(
        self, module: str, *, from_ns: int, to_ns: int, limit: int = MAX_PAGE, after: str | None = None
    ) -> Page[StationHour]:
        """What each station of a module made hour by hour, by station and hour; hours without a unit are not in it.

        Args:
            module: code.
            from_ns: begin of the day (or shift); hours are counted from here. Not on a full hour of UTC (a zone
                with a half hour) is right too, but the cycles have to be read.
            to_ns: end, not included. For the hour that runs: now, or it looks idle.
            limit: most rows.
            after: key of the page before.

        Raises:
            InvalidValue: the span ends before it begins, or is longer than `MAX_DAYS`.
        """
        _check_limit(limit)
        _check_span(from_ns, to_ns, MAX_DAYS)
        whole, rest = hours_from(from_ns, to_ns)
        station, start = _pair_key(after)
        values = {
            "module": module,
            "limit": limit + 1,
            "key_id": _id_key(station),
            "key_ts": to_text(from_text(start)) if start else "",
        }
        with self._read("read hours") as connection:
            shifts = _shifts(connection, module, from_ns, to_ns)
            rows = _run(connection, queries.MODULE_HOURS, values | _hours(whole)).mappings().all()
            if rest:
                spans = json.dumps([(to_text(begin), to_text(end - _MS_NS)) for begin, end in rest])
                rest_rows = _run(connection, queries.MODULE_SPANS, values | {"spans": spans}).mappings().all()
                rows = sorted([*rows, *rest_rows], key=lambda row: (row["id"], row["from_ts"]))
        next_key = f"{rows[limit - 1]['id']}~{rows[limit - 1]['from_ts']}" if len(rows) > limit else None
        return Page(tuple(typed.station_hour(dict(row), to_ns, shifts) for row in rows[:limit]), next_key)

    def quality_bands(
        self,
        *,
        from_ns: int,
        to_ns: int,
        module: str | None = None,
        workstation: str | None = None,
        limit: int = MAX_PAGE,
        after: str | None = None,
    ) -> Page[QualityBands]:
        """Finished cycles of every station that began in from_ns <= start < to_ns, by quality."""
        _check_limit(limit)
        _check_span(from_ns, to_ns)
        whole, rest = hours_within(from_ns, to_ns)
        names = {"module": module, "workstation": workstation, "after": _id_key(after), "limit": limit + 1}
        with self._read("read quality bands") as connection:
            parts = [_run(connection, queries.BANDS_OF_HOURS, names | _hours(whole)).mappings().all()]
            for begin, end in rest:
                span = {"from": to_text(begin), "to": to_text(end)}
                parts.append(_run(connection, queries.BANDS_OF_CYCLES, names | span).mappings().all())
        stations = parts[0]
        next_key = str(stations[limit - 1]["id"]) if len(stations) > limit else None
        return Page(tuple(typed.quality_bands(same) for same in zip(*parts, strict=True))[:limit], next_key)

    def rejections(
        self,
        *,
        from_ns: int,
        to_ns: int,
        module: str | None = None,
        limit: int = MAX_PAGE,
        after: str | None = None,
    ) -> Page[RejectionCount]:
        """Cycles that began in from_ns <= start < to_ns and do not count, by station and first reason."""
        _check_limit(limit)
        _check_span(from_ns, to_ns)
        station, reason = _pair_key(after)
        values = {"module": module, "from": to_text(from_ns), "to": to_text(to_ns), "limit": limit + 1}
        key = {"key_id": _id_key(station), "key_reason": reason}
        with self._read("count rejections") as connection:
            rows = _run(connection, queries.REJECTIONS, values | key).mappings().all()
        next_key = f"{rows[limit - 1]['id']}~{rows[limit - 1]['reason']}" if len(rows) > limit else None
        return Page(tuple(RejectionCount(**typed.without_id(row)) for row in rows[:limit]), next_key)

    def rejections_by_shift(
        self,
        *,
        from_ns: int,
        to_ns: int,
        module: str | None = None,
        limit: int = MAX_PAGE,
        after: str | None = None,
    ) -> Page[ShiftRejections]:
        """Cycles that began in from_ns <= start < to_ns and do not count, by station, shift and each of their reasons.

        In a station, those that began in no shift come first.
        """
        _check_limit(limit)
        _check_span(from_ns, to_ns)
        station, rest = _pair_key(after)
        shift, _, reason = rest.partition("~")
        if after is not None and not reason:
            raise InvalidValue(f"page key {after!r}: is not one that a list has given")
        values = {"module": module, "from": to_text(from_ns), "to": to_text(to_ns), "limit": limit + 1}
        key = {"key_id": _id_key(station), "key_shift": _id_key(shift or None), "key_reason": reason}
        with self._read("count rejections") as connection:
            rows = _run(connection, queries.REJECTIONS_OF_SHIFTS, values | key).mappings().all()
        last = rows[limit - 1] if len(rows) > limit else None
        next_key = None if last is None else f"{last['id']}~{last['shift_id'] or 0}~{last['reason']}"
        return Page(tuple(ShiftRejections(**typed.without_id(row)) for row in rows[:limit]), next_key)

    def refused(self, *, limit: int = 50, after: str | None = None) -> Page[RefusedEvent]:
        """Events that could not become a row, newest first."""
        _check_limit(limit)
        values = {"before": _MAX_ID if after is None else _id_key(after), "limit": limit + 1}
        with self._read("read refused events") as connection:
            rows = _run(connection, queries.REFUSED, values).mappings().all()
        next_key = str(rows[limit - 1]["id"]) if len(rows) > limit else None
        return Page(tuple(typed.refused_event(dict(row)) for row in rows[:limit]), next_key)

    def _read(self, doing: str) -> AbstractContextManager[Connection]:
        return transaction(self._engine, doing)

    def _by_id(
        self, query: str, convert: Callable[[dict[str, Any]], T], limit: int, after: str | None
    ) -> Page[T]:
        _check_limit(limit)
        values = {"after": _id_key(after), "limit": limit + 1}
        with self._read("read a list") as connection:
            page = f"SELECT * FROM ({query}) WHERE id > :after ORDER BY id LIMIT :limit"
            rows = _run(connection, page, values).mappings().all()
        next_key = str(rows[limit - 1]["id"]) if len(rows) > limit else None
        return Page(tuple(convert(dict(row)) for row in rows[:limit]), next_key)

    def _cycles(self, query: str, which: CycleFilter, limit: int, after: str | None) -> Page[CycleRow]:
        _check_limit(limit)
        with self._read("read cycles") as connection:
            stations = _stations(connection, which)
            where, order, values = _conditions(which, stations, after)
            page = f"{query} WHERE {where} ORDER BY {order} LIMIT :limit"
            rows = _run(connection, page, values | {"limit": limit + 1}).all()
        cycles = tuple(map(typed.cycle, rows[:limit]))
        next_key = f"{to_text(cycles[-1].start_ns)}~{rows[limit - 1][0]}" if len(rows) > limit else None
        return Page(cycles, next_key)


def _run(connection: Connection, query: str, values: dict[str, Any]) -> CursorResult[Unpack[tuple[Any, ...]]]:
    """Straight to the driver: the queries are SQL of SQLite, and `text` would be read anew at every call."""
    return connection.exec_driver_sql(query, values)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidValue(f"limit {limit}: must be 1 to {MAX_PAGE}")


def _id_key(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise InvalidValue(f"page key {after!r}: is not one that a list has given")
    return int(after)


def _cycle_key(after: str) -> tuple[str, int]:
    start, _, row_id = after.partition("~")
    return to_text(from_text(start)), _id_key(row_id)


def _pair_key(after: str | None) -> tuple[str | None, str]:
    """Both parts of a key made of a row id and a text."""
    if after is None:
        return None, ""
    row_id, _, rest = after.partition("~")
    if not rest:
        raise InvalidValue(f"page key {after!r}: is not one that a list has given")
    return row_id, rest


def _check_span(from_ns: int, to_ns: int, max_days: int | None = None) -> None:
    if from_ns >= to_ns:
        raise InvalidValue(
            f"from {to_text(from_ns)} to {to_text(to_ns)}: must end after it begins",
            "end_before_start",
            start=to_text(from_ns),
            end=to_text(to_ns),
        )
    if max_days is not None and to_ns - from_ns > max_days * _DAY_NS:
        raise InvalidValue(
            f"from {to_text(from_ns)} to {to_text(to_ns)}: at most {max_days} days at once",
            "too_many_days",
            most=max_days,
        )


def _hours(whole: Span) -> dict[str, str]:
    return {"from_hour": hour_text(whole[0]), "to_hour": hour_text(whole[1])}


def _shifts(connection: Connection, module: str, from_ns: int, to_ns: int) -> list[Span]:
    """Shifts of a module that may overlap a span; none when none of them is known."""
    values = {"module": module, "earliest": to_text(from_ns - MAX_SHIFT_NS), "to": to_text(to_ns)}
    rows = _run(connection, queries.SHIFTS, values)
    shifts = closed((from_text(start), typed.time_or_none(end)) for start, end in rows)
    return [shift for shift in shifts if shift[1] > from_ns]


_RARE = ("in_progress", "aborted", "manual_override")


def _stations(connection: Connection, which: CycleFilter) -> list[int] | None:
    """Row ids of the stations that a filter names; None: it names none."""
    if which.module is None and which.workstation is None:
        return None
    names = {"module": which.module, "workstation": which.workstation}
    return list(_run(connection, queries.STATION_IDS, names).scalars())


def _conditions(
    which: CycleFilter, stations: Sequence[int] | None, after: str | None
) -> tuple[str, str, dict[str, Any]]:
    """WHERE and ORDER BY of a list of cycles, as the index has them: of one station, or of starts."""
    parts, values = ["TRUE"], dict[str, Any]()
    order, beyond = "e.start_ts DESC, e.id DESC", "e.id < :key_id"
    if stations is not None and len(stations) == 1:
        order, beyond = "e.start_ts DESC, e.id", "e.id > :key_id"
        # What is rare is found by its own index, not among all of the station.
        parts.append(f"{'+' if which.status in _RARE else ''}e.workstation_id = :station")
        values["station"] = stations[0]
    elif stations is not None:
        parts.append(f"+e.workstation_id IN ({', '.join(map(str, stations))})")
    for condition, name, value in (
        ("e.status = :status", "status", which.status if which.status != "rejected" else None),
        ("e.quality = :quality", "quality", which.quality),
        ("e.start_ts >= :from", "from", None if which.from_ns is None else to_text(which.from_ns)),
        ("e.start_ts < :to", "to", None if which.to_ns is None else to_text(which.to_ns)),
    ):
        if value is not None:
            parts.append(condition)
            values[name] = value
    if after is not None:
        parts.append(f"e.start_ts <= :key_start AND (e.start_ts < :key_start OR {beyond})")
        values["key_start"], values["key_id"] = _cycle_key(after)
    return " AND ".join(parts), order, values
