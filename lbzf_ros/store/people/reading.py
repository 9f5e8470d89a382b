"""The named queries of what people enter. Every list is capped and paged by key; every result is typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine, text

from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people import queries
from lbzf_ros.store.people.checks import nanoseconds, short_text, time_text
from lbzf_ros.store.people.entry import module_id, station_id
from lbzf_ros.store.people.paging import MAX_PAGE, id_key, page_limit, time_key
from lbzf_ros.store.rows import Page
from lbzf_ros.store.timestamps import from_text, to_text

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRow:
    """A person who works at stations. Code and name are None once the person is erased."""

    id: int
    external_code: str | None
    display_name: str | None
    active: bool
    notes: str | None
    erased_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """Who works at a station from when; `end_ns` None: still there."""

    id: int
    module: str
    workstation: str
    external_code: str | None
    operator_display_name: str | None
    start_ns: int
    end_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """A shift. `date` is the local day of its start; `end_ns` None: still open."""

    id: int
    module: str
    date: str
    label: str
    start_ns: int
    end_ns: int | None
    notes: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A code of lost time; not active: it is no longer in the plant's file."""

    code: str
    display_name: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTimeRow:
    """Lost time. `workstation` None: the whole module; `shift_id` None: in no shift; `end_ns` None: it goes on."""

    id: int
    module: str
    workstation: str | None
    shift_id: int | None
    code: str
    code_display_name: str
    start_ns: int
    end_ns: int | None
    detected_auto: bool
    notes: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationRow:
    """What a person saw. `event_uid`: of the cycle that it is about, whichever table holds it."""

    id: int
    module: str
    workstation: str
    event_uid: str | None
    observer: str
    observed_ns: int
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """A piece of video that is kept; `released_ns` None: still."""

    id: int
    camera: str
    start_ns: int
    end_ns: int
    kind: str
    reason: str
    held_by: str
    released_ns: int | None


class PeopleReader:
    """Reads what people entered; each call sees one consistent state of the database."""

    def __init__(self, engine: Engine) -> None:
        """Read through an engine of `reading_engine`."""
        self._engine = engine

    def operators(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[OperatorRow]:
        """Everybody, also who is no longer active or was erased, in the order in which they were entered."""
        values = {"after": 0 if after is None else id_key(after)}
        return self._page(queries.OPERATORS, values, _operator, limit, lambda row: str(row.id))

    def operator(self, external_code: str) -> OperatorRow | None:
        """Whoever has a code; None: nobody."""
        values = {"code": short_text(external_code, "operator code")}
        with transaction(self._engine, "read an operator") as connection:
            row = connection.execute(text(queries.OPERATOR_BY_CODE), values).mappings().first()
        return None if row is None else _operator(dict(row))

    def assignments(
        self, *, module: str, from_ns: int, to_ns: int, limit: int = MAX_PAGE, after: str | None = None
    ) -> Page[AssignmentRow]:
        """Who works in a module in from_ns <= time < to_ns, by start.

        Raises:
            InvalidValue: no such module (`NotThere`), a time or a key cannot be.
        """
        values = self._span(module, from_ns, to_ns, after)
        return self._page(queries.ASSIGNMENTS, values, _assignment, limit, _by_start)

    def last_at_stations(self, *, module: str, from_ns: int, to_ns: int) -> tuple[AssignmentRow, ...]:
        """Who began last at each station of a module before to_ns, if that went on after from_ns; by start.

        Raises:
            InvalidValue: no such module (`NotThere`), or a time cannot be.
        """
        values = self._span(module, from_ns, to_ns, None)
        with transaction(self._engine, "read who worked last") as connection:
            rows = connection.execute(text(queries.LAST_AT_STATIONS), values).mappings().all()
        return tuple(_assignment(dict(row)) for row in rows)

    def at_station(self, *, module: str, workstation: str, time_ns: int) -> AssignmentRow | None:
        """Who works at a station at a time; None: nobody, or it is not known.

        Raises:
            InvalidValue: no such station (`NotThere`), or the time cannot be.
        """
        with transaction(self._engine, "read who works at a station") as connection:
            values = {
                "station": station_id(connection, module, workstation),
                "time": time_text(time_ns, "assignment"),
            }
            row = connection.execute(text(queries.AT_STATION), values).mappings().first()
        return None if row is None else _assignment(dict(row))

    def shifts_of_day(self, *, module: str, date: str) -> tuple[ShiftRow, ...]:
        """Shifts of a module that began on a local day (YYYY-MM-DD), by start.

        Raises:
            InvalidValue: no such module (`NotThere`).
        """
        with transaction(self._engine, "read the shifts of a day") as connection:
            values = {
                "module": module_id(connection, module),
                "date": short_text(date, "date"),
                "limit": MAX_PAGE,
            }
            rows = connection.execute(text(queries.SHIFTS_OF_DAY), values).mappings().all()
        return tuple(_shift(dict(row)) for row in rows)

    def shift_at(self, *, module: str, time_ns: int) -> ShiftRow | None:
        """The shift of a module in which a time is; None: in none.

        Raises:
            InvalidValue: no such module (`NotThere`), or the time cannot be.
        """
        with transaction(self._engine, "read the shift at a time") as connection:
            values = {"module": module_id(connection, module), "time": time_text(time_ns, "shift")}
            row = connection.execute(text(queries.SHIFT_AT_TIME), values).mappings().first()
        return None if row is None else _shift(dict(row))

    def lost_time_codes(self) -> tuple[CodeRow, ...]:
        """Codes of lost time, also those that are no longer used; those in use first."""
        with transaction(self._engine, "read the codes of lost time") as connection:
            rows = connection.execute(text(queries.CODES), {"limit": MAX_PAGE}).mappings().all()
        return tuple(CodeRow(**{**row, "active": bool(row["active"])}) for row in rows)

    def lost_time(
        self, *, module: str, from_ns: int, to_ns: int, limit: int = MAX_PAGE, after: str | None = None
    ) -> Page[LostTimeRow]:
        """Lost time of a module and its stations that began in from_ns <= start < to_ns, by start.

        Raises:
            InvalidValue: no such module (`NotThere`), a time or a key cannot be.
        """
        values = self._span(module, from_ns, to_ns, after)
        return self._page(queries.LOST_TIME, values, _lost_time, limit, _by_start)

    def observations(
        self, *, module: str, from_ns: int, to_ns: int, limit: int = MAX_PAGE, after: str | None = None
    ) -> Page[ObservationRow]:
        """What was seen in a module in from_ns <= time < to_ns, by time.

        Raises:
            InvalidValue: no such module (`NotThere`), a time or a key cannot be.
        """
        values = self._span(module, from_ns, to_ns, after)
        return self._page(
            queries.OBSERVATIONS,
            values,
            _observation,
            limit,
            lambda row: f"{to_text(row.observed_ns)}~{row.id}",
        )

    def observations_at(
        self, *, module: str, workstation: str, from_ns: int, to_ns: int
    ) -> tuple[ObservationRow, ...]:
        """What was seen at a station in from_ns <= time < to_ns, by time; the first `MAX_PAGE`.

        Raises:
            InvalidValue: no such station (`NotThere`), or a time cannot be.
        """
        with transaction(self._engine, "read what was seen at a station") as connection:
            values = {
                "station": station_id(connection, module, workstation),
                "from": to_text(from_ns),
                "to": to_text(to_ns),
                "limit": MAX_PAGE,
            }
            rows = connection.execute(text(queries.OBSERVATIONS_AT), values).mappings().all()
        return tuple(_observation(dict(row)) for row in rows)

    def observations_of(
        self, event_uid: str, *, limit: int = MAX_PAGE, after: str | None = None
    ) -> Page[ObservationRow]:
        """What was seen of a cycle, in the order in which it was entered."""
        values = {"uid": short_text(event_uid, "event_uid"), "after": 0 if after is None else id_key(after)}
        return self._page(queries.OBSERVATIONS_OF, values, _observation, limit, lambda row: str(row.id))

    def open_holds(self, *, limit: int = MAX_PAGE, after: str | None = None) -> Page[HoldRow]:
        """Video that must not go, in the order in which it was entered."""
        values = {"after": 0 if after is None else id_key(after)}
        return self._page(queries.OPEN_HOLDS, values, _hold, limit, lambda row: str(row.id))

    def _span(self, module: str, from_ns: int, to_ns: int, after: str | None) -> dict[str, object]:
        with transaction(self._engine, "read a module") as connection:
            row = module_id(connection, module)
        start, row_id = ("", 0) if after is None else time_key(after)
        return {
            "module": row,
            "from": to_text(from_ns),
            "to": to_text(to_ns),
            "key_start": start,
            "key_id": row_id,
        }

    def _page(
        self,
        query: str,
        values: Mapping[str, object],
        convert: Callable[[dict[str, Any]], T],
        limit: int,
        key: Callable[[T], str],
    ) -> Page[T]:
        asked = {**values, "limit": page_limit(limit) + 1}
        with transaction(self._engine, "read a list") as connection:
            rows = connection.execute(text(query), asked).mappings().all()
        items = tuple(convert(dict(row)) for row in rows[:limit])
        return Page(items, key(items[-1]) if len(rows) > limit else None)


def _by_start(row: AssignmentRow | LostTimeRow) -> str:
    return f"{to_text(row.start_ns)}~{row.id}"


def _operator(row: dict[str, Any]) -> OperatorRow:
    return OperatorRow(erased_ns=nanoseconds(row.pop("erased_at")), **row | {"active": bool(row["active"])})


def _times(row: dict[str, Any]) -> dict[str, Any]:
    start, end = from_text(row.pop("start_ts")), nanoseconds(row.pop("end_ts"))
    return row | {"start_ns": start, "end_ns": end}


def _assignment(row: dict[str, Any]) -> AssignmentRow:
    return AssignmentRow(**_times(row))


def _shift(row: dict[str, Any]) -> ShiftRow:
    return ShiftRow(**_times(row))


def _lost_time(row: dict[str, Any]) -> LostTimeRow:
    return LostTimeRow(**_times(row) | {"detected_auto": bool(row["detected_auto"])})


def _observation(row: dict[str, Any]) -> ObservationRow:
    observed_ns, payload = from_text(row.pop("observed_ts")), json.loads(row.pop("payload_json"))
    return ObservationRow(observed_ns=observed_ns, payload=payload, **row)


def _hold(row: dict[str, Any]) -> HoldRow:
    released_ns = nanoseconds(row.pop("released_at"))
    return HoldRow(released_ns=released_ns, **_times(row))
