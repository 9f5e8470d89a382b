"""Who enters what in the tests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.people import holds, lost_time, observations, operators, shifts
from lbzf_ros.store.people.audit import Actor, audit_rows
from lbzf_ros.store.people.lost_time import LostTime, LostTimeCode, sync_lost_time_codes
from lbzf_ros.store.people.observations import Observation
from lbzf_ros.store.people.operators import create_operator
from lbzf_ros.store.people.shifts import Shift
from test.store.examples import MORNING_NS

ENGINEER = Actor("engineer@plant.example", "engineer", "request-1")
SECOND = Actor("second@plant.example", "engineer", "request-2")
MINUTE_NS = 60 * NS_PER_S
HOUR_NS = 60 * MINUTE_NS
NOON_NS = MORNING_NS + 4 * HOUR_NS
ZONE = "America/Bogota"
MEGABYTE = "x" * 1_000_000
BROKEN_TEXTS: list[Any] = [MEGABYTE, "a\0b", "half \ud800 a pair", 7, b"bytes"]
BROKEN_TIMES: list[Any] = [
    0,
    -1,
    4_102_444_800_000_000_000,
    10**5000,
    "2026-07-15T08:30:00",
    1.5,
    None,
    True,
]


def at(minutes: float) -> int:
    """A time of the morning."""
    return MORNING_NS + round(minutes * MINUTE_NS)


def with_operators(engine: Engine, *codes: str) -> None:
    for code in codes:
        create_operator(
            engine, ENGINEER, now_ns=MORNING_NS, external_code=code, display_name=f"Operario {code}"
        )


def with_codes(engine: Engine, *codes: str) -> None:
    listed = [LostTimeCode(code, f"Motivo {code}") for code in codes]
    sync_lost_time_codes(engine, listed, ENGINEER, now_ns=MORNING_NS)


def rows(engine: Engine, query: str, **values: Any) -> list[dict[str, Any]]:
    with engine.begin() as connection:
        return [dict(row) for row in connection.execute(text(query), values).mappings()]


def count(engine: Engine, table: str) -> int:
    return int(rows(engine, f"SELECT count(*) AS n FROM {table}")[0]["n"])


def make_operator(engine: Engine, **changes: Any) -> int:
    values: dict[str, Any] = {"external_code": "OP-17", "display_name": "Ana Peña", **changes}
    return operators.create_operator(engine, ENGINEER, now_ns=NOON_NS, **values)


def open_shift(engine: Engine, label: str, start: int, end: int | None = None, **changes: Any) -> int:
    values: dict[str, Any] = {"label": label, "start_ns": start, "end_ns": end, **changes}
    module = values.pop("module", "ANGELA")
    zone = values.pop("time_zone", ZONE)
    return shifts.open_shift(
        engine, ENGINEER, now_ns=NOON_NS, time_zone=zone, module=module, shift=Shift(**values)
    )


def mark(engine: Engine, code: str = "C001", start: float = 0, end: float | None = 5, **changes: Any) -> int:
    values: dict[str, Any] = {
        "code": code,
        "start_ns": at(start),
        "end_ns": None if end is None else at(end),
        **changes,
    }
    station = {
        "module": values.pop("module", "ANGELA"),
        "workstation": values.pop("workstation", "PUESTO_01"),
    }
    return lost_time.mark_lost_time(engine, ENGINEER, now_ns=NOON_NS, **station, lost=LostTime(**values))


def observe(engine: Engine, kind: str = "other", **changes: Any) -> int:
    values: dict[str, Any] = {"payload": {"notes": "la máquina vibra"}, "observed_ns": at(0), **changes}
    station = {
        "module": values.pop("module", "ANGELA"),
        "workstation": values.pop("workstation", "PUESTO_01"),
    }
    seen = Observation(kind=kind, **values)
    return observations.observe(engine, ENGINEER, now_ns=NOON_NS, **station, seen=seen)


def hold(engine: Engine, **changes: Any) -> int:
    values: dict[str, Any] = {
        "camera": "cam1",
        "start_ns": at(0),
        "end_ns": at(10),
        "kind": "label",
        "reason": "to be labelled",
        **changes,
    }
    return holds.hold_video(engine, ENGINEER, now_ns=NOON_NS, **values)


def last_change(engine: Engine) -> tuple[str, str, Any, Any]:
    row = audit_rows(engine, limit=1).items[0]
    assert (row.actor, row.at_ns) == (ENGINEER.name, NOON_NS)
    return row.action, row.subject, row.before, row.after
