from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.indicators.status import Status
from lbzf_ros.core.model import NS_PER_S, EventKind, RoiSet
from lbzf_ros.reports.day.ended import LOOK_AGAIN_NS
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.values import MetaSource, OperatorSource, ShiftSource
from lbzf_ros.store.people.assignments import assign_stations
from lbzf_ros.store.people.errors import NotThere
from lbzf_ros.store.people.lost_time import LostTime, LostTimeCode, mark_lost_time, sync_lost_time_codes
from lbzf_ros.store.people.operators import create_operator
from lbzf_ros.store.people.orders import ProductionOrder, start_order
from lbzf_ros.store.people.shifts import Shift, open_shift
from lbzf_ros.store.people.targets import set_day_target, set_hour_target
from test.reports.day.line import CODES, DAY, ENGINEER, ZONE, clock, every, plant_data, reader_of, write

Rois = dict[str, RoiSet]


def test_the_board_at_half_past_seven(engine: Engine, rois: Rois, days: DayReader) -> None:
    write(engine, rois, every("PUESTO_03", clock("06:00"), 75, 48, 60))  # 06:00 … 06:58:45
    write(engine, rois, every("PUESTO_03", clock("07:00"), 90, 20, 60))  # 07:00 … 07:28:30
    write(engine, rois, every("PUESTO_01", clock("06:00"), 60, 90, 30))  # not the output
    board = days.hour_board("ANGELA", DAY, now_ns=clock("07:30"))
    assert board.output_workstations == ("PUESTO_03",)
    assert [hour.label for hour in board.hours] == [f"{h:02}:00" for h in range(6, 14)]
    first, running, coming = board.hours[:3]
    assert (first.meta, first.meta_source, first.real, first.running) == (
        49,
        MetaSource.PLANT_FILE,
        48,
        False,
    )
    assert first.percent == pytest.approx(100 * 48 / 49)
    assert first.status is Status.GREEN
    assert (running.real, running.expected, running.on_pace, running.running) == (20, 24.5, False, True)
    assert running.percent == pytest.approx(100 * 20 / 24.5)
    assert running.status is Status.YELLOW
    assert (running.meta_so_far, running.real_so_far) == (98, 68)
    assert running.percent_so_far == pytest.approx(100 * 68 / 73.5)
    assert (coming.meta, coming.real, coming.percent, coming.real_so_far) == (49, None, None, None)
    assert coming.status is Status.UNKNOWN
    totals = board.totals
    assert (totals.real, totals.meta, totals.meta_until_now) == (68, 8 * 49, 73.5)
    assert totals.takt_s == pytest.approx(3600 / 49)
    # Nobody is entered: one operator at each of the two stations that made something.
    assert (totals.operators, totals.operator_source) == (2, OperatorSource.ASSUMED)
    assert totals.efficiency_percent == pytest.approx(100 * 68 * 2.25 / (2 * 90))


def test_cycles_of_a_clock_that_nobody_kept_are_told_wherever_in_the_day_they_are(
    engine: Engine, rois: Rois, days: DayReader
) -> None:
    write(engine, rois, every("PUESTO_03", clock("03:00"), 75, 4, 60), clock_kept=False)  # before the shift
    write(engine, rois, every("PUESTO_01", clock("06:00"), 75, 3, 60), clock_kept=False)
    write(engine, rois, every("PUESTO_02", clock("06:00"), 75, 5, 60), clock_kept=True)
    write(engine, rois, every("PUESTO_03", clock("06:00"), 75, 6, 60))  # not known
    write(engine, rois, every("PUESTO_03", clock("05:00", "2026-07-16"), 75, 7, 60), clock_kept=False)
    assert days.hour_board("ANGELA", DAY, now_ns=clock("12:00")).totals.clock_not_kept == 7
    assert days.hour_board("ANGELA", DAY, now_ns=clock("12:00"), shift="jornada_1").totals.clock_not_kept == 7
    assert days.hour_board("ANGELA", "2026-07-14", now_ns=clock("12:00")).totals.clock_not_kept == 0


def test_a_target_for_the_hour_comes_before_that_of_the_day(
    engine: Engine, rois: Rois, days: DayReader
) -> None:
    set_day_target(engine, ENGINEER, now_ns=clock("06:00"), module="ANGELA", date=DAY, units=400)
    set_hour_target(
        engine,
        ENGINEER,
        now_ns=clock("06:00"),
        time_zone=ZONE,
        module="ANGELA",
        hour_ns=clock("08:17"),
        units=30,
    )
    hours = days.hour_board("ANGELA", DAY, now_ns=clock("06:00")).hours
    assert [(hour.meta, hour.meta_source) for hour in hours[:3]] == [
        (50, MetaSource.DAY),
        (50, MetaSource.DAY),
        (30, MetaSource.HOUR),
    ]
    assert hours[-1].meta_so_far == 7 * 50 + 30


def test_who_was_entered_counts_and_an_empty_station_that_works_counts_one(
    engine: Engine, rois: Rois, days: DayReader
) -> None:
    for code in ("A1", "B2"):
        create_operator(
            engine, ENGINEER, now_ns=clock("05:00"), external_code=code, display_name=f"Op {code}"
        )
    assign_stations(
        engine,
        ENGINEER,
        now_ns=clock("06:00"),
        module="ANGELA",
        start_ns=clock("06:00"),
        operators={"PUESTO_01": "A1", "PUESTO_02": "A1"},  # one person at two stations
    )
    write(engine, rois, every("PUESTO_03", clock("06:00"), 75, 48, 60))
    totals = days.hour_board("ANGELA", DAY, now_ns=clock("07:00")).totals
    assert (totals.operators, totals.operator_source) == (2, OperatorSource.PARTLY)
    assign_stations(
        engine,
        ENGINEER,
        now_ns=clock("06:30"),
        module="ANGELA",
        start_ns=clock("06:30"),
        operators={"PUESTO_03": "B2"},
    )
    totals = days.hour_board("ANGELA", DAY, now_ns=clock("07:00")).totals
    assert (totals.operator_minutes, totals.operator_source) == (90, OperatorSource.ENTERED)
    made = days.operator_hours("ANGELA", DAY, now_ns=clock("07:00"))
    last = [(one.external_code, one.units, one.minutes) for one in made if one.workstation == "PUESTO_03"]
    assert last == [("B2", 24, 30), (None, 24, None)]


def test_an_entered_shift_comes_before_the_plant_file(engine: Engine, rois: Rois, days: DayReader) -> None:
    shift = Shift(label="jornada_1", start_ns=clock("06:30"))
    open_shift(engine, ENGINEER, now_ns=clock("06:30"), time_zone=ZONE, module="ANGELA", shift=shift)
    write(engine, rois, every("PUESTO_03", clock("06:10"), 60, 40, 50))  # 20 of them before it
    board = days.hour_board("ANGELA", DAY, now_ns=clock("07:00"))
    (found,) = board.shifts
    assert (found.source, found.start_ns, found.end_ns) == (
        ShiftSource.ENTERED,
        clock("06:30"),
        clock("14:00"),
    )
    assert (board.hours[0].label, board.hours[0].meta, board.hours[0].real) == ("06:30", 24.5, 20)
    assert board.totals.real_outside == 20
    with pytest.raises(NotThere, match="jornada_1"):
        days.hour_board("ANGELA", DAY, now_ns=clock("07:00"), shift="jornada_2")


def test_without_any_shift_the_hours_with_work_are_shown(engine: Engine, rois: Rois) -> None:
    days = reader_of(engine, plant_data(shift_hours=[]))
    assert days.hour_board("ANGELA", DAY, now_ns=clock("12:00")).hours == ()
    write(engine, rois, every("PUESTO_01", clock("07:20"), 60, 50, 50))
    board = days.hour_board("ANGELA", DAY, now_ns=clock("23:00"))
    assert [hour.label for hour in board.hours] == ["07:00", "08:00"]
    assert board.shifts[0].source is ShiftSource.NONE
    assert (board.totals.real, board.totals.real_outside) == (0, 0)


def test_lost_time_stands_beside_and_is_not_subtracted(engine: Engine, rois: Rois, days: DayReader) -> None:
    codes = [LostTimeCode("C001", "Falta de energía")]
    sync_lost_time_codes(engine, codes, ENGINEER, now_ns=clock("05:00"))
    for station, start, end in ((None, "06:50", "07:10"), ("PUESTO_01", "06:00", None)):
        lost = LostTime(code="C001", start_ns=clock(start), end_ns=None if end is None else clock(end))
        mark_lost_time(
            engine, ENGINEER, now_ns=clock("07:30"), module="ANGELA", workstation=station, lost=lost
        )
    write(engine, rois, every("PUESTO_03", clock("06:00"), 75, 48, 60))
    day = days.module_day("ANGELA", DAY, now_ns=clock("07:30"))
    assert [hour.lost_minutes for hour in day.board.hours[:2]] == [10, 10]
    assert (day.totals.lost_minutes, day.totals.available_minutes) == (20, 90)
    (total,) = day.totals.lost_time
    assert (total.code, total.minutes, total.entries) == ("C001", 110, 2)
    assert [figures.lost_minutes for figures in day.stations] == [90, 20, 20]


def test_a_production_order_names_the_product(engine: Engine, rois: Rois, days: DayReader) -> None:
    order = ProductionOrder(code="OP-7", start_ns=clock("07:00"), reference="Ref 99")
    start_order(engine, ENGINEER, now_ns=clock("07:00"), module="ANGELA", order=order)
    write(engine, rois, every("PUESTO_03", clock("06:00"), 75, 60, 60))
    day = days.module_day("ANGELA", DAY, now_ns=clock("08:00"))
    assert (day.totals.production_orders, day.totals.reference) == (("OP-7",), "Ref 99")
    # Of the second product no standard time is known, so the day's productive minutes are not known either.
    assert [hour.work_minutes for hour in day.board.hours[:2]] == [48 * 2.25, None]
    assert day.totals.productive_minutes is None
    assert [hour.production_order for hour in day.stations[0].hours] == [None, "OP-7"]


def test_the_page_of_a_station(engine: Engine, rois: Rois, days: DayReader) -> None:
    seconds = [20 + n for n in range(40)]
    cycles = [("PUESTO_01", clock("06:00") + n * 60 * 10**9, s) for n, s in enumerate(seconds)]
    write(engine, rois, cycles)
    write(
        engine,
        rois,
        every("PUESTO_01", clock("07:00"), 20, 3, 2),
        EventKind.REJECT,
        reasons={"too_short": "2 s"},
    )
    page = days.station_day("ANGELA", "PUESTO_01", DAY, now_ns=clock("14:00"))
    assert page.spread is not None
    assert (page.spread.n, page.spread.median_s) == (40, 39.5)
    assert page.pace_percent == pytest.approx(100 * 30 / 39.5)
    assert page.status is Status.RED
    assert page.histogram is not None
    assert sum(page.histogram.counts) == 40
    assert (page.min_cycle_s, page.max_cycle_s) == (7.5, 120)
    assert [(one.reason, one.cycles) for one in page.rejections] == [("too_short", 3)]
    assert page.by_quality == {"green": 40, "yellow": 0, "red": 0}
    assert page.cycles[0].uncertainty_s == 0.4
    assert [hour.units for hour in page.figures.hours[:2]] == [40, 0]
    with pytest.raises(NotThere, match=CODES[0]):
        days.station_day("ANGELA", "PUESTO_99", DAY, now_ns=clock("14:00"))


def test_balance_against_takt(engine: Engine, rois: Rois, days: DayReader) -> None:
    for code, seconds in zip(CODES, (30, 80, 50), strict=True):
        write(engine, rois, every(code, clock("06:00"), 90, 40, seconds))
    found = days.balance("ANGELA", DAY, now_ns=clock("08:00"))
    assert (found.bottleneck, found.measured) == ("PUESTO_02", 3)
    assert found.efficiency == pytest.approx(160 / (3 * 80))
    assert found.sam_efficiency == pytest.approx(2.25 / 3)
    assert [one.over_takt for one in found.stations] == [False, True, False]
    assert found.line_units_per_hour == 45


def test_yesterday_counts_until_the_same_time(engine: Engine, rois: Rois, days: DayReader) -> None:
    write(engine, rois, every("PUESTO_03", clock("06:00", "2026-07-14"), 60, 300, 50))
    write(engine, rois, every("PUESTO_03", clock("06:00"), 60, 90, 50))
    found = days.comparison("ANGELA", DAY, now_ns=clock("07:30"))
    assert found.yesterday is not None
    assert (found.day.real, found.yesterday.real, found.last_week) == (90, 90, None)
    assert (
        days.comparison("ANGELA", DAY, now_ns=clock("20:00")).yesterday
        == days.hour_board("ANGELA", "2026-07-14", now_ns=clock("20:00")).totals
    )
    trend = days.trend("ANGELA", DAY, now_ns=clock("20:00"))
    assert [(day.date, day.real) for day in trend.days[-2:]] == [("2026-07-14", 300), (DAY, 90)]
    assert trend.days[0].efficiency_percent is None
    assert trend.mean_percent == trend.days[-2].efficiency_percent


def test_whether_the_engineer_was_active(engine: Engine, rois: Rois, days: DayReader) -> None:
    set_day_target(engine, ENGINEER, now_ns=clock("06:05"), module="ANGELA", date=DAY, units=400)
    found = days.activity(from_ns=clock("00:00"), to_ns=clock("23:00"))
    assert (found.entries, found.days, found.last_ns) == (1, 1, clock("06:05"))
    assert days.activity(from_ns=clock("07:00"), to_ns=clock("23:00")).last_ns is None
    assert days.trend("ANGELA", DAY, now_ns=clock("20:00"), days=2).days[-1].engineer_entries == 1


def test_what_comes_late_to_a_day_that_is_over_is_in_its_trend(
    engine: Engine, rois: Rois, days: DayReader
) -> None:
    later_ns = clock("20:00") + 3 * 24 * 3600 * NS_PER_S

    def real(after_ns: int = 0) -> int | None:
        return days.trend("ANGELA", DAY, now_ns=later_ns + after_ns, days=2).days[-1].real

    write(engine, rois, every("PUESTO_03", clock("06:00"), 75, 4, 60))
    assert real() == real() == 4
    write(engine, rois, every("PUESTO_03", clock("09:00"), 75, 3, 60))
    assert real(LOOK_AGAIN_NS) == 7


def test_after_midnight_the_night_shift_is_of_yesterday(engine: Engine, rois: Rois) -> None:
    night = [{"label": "noche", "start": "22:00", "end": "06:00"}]
    days = reader_of(engine, plant_data(shift_hours=night))
    late = {"02:00": "2026-07-14", "05:59": "2026-07-14", "06:00": DAY, "23:00": DAY}
    assert {time: days.present_day("ANGELA", now_ns=clock(time)) for time in late} == late
    write(engine, rois, every("PUESTO_03", clock("01:00"), 60, 60, 50))
    board = days.hour_board("ANGELA", "2026-07-14", now_ns=clock("02:30"))
    assert [hour.label for hour in board.hours if hour.running] == ["02:00"]
    assert (board.totals.real, board.totals.real_outside) == (60, 0)
    assert days.hour_board("ANGELA", DAY, now_ns=clock("02:30")).totals.real_outside == 0


@pytest.mark.parametrize("hours", [[], [("06:00", "14:00")], [("06:30", "10:15"), ("10:15", "14:10")]])
def test_a_trend_and_the_board_of_a_day_say_the_same(engine: Engine, rois: Rois, hours: list[Any]) -> None:
    shifts = [{"label": f"j{n}", "start": start, "end": end} for n, (start, end) in enumerate(hours)]
    days = reader_of(engine, plant_data(shift_hours=shifts))
    for day in ("2026-07-13", "2026-07-14", DAY):
        write(engine, rois, every("PUESTO_03", clock("05:50", day), 75, 200, 60))  # until 10:00
        write(engine, rois, every("PUESTO_02", clock("06:10", day), 60, 10, 50))  # before 6:30
        write(engine, rois, every("PUESTO_01", clock("10:10", day), 60, 4, 50))  # before 10:15
    now = clock("11:20")
    for one in days.trend("ANGELA", DAY, now_ns=now).days[-3:]:
        totals = days.hour_board("ANGELA", one.date, now_ns=now).totals
        assert (one.real, one.meta, one.percent) == (totals.real, totals.meta, totals.percent)
        assert one.efficiency_percent == pytest.approx(totals.efficiency_percent)
        assert one.efficiency_percent is not None
