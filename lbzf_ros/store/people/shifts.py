"""Shifts (jornadas) of a module: at any time at most one. Lost time follows the shift in which it began."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sqlalchemy import Connection, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import before_start, notes_text, short_text, shown, span_text, time_text
from lbzf_ros.store.people.entry import Bind, Entry, entry, module_id
from lbzf_ros.store.people.errors import Conflict

SHIFT_AT = """(
  SELECT CASE WHEN end_ts IS NULL OR end_ts > {start} THEN id END FROM shifts
  WHERE module_id = {module} AND start_ts <= {start} ORDER BY start_ts DESC LIMIT 1)"""
"""SQL of the shift in which something began, to be formatted with `module` (row id) and `start` (text)."""

_RULE = SHIFT_AT.format(module="lost_time_events.module_id", start="lost_time_events.start_ts")
_FOLLOW = f"""
UPDATE lost_time_events SET shift_id = {_RULE}
WHERE module_id = :module AND start_ts >= :start AND start_ts < coalesce(:end, '9999') AND shift_id IS NOT {_RULE}
"""
_OVERLAP = """
SELECT id, date, label, start_ts, end_ts FROM shifts
WHERE module_id = :module AND id IS NOT :but AND start_ts < coalesce(:end_ts, '9999')
  AND coalesce(end_ts, '9999') > :start_ts
ORDER BY start_ts
"""
_SAME_LABEL = """
SELECT id FROM shifts WHERE module_id = :module AND date = :date AND label = :label AND id IS NOT :but
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What people say about a shift.

    Attributes:
        label: e.g. jornada_1; one of it a module and day.
        start_ns: when it begins.
        end_ns: when it ends; None: not known yet.
        notes: anything else.
    """

    label: str
    start_ns: int
    end_ns: int | None = None
    notes: str | None = None


def open_shift(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    time_zone: str,
    module: str,
    shift: Shift,
) -> int:
    """A shift begins; gives its row id.

    Args:
        bind: where to write.
        actor: who enters it.
        now_ns: current time.
        time_zone: of the plant; decides the day of the shift.
        module: code.
        shift: what begins.

    Raises:
        InvalidValue: a time or a text cannot be.
        NotThere: no such module.
        Conflict: the label is taken on this day, or another shift of the module is open or overlaps.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "open a shift") as making:
        module_row = module_id(making.connection, module)
        values = _values(time_zone, shift)
        _check(making.connection, module_row, values, but=None)
        shift_id = int(making.insert("shift.open", "shifts", {"module_id": module_row, **values}))
        _follow(making, module_row, values["start_ts"], values["end_ts"])
        return shift_id


def close_shift(bind: Bind, actor: Actor, *, now_ns: int, shift_id: int, end_ns: int) -> None:
    """A shift has ended.

    Raises:
        InvalidValue: the end cannot be.
        NotThere: no such shift.
        Conflict: it is closed already, at another time.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "close a shift") as making:
        row = making.row("shifts", shift_id, "shift")
        end = time_text(end_ns, "shift: end")
        if row["end_ts"] not in (None, end):
            raise Conflict(
                f"shift {row['label']} of {row['date']} ended at {row['end_ts']} already; correct it instead",
                "already_ended",
                end=row["end_ts"],
            )
        if end <= row["start_ts"]:
            raise before_start("shift", row["start_ts"], end)
        making.update("shift.close", "shifts", shift_id, {"end_ts": end})
        _follow(making, row["module_id"], row["start_ts"], None)


def correct_shift(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    time_zone: str,
    shift_id: int,
    shift: Shift,
) -> None:
    """Put other figures in the place of what was entered.

    Raises:
        InvalidValue: a time or a text cannot be.
        NotThere: no such shift.
        Conflict: the label is taken on this day, or another shift of the module overlaps.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "correct a shift") as making:
        row = making.row("shifts", shift_id, "shift")
        values = _values(time_zone, shift)
        _check(making.connection, row["module_id"], values, but=shift_id)
        making.update("shift.correct", "shifts", shift_id, values)
        _follow(making, row["module_id"], min(row["start_ts"], str(values["start_ts"])), None)


def local_date(time_ns: int, time_zone: str) -> str:
    """Day of a time where the plant is: YYYY-MM-DD.

    Raises:
        InvalidValue: no such zone, or no such time.
    """
    time_text(time_ns, "day of a time")
    try:
        zone = zoneinfo.ZoneInfo(short_text(time_zone, "time zone"))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValue(
            f"time zone {shown(time_zone)}: {str(error)[:200]}; allowed are names such as America/Bogota"
        ) from None
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).astimezone(zone).date().isoformat()


def _values(time_zone: str, shift: Shift) -> dict[str, str | None]:
    start, end = span_text(shift.start_ns, shift.end_ns, "shift")
    return {
        "date": local_date(shift.start_ns, time_zone),
        "label": short_text(shift.label, "shift: label"),
        "start_ts": start,
        "end_ts": end,
        "notes": notes_text(shift.notes, "shift: notes"),
    }


def _check(connection: Connection, module: int, values: dict[str, str | None], *, but: int | None) -> None:
    asked = {**values, "module": module, "but": but}
    if connection.execute(text(_SAME_LABEL), asked).first() is not None:
        raise Conflict(
            f"the module has a shift {values['label']!r} on {values['date']} already; correct that one",
            "shift_taken",
            shift=values["label"],
            date=values["date"],
        )
    other = connection.execute(text(_OVERLAP), asked).first()
    if other is None:
        return
    shift = f"shift {other.label} of {other.date} ({other.start_ts} to {other.end_ts or 'still open'})"
    advice = "close it first" if other.end_ts is None else "correct one of the two"
    raise Conflict(
        f"{shift} overlaps {values['start_ts']} to {values['end_ts'] or 'open end'}; {advice}",
        "shift_overlaps",
        shift=other.label,
        date=other.date,
        start=other.start_ts,
        end=other.end_ts,
    )


def _follow(making: Entry, module: int, start: str | None, end: str | None) -> None:
    """Lost time that was entered before its shift belongs to it all the same."""
    making.connection.execute(text(_FOLLOW), {"module": module, "start": start, "end": end})
