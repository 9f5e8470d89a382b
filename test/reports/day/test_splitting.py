"""A day cut into hours loses no cycle and counts none twice, whatever the zone and the shifts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from lbzf_ros.core.indicators.hours import local_day
from lbzf_ros.core.model import NS_PER_S, RoiSet
from lbzf_ros.reports.day.values import HourBoard
from lbzf_ros.store.engine import reading_engine
from test.reports.day.line import clock, plant_data, reader_of, write

DAYS = {
    "America/Bogota": "2026-07-15",
    "Europe/Madrid": "2026-10-25",  # 25 hours
    "America/New_York": "2026-11-01",
    "Asia/Kathmandu": "2026-07-15",  # 5:45 hours from UTC: no hour of the rollup fits
}
SHIFTS: list[Any] = [
    [],
    [("06:00", "14:00")],
    [("06:30", "14:15"), ("14:15", "22:00")],
    [("22:00", "06:00")],
]


@pytest.mark.parametrize(("zone", "day"), DAYS.items())
@pytest.mark.parametrize("shifts", SHIFTS)
def test_no_cycle_is_lost_between_hours(
    engine: Engine, rois: dict[str, RoiSet], database: Path, zone: str, day: str, shifts: list[Any]
) -> None:
    begin, end = local_day(day, zone)
    chance = random.Random(7)
    starts = sorted(chance.randrange(begin // NS_PER_S, end // NS_PER_S) * NS_PER_S for _ in range(150))
    write(engine, rois, [("PUESTO_03", start, 20) for start in dict.fromkeys(starts)])
    hours = [
        {
            "label": f"j{n}",
            "start": start,
            "end": stop,
            "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        }
        for n, (start, stop) in enumerate(shifts)
    ]
    days = reader_of(reading_engine(database), plant_data(time_zone=zone, shift_hours=hours))
    board = days.hour_board("ANGELA", day, now_ns=end + 48 * 3600 * NS_PER_S)
    in_board = [t for t in set(starts) if any(h.start_ns <= t < h.end_ns for h in board.hours)]
    assert sum(hour.real or 0 for hour in board.hours) == len(in_board) == board.totals.real
    morning = clock("06:00", day, zone)
    night_before = [t for t in set(starts) if shifts == SHIFTS[3] and t not in in_board and t < morning]
    assert board.totals.real_outside == len(set(starts)) - len(in_board) - len(night_before)
    if not shifts:
        assert board.totals.real == len(set(starts))
    _adds_up(board)


def local(begin: int, hour: int) -> int:
    return begin + hour * 3600 * NS_PER_S


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minute=st.integers(0, 10 * 60))
def test_at_every_minute_the_board_adds_up(
    engine: Engine, rois: dict[str, RoiSet], database: Path, minute: int
) -> None:
    begin, _ = local_day("2026-07-15", "America/Bogota")
    cycles = [("PUESTO_03", local(begin, 6) + n * 70 * NS_PER_S, 60) for n in range(420)]
    write(engine, rois, cycles)
    now = local(begin, 5) + minute * 60 * NS_PER_S
    reader = reading_engine(database)
    board = reader_of(reader, plant_data()).hour_board("ANGELA", "2026-07-15", now_ns=now)
    reader.dispose()
    _adds_up(board)
    until = min(now, local(begin, 14))
    assert (board.totals.real or 0) == sum(start < until for _, start, _ in cycles)
    assert sum(hour.running for hour in board.hours) == (local(begin, 6) <= now < local(begin, 14))
    assert sum(hour.elapsed_minutes for hour in board.hours) == pytest.approx(board.totals.available_minutes)


def _adds_up(board: HourBoard) -> None:
    real, meta = 0, 0.0
    for hour in board.hours:
        real, meta = real + (hour.real or 0), meta + (hour.meta or 0)
        assert hour.real_so_far == (None if hour.real is None else real)
        assert hour.meta_so_far == pytest.approx(meta)
    assert board.totals.meta == (pytest.approx(meta) if board.hours else None)
    known = [hour for hour in board.hours if hour.work_minutes is not None]
    if board.totals.productive_minutes is not None:
        assert board.totals.productive_minutes == pytest.approx(sum(h.work_minutes or 0 for h in known))
