"""The named queries. Every list is capped and paged by key; every result is typed (see `rows`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, RowMapping, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store import queries
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.rows import (
    CameraRow,
    CycleRow,
    ModuleRow,
    Page,
    RecentCycle,
    RecentCycles,
    StandardTimeRow,
    StationCounts,
    WorkstationRow,
    ZoneRow,
)
from lbzf_ros.store.timestamps import from_text, to_text

MAX_PAGE = 500
"""Most rows that one call gives."""

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
        return self._by_id(queries.MODULES, _module, limit, after)

    def cameras(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[CameraRow]:
        """Cameras, also those that are no longer in the plant (status inactive)."""
        return self._by_id(queries.CAMERAS, lambda row: CameraRow(**row), limit, after)

    def workstations(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[WorkstationRow]:
        """Stations with their standard time in force, also those that are no longer in the plant (not active)."""
        return self._by_id(queries.WORKSTATIONS, _workstation, limit, after)

    def standard_times(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[StandardTimeRow]:
        """Standard times with all their versions."""
        return self._by_id(queries.STANDARD_TIMES, _standard_time, limit, after)

    def zones(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[ZoneRow]:
        """Polygons in force."""
        return self._by_id(queries.ZONES, _zone, limit, after)

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
                found = connection.execute(
                    text(f"{query} WHERE e.event_uid = :uid"), {"uid": event_uid}
                ).mappings()
                if row := found.first():
                    return _cycle(row)
        return None

    def recent_cycles(self, limit_per_station: int) -> tuple[RecentCycles, ...]:
        """The newest finished cycles of every active station; stations without one are in it with none."""
        _check_limit(limit_per_station)
        with self._read("read recent cycles") as connection:
            rows = connection.execute(text(queries.RECENT), {"limit": limit_per_station}).all()
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
            rows = connection.execute(text(queries.COUNTS), span).mappings().all()
        return tuple(StationCounts(**row) for row in rows)

    def _read(self, doing: str) -> AbstractContextManager[Connection]:
        return transaction(self._engine, doing)

    def _by_id(
        self, query: str, convert: Callable[[dict[str, Any]], T], limit: int, after: str | None
    ) -> Page[T]:
        _check_limit(limit)
        values = {"after": _id_key(after), "limit": limit + 1}
        with self._read("read a list") as connection:
            page = text(f"SELECT * FROM ({query}) WHERE id > :after ORDER BY id LIMIT :limit")
            rows = connection.execute(page, values).mappings().all()
        next_key = str(rows[limit - 1]["id"]) if len(rows) > limit else None
        return Page(tuple(convert(dict(row)) for row in rows[:limit]), next_key)

    def _cycles(self, query: str, which: CycleFilter, limit: int, after: str | None) -> Page[CycleRow]:
        _check_limit(limit)
        with self._read("read cycles") as connection:
            stations = _stations(connection, which)
            where, values = _conditions(which, stations, after)
            page = text(f"{query} WHERE {where} ORDER BY e.start_ts DESC, e.id DESC LIMIT :limit")
            rows = connection.execute(page, values | {"limit": limit + 1}).mappings().all()
        next_key = f"{rows[limit - 1]['start_ts']}~{rows[limit - 1]['id']}" if len(rows) > limit else None
        return Page(tuple(_cycle(row) for row in rows[:limit]), next_key)


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


def _stations(connection: Connection, which: CycleFilter) -> list[int] | None:
    """Row ids of the stations that a filter names; None: it names none."""
    if which.module is None and which.workstation is None:
        return None
    names = {"module": which.module, "workstation": which.workstation}
    return list(connection.execute(text(queries.STATION_IDS), names).scalars())


def _conditions(
    which: CycleFilter, stations: Sequence[int] | None, after: str | None
) -> tuple[str, dict[str, Any]]:
    """The WHERE of a list of cycles. With one station it walks the index of stations, otherwise that of starts."""
    parts, values = ["TRUE"], dict[str, Any]()
    if stations is not None and len(stations) == 1:
        parts.append("e.workstation_id = :station")
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
        parts.append("(e.start_ts, e.id) < (:key_start, :key_id)")
        values["key_start"], values["key_id"] = _cycle_key(after)
    return " AND ".join(parts), values


def _module(row: dict[str, Any]) -> ModuleRow:
    return ModuleRow(**row | {"active": bool(row["active"])})


def _workstation(row: dict[str, Any]) -> WorkstationRow:
    return WorkstationRow(**row | {"active": bool(row["active"])})


def _standard_time(row: dict[str, Any]) -> StandardTimeRow:
    start, end = row.pop("effective_from"), row.pop("effective_to")
    return StandardTimeRow(**row, effective_from_ns=from_text(start), effective_to_ns=_time(end))


def _zone(row: dict[str, Any]) -> ZoneRow:
    corners = json.loads(row.pop("polygon_json"))
    return ZoneRow(**row, polygon_px=tuple((corner["x"], corner["y"]) for corner in corners))


def _cycle(row: RowMapping) -> CycleRow:
    values = dict(row)
    del values["id"]
    duration_s = values.pop("duration_s")
    return CycleRow(
        start_ns=from_text(values.pop("start_ts")),
        end_ns=_time(values.pop("end_ts")),
        # The database computes it from days as floating point, 1e-5 s off; both times are whole milliseconds.
        duration_s=None if duration_s is None else round(duration_s, 3),
        video_start_ns=_time(values.pop("video_start_ts")),
        reasons=json.loads(values.pop("reasons_json") or "{}"),
        **values,
    )


def _time(text_or_none: str | None) -> int | None:
    return None if text_or_none is None else from_text(text_or_none)
