"""What a person saw and wrote down at a station, with or without a cycle. It is added, never changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import Connection, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import notes_text, seconds, short_text, shown, time_text
from lbzf_ros.store.people.entry import Bind, entry, station_id
from lbzf_ros.store.people.errors import NotThere
from lbzf_ros.store.people.lost_time import check_code


class ObservationKind(str, Enum):
    """What an observation is about."""

    GROUND_TRUTH_DURATION = "ground_truth_duration"
    LOST_TIME_NOTE = "lost_time_note"
    DATA_QUALITY_FLAG = "data_quality_flag"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a person saw.

    Attributes:
        kind: a value of `ObservationKind`.
        payload: `stopwatch_seconds` (above 0) and perhaps `notes` for ground_truth_duration; `notes` and perhaps
            `code` for lost_time_note; `notes` for the others.
        observed_ns: when it happened.
        event_uid: of the cycle that it is about, rejected or not; None: of none.
    """

    kind: str
    payload: Mapping[str, object]
    observed_ns: int
    event_uid: str | None = None


_Check = Callable[[Connection, object, str], object]


def _required_notes(_connection: Connection, value: object, where: str) -> str:
    notes = notes_text(value, where)
    if notes is None:
        raise InvalidValue(f"{where}: is empty; say what you saw", "missing")
    return notes


_NOTES: dict[str, _Check] = {"notes": lambda _, value, where: notes_text(value, where)}
_REQUIRED: dict[ObservationKind, dict[str, _Check]] = {
    ObservationKind.GROUND_TRUTH_DURATION: {
        "stopwatch_seconds": lambda _, value, where: seconds(value, where)
    },
    ObservationKind.LOST_TIME_NOTE: {"notes": _required_notes},
    ObservationKind.DATA_QUALITY_FLAG: {"notes": _required_notes},
    ObservationKind.OTHER: {"notes": _required_notes},
}
_OPTIONAL: dict[ObservationKind, dict[str, _Check]] = {
    ObservationKind.GROUND_TRUTH_DURATION: _NOTES,
    ObservationKind.LOST_TIME_NOTE: {"code": lambda connection, value, _: check_code(connection, value)},
    ObservationKind.DATA_QUALITY_FLAG: {},
    ObservationKind.OTHER: {},
}

_EVENT = """
SELECT id, workstation_id FROM cycle_events WHERE event_uid = :uid
UNION ALL
SELECT NULL, workstation_id FROM cycle_events_rejected WHERE event_uid = :uid
"""


def observe(
    bind: Bind, actor: Actor, *, now_ns: int, module: str, workstation: str, seen: Observation
) -> int:
    """Add an observation of the actor; gives its row id.

    Args:
        bind: where to write.
        actor: who saw it.
        now_ns: current time.
        module: code.
        workstation: code.
        seen: what.

    Raises:
        InvalidValue: a time, a text or the payload cannot be, or the cycle is another station's.
        NotThere: no such module, station, cycle or lost-time code.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "add an observation") as making:
        connection = making.connection
        station = station_id(connection, module, workstation)
        kind, uid = _kind(seen.kind), seen.event_uid
        values = {
            "workstation_id": station,
            "cycle_event_id": None if uid is None else _cycle(connection, uid, station),
            "event_uid": uid,
            "observer": actor.name,
            "observed_ts": time_text(seen.observed_ns, "observation"),
            "kind": kind.value,
            "payload_json": json.dumps(_payload(connection, kind, seen.payload), ensure_ascii=False),
        }
        return int(making.insert("observation.create", "manual_observations", values))


def _kind(kind: object) -> ObservationKind:
    try:
        return ObservationKind(kind)
    except ValueError:
        allowed = ", ".join(known.value for known in ObservationKind)
        raise InvalidValue(f"observation: kind {shown(kind)} is unknown; allowed are {allowed}") from None


def _payload(
    connection: Connection, kind: ObservationKind, payload: Mapping[str, object]
) -> dict[str, object]:
    if not isinstance(payload, Mapping):
        raise InvalidValue(f"observation: payload {shown(payload)} must be an object")
    required, known = _REQUIRED[kind], _REQUIRED[kind] | _OPTIONAL[kind]
    missing = [name for name in required if name not in payload]
    unknown = [shown(name) for name in payload if name not in known]
    if missing or unknown:
        found = "; ".join(
            f"{what} {', '.join(names)}"
            for what, names in (("lacks", missing), ("has unknown", unknown))
            if names
        )
        raise InvalidValue(f"observation {kind.value}: payload {found[:500]}; allowed are {', '.join(known)}")
    checked = {
        name: check(connection, payload[name], f"observation {kind.value}: {name}")
        for name, check in known.items()
        if name in payload
    }
    return {name: value for name, value in checked.items() if value is not None}


def _cycle(connection: Connection, event_uid: object, station: int) -> int | None:
    """Row id in cycle_events; None for a rejected cycle."""
    uid = short_text(event_uid, "event_uid")
    found = connection.execute(text(_EVENT), {"uid": uid}).first()
    if found is None:
        raise NotThere(f"there is no cycle {uid!r}, also not among the rejected ones", "cycle_unknown")
    if found.workstation_id != station:
        raise InvalidValue(f"cycle {uid} is of another station than the observation", "cycle_elsewhere")
    row: int | None = found.id
    return row
