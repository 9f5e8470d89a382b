"""Rows of `queries` as the typed results of `rows`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from lbzf_ros.store.hours import HOUR_NS, Span, available_minutes
from lbzf_ros.store.rows import (
    CycleRow,
    ModuleRow,
    QualityBands,
    RefusedEvent,
    StandardTimeRow,
    StationHour,
    WorkstationRow,
    ZoneRow,
)
from lbzf_ros.store.timestamps import from_text


def module(row: dict[str, Any]) -> ModuleRow:
    """A production line."""
    return ModuleRow(**row | {"active": bool(row["active"])})


def workstation(row: dict[str, Any]) -> WorkstationRow:
    """A station."""
    return WorkstationRow(**row | {"active": bool(row["active"])})


def standard_time(row: dict[str, Any]) -> StandardTimeRow:
    """A version of a standard time."""
    start, end = row.pop("effective_from"), row.pop("effective_to")
    return StandardTimeRow(**row, effective_from_ns=from_text(start), effective_to_ns=time_or_none(end))


def zone(row: dict[str, Any]) -> ZoneRow:
    """A polygon."""
    corners = json.loads(row.pop("polygon_json"))
    return ZoneRow(**row, polygon_px=tuple((corner["x"], corner["y"]) for corner in corners))


def cycle(row: Sequence[Any]) -> CycleRow:
    """A row of `queries.CYCLES` or `queries.REJECTED`: id, the fields of `CycleRow`, clock and reasons (JSON) last."""
    clock_kept, reasons = row[-2:]
    kept = None if clock_kept is None else bool(clock_kept)
    return CycleRow._make((*row[1:-2], kept, json.loads(reasons) if reasons else {}))


def station_hour(row: dict[str, Any], to_ns: int, shifts: Sequence[Span]) -> StationHour:
    """One hour of a station; the span that was asked for ends at `to_ns`."""
    begin_ns = from_text(row.pop("from_ts"))
    span = (begin_ns, min(begin_ns + HOUR_NS, to_ns))
    work_s = row.pop("duration_ms") / 1000
    del row["id"]
    return StationHour(
        **row,
        from_ns=span[0],
        to_ns=span[1],
        work_s=work_s,
        available_minutes=available_minutes(span, shifts),
    )


def quality_bands(parts: Sequence[RowMapping]) -> QualityBands:
    """The sum of what the rollup and the cycles at both ends say of one station."""
    sums = {band: sum(part[band] for part in parts) for band in ("green", "yellow", "red")}
    return QualityBands(**without_id(parts[0]) | sums)


def refused_event(row: dict[str, Any]) -> RefusedEvent:
    """An event that was refused."""
    return RefusedEvent(received_at_ns=from_text(row.pop("received_at")), **row)


def without_id(row: RowMapping) -> dict[str, Any]:
    """The columns but `id`, which is only for the key of a page."""
    return {name: value for name, value in row.items() if name != "id"}


def time_or_none(text_or_none: str | None) -> int | None:
    """A time as nanoseconds, or what is not known."""
    return None if text_or_none is None else from_text(text_or_none)
