"""Figures that are kept are not old: a reader in use says what a new one says, after every kind of write.

At once; only trends say some seconds later what came to be measured in days that are over.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from lbzf_ros.core.model import EventKind, Quality, RoiSet, event_uid
from lbzf_ros.reports.day.ended import LOOK_AGAIN_NS
from lbzf_ros.reports.day.kept import NOW_KEPT_NS
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.rules import rules_of
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.people.assignments import assign_stations
from lbzf_ros.store.people.ground_truth import override_event, verify_event
from lbzf_ros.store.people.lost_time import LostTime, LostTimeCode, mark_lost_time, sync_lost_time_codes
from lbzf_ros.store.people.operators import create_operator
from lbzf_ros.store.people.orders import ProductionOrder, start_order
from lbzf_ros.store.people.shifts import Shift, open_shift
from lbzf_ros.store.people.targets import set_day_target, set_hour_target
from lbzf_ros.store.people.thresholds import set_thresholds
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.video import write_gap
from test.reports.day.line import CODES, DAY, ENGINEER, ZONE, clock, every, plant_data, reader_of, write
from test.reports.day.test_coverage import record
from test.store.examples import plant_of

Rois = dict[str, RoiSet]
Write = Callable[[Engine, Rois, int], object]
BEFORE = "2026-07-14"
RUNNING, OVER = clock("10:30"), clock("11:00", "2026-07-17")
FIRST_CYCLE = clock("06:30")


def _cycle(engine: Engine, rois: Rois, n: int) -> None:
    write(engine, rois, [(CODES[n % 3], clock("09:00") + n * 60 * 10**9, 30 + n)])


def _yellow_cycle(engine: Engine, rois: Rois, n: int) -> None:
    write(engine, rois, [("PUESTO_03", clock("08:00") + n * 60 * 10**9, 40)], quality=Quality.YELLOW)


def _rejected(engine: Engine, rois: Rois, n: int) -> None:
    start_ns = clock("09:30") + n * 60 * 10**9
    write(
        engine,
        rois,
        [("PUESTO_02", start_ns, 1)],
        EventKind.REJECT,
        quality=None,
        reasons={"too_short": "1 s"},
    )


def _gap(engine: Engine, _rois: Rois, n: int) -> None:
    start_ns = clock("09:00") + n * 120 * 10**9
    write_gap(
        engine, camera="cam1", start_ns=start_ns, end_ns=start_ns + 60 * 10**9, cause="camera", detail="off"
    )


def _operators(engine: Engine, _rois: Rois, n: int) -> None:
    create_operator(
        engine, ENGINEER, now_ns=clock("05:00"), external_code=f"OP{n}", display_name=f"Operaria {n}"
    )
    start_ns = clock("07:00") + n * 60 * 10**9
    assign_stations(
        engine,
        ENGINEER,
        now_ns=clock("10:00"),
        module="ANGELA",
        start_ns=start_ns,
        operators={CODES[n % 3]: f"OP{n}"},
    )


def _lost_time(engine: Engine, _rois: Rois, n: int) -> None:
    sync_lost_time_codes(
        engine, [LostTimeCode("C001", f"Falta de energía {n}")], ENGINEER, now_ns=clock("05:00")
    )
    lost = LostTime(code="C001", start_ns=clock("08:00") + n * 60 * 10**9, end_ns=clock("09:15"))
    mark_lost_time(
        engine, ENGINEER, now_ns=clock("10:00"), module="ANGELA", workstation="PUESTO_03", lost=lost
    )


def _corrected(engine: Engine, _rois: Rois, n: int) -> None:
    verify_event(
        engine,
        ENGINEER,
        now_ns=clock("10:00"),
        event_uid=_first_uid(),
        corrected_duration_s=50.0 + n,
        replace=True,
    )


def _overridden(engine: Engine, _rois: Rois, n: int) -> None:
    override_event(
        engine,
        ENGINEER,
        now_ns=clock("10:00"),
        event_uid=_first_uid(),
        reason=f"Dos prendas {n}",
        replace=True,
    )


def _order(engine: Engine, _rois: Rois, n: int) -> None:
    order = ProductionOrder(code=f"OP-{n}", start_ns=clock("07:10") + n * 60 * 10**9)
    start_order(engine, ENGINEER, now_ns=clock("10:00"), module="ANGELA", order=order)


def _shift(engine: Engine, _rois: Rois, n: int) -> None:
    day = f"2026-06-{1 + n:02}" if n else DAY  # one of a label a day
    shift = Shift(label="jornada_1", start_ns=clock("06:20", day), end_ns=clock("13:00", day))
    open_shift(engine, ENGINEER, now_ns=clock("10:00"), time_zone=ZONE, module="ANGELA", shift=shift)


def _plant(engine: Engine, _rois: Rois, n: int) -> None:
    """The plant file changes: other standard times, another name."""
    data = plant_data(display_name=f"Angela {n}")
    data["standard_times"] = [one | {"sam_minutes": 1.5 + n / 10} for one in data["standard_times"]]
    sync_plant(engine, plant_of(data), now_ns=clock("09:45") + n * 10**9, software_version="0.1.0")


WRITES: dict[str, Write] = {
    "a cycle": _cycle,
    "a yellow cycle": _yellow_cycle,
    "a rejected cycle": _rejected,
    "a corrected duration": _corrected,
    "an override": _overridden,
    "video": lambda engine, _rois, n: record(engine, f"{6 + n % 4:02}:{n // 4:02}", f"{6 + n % 4:02}:{n // 4 + 1:02}"),
    "a gap in the video": _gap,
    "an operator at a station": _operators,
    "lost time": _lost_time,
    "a production order": _order,
    "a shift": _shift,
    "a target of the day": lambda engine, _rois, n: set_day_target(
        engine, ENGINEER, now_ns=clock("10:00"), module="ANGELA", date=DAY, units=400 + n
    ),
    "a target of an hour": lambda engine, _rois, n: set_hour_target(
        engine,
        ENGINEER,
        now_ns=clock("10:00"),
        time_zone=ZONE,
        module="ANGELA",
        hour_ns=clock("07:00"),
        units=60 + n,
    ),
    "thresholds": lambda engine, _rois, n: set_thresholds(
        engine,
        ENGINEER,
        now_ns=clock("10:00"),
        module="ANGELA",
        values={"pace_green": 96.0 + n / 10},
        defaults=rules_of(plant_of(plant_data())).thresholds,
    ),
    "the plant file": _plant,
}  # fmt: skip


MEASURED_LATE = ("a cycle", "a yellow cycle", "video")


def _first_uid() -> str:
    return event_uid(
        module="ANGELA", camera="cam1", workstation="PUESTO_03", rule="presence", start_ns=FIRST_CYCLE
    )


def _answers(days: DayReader, now_ns: int) -> dict[str, object]:
    """What every question says."""
    asked: dict[str, object] = {}
    for date in (DAY, BEFORE):
        asked |= {
            f"{date} day": days.day(date, now_ns=now_ns),
            f"{date} shift": days.module_day("ANGELA", date, now_ns=now_ns, shift="jornada_1"),
            f"{date} board": days.hour_board("ANGELA", date, now_ns=now_ns),
            f"{date} balance": days.balance("ANGELA", date, now_ns=now_ns, qualities=("yellow",)),
            f"{date} summary": days.summary("ANGELA", date, now_ns=now_ns),
            f"{date} comparison": days.comparison("ANGELA", date, now_ns=now_ns),
            f"{date} trend": days.trend("ANGELA", date, now_ns=now_ns, days=10),
            f"{date} both": days.trends_and_boards(["ANGELA"], date, now_ns=now_ns),
            f"{date} station": days.station_day("ANGELA", "PUESTO_03", date, now_ns=now_ns),
            f"{date} operators": days.operator_hours("ANGELA", date, now_ns=now_ns),
        }
    return asked


def _some_cycles(engine: Engine, rois: Rois) -> None:
    for code in CODES:
        write(engine, rois, every(code, FIRST_CYCLE, 90, 20, 60))
        write(engine, rois, every(code, clock("07:00", BEFORE), 90, 20, 60))


@contextmanager
def _reading(engine: Engine) -> Iterator[tuple[DayReader, Callable[[], DayReader]]]:
    """One that stays in use, and how to make new ones."""
    reading = reading_engine(Path(str(engine.url.database)))
    yield reader_of(reading, plant_data()), lambda: reader_of(reading, plant_data())
    reading.dispose()


@pytest.mark.parametrize("now_ns", [RUNNING, OVER], ids=["the day runs", "the day is over"])
@pytest.mark.parametrize("kind", WRITES)
def test_a_write_shows_at_once(engine: Engine, rois: Rois, kind: str, now_ns: int) -> None:
    _some_cycles(engine, rois)
    with _reading(engine) as (used, new):
        before = _answers(used, now_ns)
        assert before == _answers(new(), now_ns)
        WRITES[kind](engine, rois, 0)
        after = _answers(used, now_ns)
        assert after != before  # else this test says nothing
        if now_ns == OVER and kind in MEASURED_LATE:
            after, now_ns = _answers(used, now_ns + LOOK_AGAIN_NS), now_ns + LOOK_AGAIN_NS
        assert after == _answers(new(), now_ns)


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(WRITES)), st.integers(NOW_KEPT_NS, 40 * 3600 * 10**9)), max_size=6
    )
)
def test_time_goes_on_between_writes(migrated: Path, steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = writing_engine(Path(shutil.copy(migrated, Path(folder, DATABASE_NAME))))
        rois = sync_plant(
            engine, plant_of(plant_data()), now_ns=clock("00:00", "2026-06-01"), software_version="0.1.0"
        )
        _some_cycles(engine, rois)
        with _reading(engine) as (used, new):
            now_ns = RUNNING
            for n, (kind, later_ns) in enumerate(steps):
                WRITES[kind](engine, rois, n)
                now_ns += LOOK_AGAIN_NS
                assert _answers(used, now_ns) == _answers(new(), now_ns), kind
                now_ns += later_ns
                assert _answers(used, now_ns) == _answers(new(), now_ns), kind
        engine.dispose()


def test_a_restored_database_is_another_one(engine: Engine, rois: Rois, tmp_path: Path) -> None:
    """It has the same numbers of rows and of changes, and says something else."""
    path, copy = Path(str(engine.url.database)), tmp_path / "copy.db"
    with _reading(engine) as (used, new):
        with engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
        set_day_target(engine, ENGINEER, now_ns=clock("10:00"), module="ANGELA", date=DAY, units=400)
        before = used.hour_board("ANGELA", DAY, now_ns=OVER)
        engine.dispose()
        for end in ("", "-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        copy.replace(path)
        set_day_target(engine, ENGINEER, now_ns=clock("10:00"), module="ANGELA", date=DAY, units=500)
        after = used.hour_board("ANGELA", DAY, now_ns=OVER)
        assert after == new().hour_board("ANGELA", DAY, now_ns=OVER)
        assert (before.totals.meta, after.totals.meta) == (400, 500)


def test_an_hour_of_today_is_not_kept_for_long(engine: Engine, rois: Rois, days: DayReader) -> None:
    first = days.hour_board("ANGELA", DAY, now_ns=RUNNING)
    assert days.hour_board("ANGELA", DAY, now_ns=RUNNING + NOW_KEPT_NS - 1) is first
    later = days.hour_board("ANGELA", DAY, now_ns=RUNNING + NOW_KEPT_NS)
    assert later.totals.available_minutes > first.totals.available_minutes
    assert days.hour_board("ANGELA", DAY, now_ns=RUNNING) is not later  # clocks may be put back
