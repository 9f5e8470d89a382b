"""Targets (metas) of a module: for an hour of the plant's clock, or for a day."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.indicators.hours import clock_hour_start, parse_day
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import nanoseconds, shown, time_text
from lbzf_ros.store.people.entry import Bind, entry, module_id
from lbzf_ros.store.people.shifts import local_date

MAX_UNITS = 1_000_000
_TABLE = "targets"
_FIND = """
SELECT id FROM targets WHERE module_id = :module AND date = :date AND coalesce(hour_ts, '') = coalesce(:hour, '')
"""
_OF_DAY = "SELECT id, hour_ts, units FROM targets WHERE module_id = :module AND date = :date ORDER BY hour_ts"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A target. `hour_ns`: begin of the hour on the plant's clock; None: it is of the whole day."""

    id: int
    module: str
    date: str
    hour_ns: int | None
    units: float


def set_hour_target(
    bind: Bind, actor: Actor, *, now_ns: int, time_zone: str, module: str, hour_ns: int, units: float
) -> int:
    """Enter the target of an hour, or put another in its place; gives its row id.

    Args:
        bind: where to write.
        actor: who enters it.
        now_ns: current time.
        time_zone: of the plant.
        module: code.
        hour_ns: any time in the hour of the plant's clock.
        units: finished units, 0 to `MAX_UNITS`.

    Raises:
        InvalidValue: a time or the number cannot be.
        NotThere: no such module.
        StoreError: the database refused.
    """
    date = local_date(hour_ns, time_zone)
    start = time_text(clock_hour_start(hour_ns, time_zone), "target: hour")
    return _set(bind, actor, now_ns, module, date, start, units)


def set_day_target(bind: Bind, actor: Actor, *, now_ns: int, module: str, date: str, units: float) -> int:
    """Enter the target of a local day (YYYY-MM-DD), or put another in its place; gives its row id.

    Raises:
        InvalidValue: the day or the number cannot be.
        NotThere: no such module.
        StoreError: the database refused.
    """
    return _set(bind, actor, now_ns, module, parse_day(date).isoformat(), None, units)


def remove_target(bind: Bind, actor: Actor, *, now_ns: int, target_id: int) -> None:
    """Take back a target.

    Raises:
        NotThere: no such target.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "remove a target") as making:
        making.row(_TABLE, target_id, "target")
        making.delete("target.remove", _TABLE, target_id)


def targets_of_day(engine: Engine, *, module: str, date: str) -> tuple[TargetRow, ...]:
    """Targets of a module on a local day; that of the whole day first, then by hour.

    Raises:
        InvalidValue: the day cannot be, or no such module (`NotThere`).
    """
    day = parse_day(date).isoformat()
    with transaction(engine, "read targets") as connection:
        return targets_in(connection, module_id(connection, module), module, day)


def targets_in(connection: Connection, module_row: int, module: str, date: str) -> tuple[TargetRow, ...]:
    """The same inside a transaction, by the module's row id."""
    rows = connection.execute(text(_OF_DAY), {"module": module_row, "date": date})
    return tuple(
        TargetRow(id=row.id, module=module, date=date, hour_ns=nanoseconds(row.hour_ts), units=row.units)
        for row in rows
    )


def _set(
    bind: Bind, actor: Actor, now_ns: int, module: str, date: str, hour: str | None, units: float
) -> int:
    number = _units(units)
    with entry(bind, actor, now_ns, "enter a target") as making:
        key = {"module": module_id(making.connection, module), "date": date, "hour": hour}
        found: int | None = making.connection.execute(text(_FIND), key).scalar()
        if found is not None:
            making.update("target.change", _TABLE, found, {"units": number})
            return found
        values = {"module_id": key["module"], "date": date, "hour_ts": hour, "units": number}
        return int(making.insert("target.create", _TABLE, values))


def _units(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidValue(f"target: {shown(value)} must be a number of units", "not_a_number")
    if not (0 <= value <= MAX_UNITS and math.isfinite(value)):
        raise InvalidValue(
            f"target: {shown(value)} units must be 0 to {MAX_UNITS}", "out_of_range", least=0, most=MAX_UNITS
        )
    return float(value)
