"""Why a finished cycle does not count: each reason at its limit, and all of them together."""

import math
from dataclasses import replace
from typing import Any

import pytest

from lbzf_ros.core.model import ShiftHours
from lbzf_ros.core.rejection import RULES, Finished, reasons
from test.support.occupancy import station

WEDNESDAY_10_AM_NS = 1_784_127_600_000_000_000  # 2026-07-15T15:00:00Z, in Bogota 10:00
STATION = station(min_cycle_s=5.0, max_cycle_s=100.0)
GOOD = Finished(
    start_ns=WEDNESDAY_10_AM_NS,
    time_zone="America/Bogota",
    duration_s=30.0,
    primary_dwell_ratio=0.9,
    second_person_ratio=0.0,
    mean_confidence=0.8,
    longest_gap_s=0.2,
    drift_unknown_ratio=0.0,
)


def test_a_good_cycle_has_no_reason() -> None:
    assert reasons(GOOD, STATION) == {}


@pytest.mark.parametrize(
    ("code", "figure", "allowed", "too_much"),
    [
        ("too_short", "duration_s", 5.0, 4.99),
        ("too_long", "duration_s", 100.0, 100.01),
        ("low_dwell", "primary_dwell_ratio", 0.5, 0.49),
        ("confidence_drop", "mean_confidence", 0.2, 0.19),
        ("drift_unknown", "drift_unknown_ratio", 0.5, 0.51),
        ("gap_in_frames", "longest_gap_s", 60.0, 60.1),
        ("second_person", "second_person_ratio", 0.3, 0.31),
    ],
)
def test_each_limit(code: str, figure: str, allowed: float, too_much: float) -> None:
    within: dict[str, Any] = {figure: allowed}
    beyond: dict[str, Any] = {figure: too_much}
    assert reasons(replace(GOOD, **within), STATION) == {}
    (found,) = reasons(replace(GOOD, **beyond), STATION).items()
    assert found[0] == code
    assert f"{too_much:.2f}" in found[1]


def test_what_is_not_known_is_no_reason() -> None:
    unknown = replace(
        GOOD, primary_dwell_ratio=math.nan, second_person_ratio=math.nan, mean_confidence=math.nan
    )
    assert reasons(unknown, STATION) == {}


def test_all_reasons_that_apply_are_kept() -> None:
    hours = ShiftHours("jornada_1", (2,), 6 * 60, 9 * 60)
    bad = Finished(WEDNESDAY_10_AM_NS, "America/Bogota", 4.0, 0.1, 0.9, 0.1, 61.0, 1.0)
    found = reasons(bad, replace(STATION, shift_hours=(hours,)))
    assert set(found) == set(RULES) - {"too_long"}
    assert found["out_of_shift"] == "began Wed 10:00, shifts: jornada_1 06:00-09:00"


@pytest.mark.parametrize(
    ("shift", "works"),
    [
        (ShiftHours("a", (2,), 6 * 60, 14 * 60), True),
        (ShiftHours("a", (0, 1, 3), 6 * 60, 14 * 60), False),
        (ShiftHours("a", (2,), 10 * 60, 11 * 60), True),
        (ShiftHours("a", (2,), 9 * 60, 10 * 60), False),
        (ShiftHours("night, of the day before", (1,), 22 * 60, 11 * 60), True),
        (ShiftHours("night, of the same day", (2,), 22 * 60, 11 * 60), False),
        (ShiftHours("round the clock", (2,), 0, 0), True),
    ],
    ids=lambda value: value.label if isinstance(value, ShiftHours) else str(value),
)
def test_hours_of_a_shift(shift: ShiftHours, works: bool) -> None:
    assert ("out_of_shift" not in reasons(GOOD, replace(STATION, shift_hours=(shift,)))) is works


def test_without_shift_hours_every_hour_is_worked() -> None:
    assert "out_of_shift" not in reasons(
        replace(GOOD, start_ns=WEDNESDAY_10_AM_NS + 12 * 3600 * 10**9), STATION
    )
