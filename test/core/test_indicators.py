from __future__ import annotations

import datetime as dt
import math
import statistics
import zoneinfo
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.indicators import formulas, hours, spans
from lbzf_ros.core.indicators.spread import MAX_BINS, histogram, percentile, spread
from lbzf_ros.core.indicators.status import Status, Thresholds, status_of
from lbzf_ros.core.model import NS_PER_S, ShiftHours

ZONES = ("America/Bogota", "Europe/Madrid", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
THRESHOLDS = Thresholds(
    pace_green=95,
    pace_yellow=80,
    target_green=95,
    target_yellow=80,
    efficiency_green=80,
    efficiency_yellow=65,
    min_coverage=90,
)
durations = st.lists(st.floats(0.5, 400, allow_nan=False), min_size=1, max_size=60)
times = st.integers(1_600_000_000, 1_900_000_000).map(lambda s: s * NS_PER_S)
some_spans = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 80)).map(lambda pair: (pair[0], sum(pair))), max_size=12
)


def test_the_plants_own_figures() -> None:
    assert formulas.takt_s(3600, 49) == pytest.approx(73.469, abs=0.001)
    assert formulas.productive_minutes(49, 24.16) == pytest.approx(1183.84)
    assert formulas.efficiency_percent(1183.84, 21 * 60) == pytest.approx(93.955, abs=0.001)
    assert formulas.balance_efficiency([60, 45, 75]) == pytest.approx(180 / 225)
    assert formulas.bottleneck({"A": 60, "B": 75, "C": 75}) == "B"
    assert formulas.pace_percent(30, 40) == 75


def test_what_is_not_known_is_not_zero() -> None:
    assert formulas.productive_minutes(49, None) is None
    assert formulas.efficiency_percent(None, 60) is None
    assert formulas.efficiency_percent(10, None) is None
    assert formulas.efficiency_percent(10, 0) is None
    assert formulas.takt_s(3600, None) is None
    assert formulas.takt_s(3600, 0) is None
    assert formulas.balance_efficiency([]) is None
    assert formulas.bottleneck({}) is None
    assert spread([]) is None
    assert histogram([]) is None
    assert status_of(None, 95, 80) is Status.UNKNOWN
    with pytest.raises(InvalidValue, match="above 0"):
        formulas.balance_efficiency([30, 0])


@given(durations)
def test_balance_efficiency_is_a_share_and_one_when_all_are_equal(station_times: list[float]) -> None:
    found = formulas.balance_efficiency(station_times)
    assert found is not None
    assert 1 / len(station_times) - 1e-9 <= found <= 1
    assert formulas.balance_efficiency([station_times[0]] * len(station_times)) == pytest.approx(1)


@given(st.floats(1, 1e4), st.floats(1, 1e4), st.floats(0.1, 50))
def test_efficiency_depends_on_the_ratio_alone(productive: float, available: float, factor: float) -> None:
    once = formulas.efficiency_percent(productive, available)
    assert once is not None
    assert formulas.efficiency_percent(productive * factor, available * factor) == pytest.approx(once)
    assert formulas.efficiency_percent(productive * factor, available) == pytest.approx(once * factor)


@given(durations)
def test_percentiles_are_those_of_numpy(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    assert (found.p10_s, found.median_s, found.p90_s) == pytest.approx(np.percentile(values, [10, 50, 90]))
    assert found.median_s == pytest.approx(statistics.median(values))
    assert percentile(sorted(values), 0) == min(values)
    assert percentile(sorted(values), 1) == max(values)


@given(durations, st.floats(1e4, 1e6))
def test_a_histogram_holds_every_duration_in_few_bars(values: list[float], far: float) -> None:
    found = histogram([*values, far])
    assert found is not None
    assert sum(found.counts) == len(values) + 1
    assert len(found.counts) == len(found.edges_s) - 1 <= MAX_BINS
    assert all(a < b for a, b in pairwise(found.edges_s))


def test_status_and_the_hour_that_runs() -> None:
    assert [THRESHOLDS.target(p) for p in (95, 94.9, 80, 79.9)] == [
        Status.GREEN,
        Status.YELLOW,
        Status.YELLOW,
        Status.RED,
    ]
    assert THRESHOLDS.now(0, 0.9) is Status.GREEN  # less than a unit behind
    assert THRESHOLDS.now(0, 1) is Status.RED
    assert THRESHOLDS.now(20, 24.5) is Status.YELLOW
    assert THRESHOLDS.now(0, None) is Status.UNKNOWN


@given(times, st.integers(1, 100 * 3600), st.sampled_from(ZONES))
def test_hours_are_the_whole_span_and_begin_on_the_full_hour(start: int, length_s: int, zone: str) -> None:
    span = start, start + length_s * NS_PER_S
    found = hours.clock_hours(span, zone)
    assert found[0].start_ns == span[0]
    assert found[-1].end_ns == span[1]
    assert all(one.end_ns == other.start_ns for one, other in pairwise(found))
    assert all(0 < one.end_ns - one.start_ns <= spans.HOUR_NS for one in found)
    if zone != "Australia/Lord_Howe":  # there clocks are put forward by half an hour
        assert all(one.label.endswith(":00") for one in found[1:])


def test_a_day_on_which_clocks_change_has_23_or_25_hours() -> None:
    for day, count in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-15", 24)):
        found = hours.clock_hours(hours.local_day(day, "Europe/Madrid"), "Europe/Madrid")
        assert len(found) == count
        assert len({one.clock_start_ns for one in found}) == count
    labels = [
        one.label
        for one in hours.clock_hours(hours.local_day("2026-10-25", "Europe/Madrid"), "Europe/Madrid")
    ]
    assert labels[:5] == ["00:00", "01:00", "02:00", "02:00", "03:00"]


def test_a_planned_shift_of_the_night_ends_on_the_next_day() -> None:
    night = ShiftHours("noche", (4,), 22 * 60, 6 * 60)
    span = hours.planned_shift(night, "2026-07-17", "America/Bogota")
    assert span is not None
    zone = zoneinfo.ZoneInfo("America/Bogota")
    shown = [dt.datetime.fromtimestamp(t // NS_PER_S, zone).isoformat()[:16] for t in span]
    assert shown == ["2026-07-17T22:00", "2026-07-18T06:00"]
    assert hours.planned_shift(night, "2026-07-18", "America/Bogota") is None
    assert spans.minutes(span[1] - span[0]) == 480
    assert hours.same_clock_time(span[0], "2026-07-10", "America/Bogota") == span[0] - 7 * 24 * spans.HOUR_NS


@pytest.mark.parametrize("day", ["2026-02-30", "15/07/2026", "", "1999-12-31", "2026-7-1", "20260715"])
def test_a_day_that_cannot_be_is_refused(day: str) -> None:
    with pytest.raises(InvalidValue, match="YYYY-MM-DD"):
        hours.local_day(day, "America/Bogota")


@given(st.tuples(st.integers(0, 300), st.integers(1, 300)), some_spans)
def test_what_lies_in_spans_and_what_does_not_are_together_the_whole(
    pair: tuple[int, int], others: list[spans.Span]
) -> None:
    span = pair[0], sum(pair)
    inside, outside = spans.within(span, others), spans.without(span, others)
    assert spans.length_ns(inside) + spans.length_ns(outside) == pair[1]
    moments = {t for start, end in inside for t in range(start, end)}
    assert moments == {t for t in range(*span) if any(a <= t < b for a, b in others)}


def test_short_pauses_belong_to_a_span() -> None:
    assert spans.merged([(0, 10), (12, 20), (30, 40)], pause_ns=2) == [(0, 20), (30, 40)]
    assert math.isclose(spans.minutes(spans.HOUR_NS), 60)


@given(found=st.lists(times, max_size=30), zone=st.sampled_from(ZONES))
def test_days_are_counted_once_each(found: list[int], zone: str) -> None:
    assert hours.count_days(sorted(found), zone) == len({hours.day_of(time, zone) for time in found})
