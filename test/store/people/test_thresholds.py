from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.indicators.status import Thresholds
from lbzf_ros.store.people import thresholds
from test.store.people.entries import ENGINEER, NOON_NS, count, last_change, rows

DEFAULTS = Thresholds(
    pace_green=95,
    pace_yellow=80,
    target_green=95,
    target_yellow=80,
    efficiency_green=80,
    efficiency_yellow=65,
    min_coverage=90,
)


def put(engine: Engine, **values: Any) -> None:
    thresholds.set_thresholds(
        engine, ENGINEER, now_ns=NOON_NS, module="ANGELA", values=values, defaults=DEFAULTS
    )


def test_what_is_not_set_follows_the_plant_file(plant: Engine) -> None:
    assert thresholds.thresholds_of(plant, module="ANGELA", defaults=DEFAULTS).thresholds == DEFAULTS
    put(plant, pace_green=90, min_coverage=50)
    put(plant, min_coverage=0)
    found = thresholds.thresholds_of(plant, module="ANGELA", defaults=DEFAULTS)
    assert (found.thresholds.pace_green, found.thresholds.min_coverage) == (90, 0)
    assert found.set_here == ("pace_green", "min_coverage")
    put(plant, pace_green=None)
    assert thresholds.thresholds_of(plant, module="ANGELA", defaults=DEFAULTS).thresholds.pace_green == 95
    module = rows(plant, "SELECT id FROM modules")[0]["id"]
    assert last_change(plant) == (
        "thresholds.set",
        f"module_thresholds/{module}",
        {"pace_green": 90.0},
        {"pace_green": None},
    )


@pytest.mark.parametrize(
    "values",
    [
        {"pace_green": 79},  # below the yellow of the plant file
        {"target_yellow": 99},
        {"pace_green": float("nan")},
        {"pace_green": True},
        {"pace_green": "95"},
        {"pace_green": 301},
        {"pace_green": 0},
        {"min_coverage": 101},
        {"colour; DROP TABLE modules": 1},
    ],
)
def test_what_cannot_be_is_refused(plant: Engine, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="threshold"):
        put(plant, **values)
    assert count(plant, "module_thresholds") == count(plant, "audit_log") == 0
