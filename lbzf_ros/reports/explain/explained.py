"""A cycle with its explanation, and the one that somebody means."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.explanation import Explanation
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.explaining import ExplanationReader
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.rows import CycleName, CycleRow
from lbzf_ros.store.timestamps import from_text, to_text

_UID = re.compile(r"[0-9a-f][0-9a-f-]{3,35}", re.IGNORECASE)
_LIKE = 5
"""Most cycles that are named when it is not clear which one is meant."""
_IN_A_MINUTE = 100
_GIVEN_UP_NS = 600 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Explained:
    """A cycle and why it was decided as it was.

    Attributes:
        row: as the database has it.
        why: None: nobody has kept it.
        frame: picture of its start; None: there is none.
    """

    row: CycleRow
    why: Explanation | None
    frame: Path | None


def explained(engine: Engine, data: Path, event_uid: str) -> Explained:
    """A cycle of this very uid.

    Raises:
        StoreError: there is no such cycle, or it cannot be read.
    """
    row = StoreReader(engine).cycle(event_uid)
    if row is None:
        raise StoreError(f"there is no cycle {event_uid}")
    path = data / row.source_frame_path if row.source_frame_path else None
    why = ExplanationReader(engine).explanation(event_uid)
    return Explained(row, why, path if path and path.is_file() else None)


def uid_meant(engine: Engine, text: str) -> str:
    """The uid that was given, or the only one that begins so.

    Raises:
        InvalidValue: it cannot be a uid.
        StoreError: there is none, or there are several.
    """
    if not _UID.fullmatch(text):
        raise InvalidValue(
            f"{text!r}: is no event_uid. Give one, or at least its first 4 characters, or a station and a time: "
            "ANGELA/PUESTO_01 2026-07-15T10:03"
        )
    reader = ExplanationReader(engine)
    found = reader.by_prefix(text.lower(), limit=_LIKE + 1)
    if len(found) == 1:
        return found[0].event_uid
    if not found:
        raise StoreError(f"there is no cycle {text}. {_near(reader.near_uid(text.lower()))}")
    shown = _list(found[:_LIKE])
    more = " and more" if len(found) > _LIKE else ""
    raise StoreError(f"several cycles begin with {text}: {shown}{more}; give more of it")


def uid_at(engine: Engine, station: str, at: str, time_zone: str) -> str:
    """The cycle of a station that ran at a time.

    Args:
        engine: of the database.
        station: MODULE/CODE.
        at: ISO 8601; without a zone it is local time.
        time_zone: of the plant.

    Raises:
        InvalidValue: it is no station or no time.
        StoreError: there is no such station, or no cycle of it ran then.
    """
    reader = ExplanationReader(engine)
    stations = reader.stations()
    if station not in stations:
        raise StoreError(f"there is no station {station!r}; the database has {', '.join(stations) or 'none'}")
    at_ns, until_ns = _moment(at, time_zone)
    module, _, code = station.partition("/")
    before, after = reader.around(module, code, until_ns, limit=_IN_A_MINUTE)
    known = [cycle for cycle in before if cycle.start_ns <= at_ns]
    began = [cycle for cycle in before if cycle.start_ns > at_ns]
    if known and _ran(known[0], at_ns):
        return known[0].event_uid
    if began:
        return began[-1].event_uid
    raise StoreError(f"no cycle of {station} ran at {at}. {_near((*before[:1], *after[:1]))}")


def _ran(cycle: CycleName, at_ns: int) -> bool:
    """Whether a cycle that began before a time still ran then; of one that was given up nobody knows for how long."""
    if cycle.status == "in_progress":
        return True
    return at_ns < (cycle.start_ns + _GIVEN_UP_NS if cycle.end_ns is None else cycle.end_ns)


def _moment(text: str, time_zone: str) -> tuple[int, int]:
    """First and last nanosecond of a time as exact as it is written: a minute, a second or less."""
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise InvalidValue(
            f"{text!r}: is no time; write it as 2026-07-15T10:03 or 2026-07-15T10:03:12"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zoneinfo.ZoneInfo(time_zone))
    utc = moment.astimezone(dt.timezone.utc)
    at_ns = from_text(f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}Z")
    clock = re.split(r"[+-]|Z", text[11:])[0]
    length_s = 60 if clock.count(":") < 2 else 1
    return at_ns, at_ns if "." in clock else at_ns + length_s * NS_PER_S - 1


def _near(cycles: Iterable[CycleName]) -> str:
    shown = _list(cycles)
    return f"Near it: {shown}" if shown else "There is no cycle at all."


def _list(cycles: Iterable[CycleName]) -> str:
    return ", ".join(
        f"{one.event_uid} ({one.module}/{one.workstation}, {to_text(one.start_ns)}, {one.status})"
        for one in cycles
    )
