"""Who works where from when, and the operator of each cycle that follows from it.

At one station assignments never overlap. So the operator of a cycle is that of the newest assignment that began
at or before the cycle, if it had not ended by then; `cycle_events.operator_id` always says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import short_text, span_text, time_text
from lbzf_ros.store.people.entry import Bind, Entry, entry, station_id, station_ids
from lbzf_ros.store.people.errors import Conflict, NotThere, Several

OPERATOR_AT = """(
  SELECT CASE WHEN end_ts IS NULL OR end_ts > {start} THEN operator_id END FROM operator_assignments
  WHERE workstation_id = {workstation} AND start_ts <= {start} ORDER BY start_ts DESC LIMIT 1)"""
"""SQL of the operator of a cycle, to be formatted with the `workstation` (row id) and the `start` (text) of it."""

_TABLE = "operator_assignments"
_RULE = OPERATOR_AT.format(workstation="cycle_events.workstation_id", start="cycle_events.start_ts")
_FOLLOW = f"""
UPDATE cycle_events SET operator_id = {_RULE}
WHERE workstation_id = :station AND start_ts >= :start AND start_ts < coalesce(:end, '9999')
  AND operator_id IS NOT {_RULE}
"""
_TOUCHED = """
SELECT * FROM operator_assignments
WHERE workstation_id = :station AND id IS NOT :but
  AND start_ts < coalesce(:end, '9999') AND coalesce(end_ts, '9999') > :start
ORDER BY start_ts
"""
_NEXT_START = (
    "SELECT min(start_ts) FROM operator_assignments WHERE workstation_id = :station AND start_ts > :start"
)
_OPERATOR = "SELECT id, display_name, active FROM operators WHERE external_code = :code"


def assign(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    module: str,
    workstation: str,
    external_code: str | None,
    start_ns: int,
    end_ns: int | None = None,
) -> int:
    """Somebody works at a station from a time on. Whoever was there leaves; a second entry for a start corrects it.

    Args:
        bind: where to write.
        actor: who enters it.
        now_ns: current time.
        module: code.
        workstation: code.
        external_code: of the operator; None: nobody.
        start_ns: from when; may be long ago, the cycles since then follow.
        end_ns: until when; who was there before then goes on. None: until whoever was there would have left, or
            until the next who comes, or not known yet.

    Returns:
        How many cycles have another operator now.

    Raises:
        InvalidValue: a time or a text cannot be.
        NotThere: no such module, station or operator.
        Conflict: the operator is no longer active, or somebody else comes before `end_ns`.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "assign an operator") as making:
        start, end = span_text(start_ns, end_ns, "assignment")
        station = station_id(making.connection, module, workstation)
        operator = None if external_code is None else active_operator(making.connection, external_code)
        return _assign(making, station, operator, start, end)


def assign_stations(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    module: str,
    start_ns: int,
    operators: Mapping[str, str | None],
) -> int:
    """The form of a shift's start: all stations of a module at once, or none of them when one entry is wrong.

    Args:
        bind: where to write.
        actor: who enters it.
        now_ns: current time.
        module: code.
        start_ns: from when.
        operators: external code by station code; None: nobody. Stations that are not in it stay as they are.

    Returns:
        How many cycles have another operator now.

    Raises:
        InvalidValue: a time or a text cannot be, or some station or operator is not there (all are named).
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "assign operators to stations") as making:
        start = time_text(start_ns, "assignment: start")
        stations = station_ids(making.connection, module)
        wanted: list[tuple[int, int | None]] = []
        wrong: dict[str, InvalidValue] = {}
        for workstation, code in operators.items():
            try:
                if short_text(workstation, "workstation") not in stations:
                    raise NotThere(
                        f"there is no workstation {module}/{workstation}",
                        "station_unknown",
                        module=module,
                        station=workstation,
                    )
                operator = None if code is None else active_operator(making.connection, code)
                wanted.append((stations[workstation], operator))
            except InvalidValue as error:
                wrong[f"operators.{workstation}"] = error
        if wrong:
            raise Several(f"nothing was entered: {'; '.join(map(str, wrong.values()))[:2000]}", wrong)
        return sum(_assign(making, station, operator, start, None) for station, operator in wanted)


def correct_assignment(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    assignment_id: int,
    external_code: str,
    start_ns: int,
    end_ns: int | None,
) -> int:
    """Put another operator, start or end in the place of what was entered; the cycles follow.

    Returns:
        How many cycles have another operator now.

    Raises:
        InvalidValue: a time or a text cannot be.
        NotThere: no such assignment or operator.
        Conflict: the operator is no longer active, or it would overlap another assignment of the station.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "correct an assignment") as making:
        start, end = span_text(start_ns, end_ns, "assignment")
        row = making.row(_TABLE, assignment_id, "assignment")
        operator = active_operator(making.connection, external_code, may_be=row["operator_id"])
        span = {"station": row["workstation_id"], "start": start, "end": end, "but": assignment_id}
        other = making.connection.execute(text(_TOUCHED), span).mappings().first()
        if other is not None:
            raise Conflict(
                f"assignment {assignment_id}: {_shown(start, end)} overlaps assignment {other['id']} of the same "
                f"station, {_shown(other['start_ts'], other['end_ts'])}; correct that one first",
                "assignment_overlaps",
                start=other["start_ts"],
                end=other["end_ts"],
            )
        changes = {"operator_id": operator, "start_ts": start, "end_ts": end}
        making.update("assignment.correct", _TABLE, assignment_id, changes)
        return _follow(making, row["workstation_id"], min(start, row["start_ts"]), _later(end, row["end_ts"]))


def remove_assignment(bind: Bind, actor: Actor, *, now_ns: int, assignment_id: int) -> int:
    """Take back what was entered; its cycles have no operator then.

    Returns:
        How many cycles have another operator now.

    Raises:
        NotThere: no such assignment.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "remove an assignment") as making:
        row = making.row(_TABLE, assignment_id, "assignment")
        making.delete("assignment.remove", _TABLE, assignment_id)
        return _follow(making, row["workstation_id"], row["start_ts"], row["end_ts"])


def leave_all_stations(making: Entry, operator_id: int) -> None:
    """End what an operator has open, now; what has not begun yet goes."""
    now = time_text(making.now_ns, "assignment")
    query = (
        "SELECT * FROM operator_assignments WHERE operator_id = :operator AND coalesce(end_ts, '9999') > :now"
    )
    values = {"operator": operator_id, "now": now}
    for row in making.connection.execute(text(query), values).mappings().all():
        if row["start_ts"] < now:
            making.update("assignment.end", _TABLE, row["id"], {"end_ts": now})
        else:
            making.delete("assignment.remove", _TABLE, row["id"])
        _follow(making, row["workstation_id"], row["start_ts"], row["end_ts"])


def active_operator(connection: Connection, external_code: object, *, may_be: int | None = None) -> int:
    """Row id of an operator who may be assigned.

    Raises:
        NotThere: nobody has this code.
        Conflict: the operator is no longer active, and is not `may_be`.
    """
    code = short_text(external_code, "operator code")
    found = connection.execute(text(_OPERATOR), {"code": code}).first()
    if found is None:
        raise NotThere(
            f"nobody has the operator code {code!r}; enter the operator first",
            "operator_unknown",
            operator=code,
        )
    if not found.active and found.id != may_be:
        raise Conflict(
            f"operator {code!r} ({found.display_name}) is no longer active; activate the operator first",
            "operator_inactive",
            operator=code,
            name=found.display_name,
        )
    return int(found.id)


def _assign(making: Entry, station: int, operator: int | None, start: str, end: str | None) -> int:
    """See `assign`. Ends, splits or corrects what is there, then adds what is new."""
    rows = making.connection.execute(
        text(_TOUCHED), {"station": station, "start": start, "end": end or _after(start), "but": None}
    )
    there: dict[str, Any] | None = None
    for row in map(dict, rows.mappings()):
        if row["start_ts"] <= start:
            there = row
        else:
            raise Conflict(
                f"assignment {_shown(start, end)}: assignment {row['id']} of the same station begins at "
                f"{row['start_ts']}; end this one there, or correct that one first",
                "assignment_overlaps",
                start=row["start_ts"],
                end=row["end_ts"],
            )
    new_end = end
    if new_end is None:
        new_end = there["end_ts"] if there is not None else None
        new_end = new_end or _next_start(making.connection, station, start)
    if there is not None:
        until = there["end_ts"] or "9999"
        goes_on = end is not None and end < until
        same_person = there["operator_id"] == operator
        leaves_earlier = goes_on and there["start_ts"] == start
        if same_person and (end is None or end <= until) and not leaves_earlier:
            return 0
        _make_room(making, there, start)
        if goes_on and not same_person:
            rest = {**_key(station, end), "operator_id": there["operator_id"], "end_ts": there["end_ts"]}
            making.insert("assignment.go_on", _TABLE, rest)
    if operator is not None:
        making.insert(
            "assignment.create", _TABLE, {**_key(station, start), "operator_id": operator, "end_ts": new_end}
        )
    last = new_end if there is None else _later(new_end, there["end_ts"])
    return _follow(making, station, start, last)


def _make_room(making: Entry, there: Mapping[str, Any], start: str) -> None:
    if there["start_ts"] == start:
        making.delete("assignment.replace", _TABLE, there["id"])
    else:
        making.update("assignment.end", _TABLE, there["id"], {"end_ts": start})


def _follow(making: Entry, station: int, start: str, end: str | None) -> int:
    """Give the cycles that began in a span the operators whom the assignments name."""
    values = {"station": station, "start": start, "end": end}
    return making.connection.execute(text(_FOLLOW), values).rowcount


def _next_start(connection: Connection, station: int, start: str) -> str | None:
    found: str | None = connection.execute(
        text(_NEXT_START), {"station": station, "start": start}
    ).scalar_one()
    return found


def _key(station: int, start: str | None) -> dict[str, object]:
    return {"workstation_id": station, "start_ts": start}


def _later(one: str | None, other: str | None) -> str | None:
    return None if one is None or other is None else max(one, other)


def _after(start: str) -> str:
    """A text just behind a time, for a span that holds this moment only."""
    return start + "~"


def _shown(start: str, end: str | None) -> str:
    return f"{start} to {end or 'not known yet'}"
