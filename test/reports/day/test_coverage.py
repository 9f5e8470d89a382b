from __future__ import annotations

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.model import RoiSet
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.values import Coverage, CoverageSource
from lbzf_ros.store.people.thresholds import set_thresholds
from lbzf_ros.store.video import write_gap
from lbzf_ros.store.writer import EventWriter
from test.reports.day.line import DAY, ENGINEER, clock, every, plant_data, write
from test.store.examples import plant_of

Rois = dict[str, RoiSet]


def record(engine: Engine, start: str, end: str, day: str = DAY) -> None:
    """Ten-minute pieces of video, a fifth of a second between them."""
    writer, at, until = EventWriter(engine), clock(start, day), clock(end, day)
    while at < until:
        stop = min(at + 600 * 10**9, until)
        writer.write_segment(
            camera="cam1",
            path=f"video/{at}.mp4",
            start_ns=at,
            end_ns=stop - 2 * 10**8,
            frames=1,
            codec="h264",
        )
        at = stop


def minutes_of(found: Coverage) -> tuple[object, ...]:
    return found.observed_minutes, found.gap_minutes, found.pending_minutes, found.unknown_minutes


def test_nothing_known_is_unknown_and_not_zero(engine: Engine, rois: Rois, days: DayReader) -> None:
    found = days.hour_board("ANGELA", DAY, now_ns=clock("08:00")).totals.coverage
    assert (found.source, found.percent, found.observed_minutes, found.low) == (
        CoverageSource.NONE,
        None,
        None,
        False,
    )
    assert (found.scheduled_minutes, found.unknown_minutes) == (120, 120)


def test_video_gaps_and_what_is_not_entered_yet(engine: Engine, rois: Rois, days: DayReader) -> None:
    record(engine, "05:00", "07:00")
    write_gap(
        engine, camera="cam1", start_ns=clock("07:00"), end_ns=clock("07:20"), cause="camera", detail="off"
    )
    record(engine, "07:20", "07:50")
    board = days.hour_board("ANGELA", DAY, now_ns=clock("07:58"))
    first, second = (hour.coverage for hour in board.hours[:2])
    assert first.percent == pytest.approx(100, abs=0.01)
    assert minutes_of(second) == pytest.approx((30, 20, 8, 0), abs=0.01)
    assert second.percent == pytest.approx(100 * 30 / 50, abs=0.1)
    assert (first.low, second.low) == (False, True)
    assert board.totals.coverage.percent == pytest.approx(100 * 90 / 110, abs=0.1)
    # A day later the same 8 minutes are not pending any more.
    late = days.hour_board("ANGELA", DAY, now_ns=clock("07:58", "2026-07-16")).totals.coverage
    assert minutes_of(late) == pytest.approx((90, 20, 0, 370), abs=0.01)


def test_a_full_disk_says_nothing_about_what_was_seen(engine: Engine, rois: Rois, days: DayReader) -> None:
    record(engine, "06:00", "07:00")
    write_gap(
        engine, camera="cam1", start_ns=clock("07:00"), end_ns=clock("14:00"), cause="disk", detail="full"
    )
    found = days.hour_board("ANGELA", DAY, now_ns=clock("20:00")).totals.coverage
    assert minutes_of(found) == pytest.approx((60, 0, 0, 420), abs=0.01)


def test_the_engineer_says_what_is_too_little(engine: Engine, rois: Rois, days: DayReader) -> None:
    record(engine, "06:00", "13:00")
    assert days.hour_board("ANGELA", DAY, now_ns=clock("20:00")).totals.coverage.low
    write(engine, rois, every("PUESTO_03", clock("06:00"), 75, 48, 60))
    assert days.trend("ANGELA", DAY, now_ns=clock("20:00")).days[-1].coverage_low
    defaults = days._rules.thresholds
    set_thresholds(
        engine,
        ENGINEER,
        now_ns=clock("20:00"),
        module="ANGELA",
        values={"min_coverage": 80},
        defaults=defaults,
    )
    assert not days.hour_board("ANGELA", DAY, now_ns=clock("20:00")).totals.coverage.low
    assert not days.trend("ANGELA", DAY, now_ns=clock("20:00")).days[-1].coverage_low


def test_the_output_stations_are_a_setting_of_the_module(engine: Engine, rois: Rois, days: DayReader) -> None:
    assert plant_of(plant_data()).modules[0].output_workstations == []
    with pytest.raises(Exception, match="PUESTO_77"):
        plant_of(plant_data(output_workstations=["PUESTO_77"]))
