from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people import targets
from lbzf_ros.store.people.checks import parse_time
from lbzf_ros.store.people.errors import NotThere
from test.store.people.entries import BROKEN_TIMES, ENGINEER, NOON_NS, ZONE, count, last_change

DAY = "2026-07-15"
SEVEN_NS = parse_time("2026-07-15T07:00:00-05:00", "test")


def set_hour(engine: Engine, hour_ns: int, units: Any) -> int:
    return targets.set_hour_target(
        engine, ENGINEER, now_ns=NOON_NS, time_zone=ZONE, module="ANGELA", hour_ns=hour_ns, units=units
    )


def set_day(engine: Engine, units: Any, day: Any = DAY, module: str = "ANGELA") -> int:
    return targets.set_day_target(engine, ENGINEER, now_ns=NOON_NS, module=module, date=day, units=units)


def test_a_target_is_of_the_hour_on_the_plants_clock_and_the_last_one_counts(plant: Engine) -> None:
    first = set_hour(plant, SEVEN_NS + 1234, 49)
    assert last_change(plant)[:3] == ("target.create", f"targets/{first}", None)
    assert set_hour(plant, SEVEN_NS + 59 * 60 * 10**9, 45) == first
    assert last_change(plant) == ("target.change", f"targets/{first}", {"units": 49.0}, {"units": 45.0})
    day = set_day(plant, 392)
    found = targets.targets_of_day(plant, module="ANGELA", date=DAY)
    assert [(row.id, row.hour_ns, row.units) for row in found] == [(day, None, 392), (first, SEVEN_NS, 45)]
    targets.remove_target(plant, ENGINEER, now_ns=NOON_NS, target_id=day)
    assert last_change(plant)[0] == "target.remove"
    assert count(plant, "targets") == 1


@pytest.mark.parametrize("units", [-1, 1e9, float("nan"), float("inf"), True, "49", None, 10**400])
def test_what_is_no_number_of_units_is_refused(plant: Engine, units: Any) -> None:
    with pytest.raises(InvalidValue, match="target"):
        set_hour(plant, SEVEN_NS, units)
    with pytest.raises(InvalidValue, match="target"):
        set_day(plant, units)
    assert count(plant, "targets") == count(plant, "audit_log") == 0


@pytest.mark.parametrize("time", BROKEN_TIMES, ids=range(len(BROKEN_TIMES)))
def test_a_time_that_cannot_be_is_refused(plant: Engine, time: Any) -> None:
    with pytest.raises(InvalidValue):
        set_hour(plant, time, 49)


def test_what_is_not_there_is_named(plant: Engine) -> None:
    with pytest.raises(NotThere, match="ANGELA"):
        set_day(plant, 49, module="NOBODY")
    with pytest.raises(NotThere, match="target 7"):
        targets.remove_target(plant, ENGINEER, now_ns=NOON_NS, target_id=7)
    for day in ("2026-02-30", None, 7, "'; DROP TABLE targets; --"):
        with pytest.raises(InvalidValue, match="YYYY-MM-DD"):
            set_day(plant, 49, day)
