from __future__ import annotations

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S, RoiSet
from lbzf_ros.reports.evaluation import measured
from lbzf_ros.reports.evaluation.spans import Window
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.people.stopwatch import Presses, enter_stopwatch
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle
from test.store.people.entries import ENGINEER, NOON_NS, at

STATION = {"module": "ANGELA", "workstation": "PUESTO_01"}


def press(engine: Engine, start_s: float, end_s: float) -> int:
    presses = Presses(
        start_ns=MORNING_NS + round(start_s * NS_PER_S), end_ns=MORNING_NS + round(end_s * NS_PER_S)
    )
    return enter_stopwatch(engine, ENGINEER, now_ns=NOON_NS, **STATION, presses=presses)


def test_a_reading_finds_its_cycle_though_nobody_presses_on_time(
    plant: Engine, roi_sets: dict[str, RoiSet], people: PeopleReader
) -> None:
    events = [cycle(roi_sets, start_ns=MORNING_NS + n * 30 * NS_PER_S) for n in range(3)]
    EventWriter(plant).write(events)
    press(plant, 29.2, 60.6)  # too early and too late: both presses lie in other cycles
    (row,) = people.observations(module="ANGELA", from_ns=at(0), to_ns=at(5)).items
    assert (row.kind, row.payload) == ("ground_truth_duration", {"stopwatch_seconds": 31.4})
    half_ns = round(31.4 / 2 * NS_PER_S)
    assert row.observed_ns - half_ns == MORNING_NS + round(29.2 * NS_PER_S)
    window = Window(None, None)
    found = measured.measured(plant, (("ANGELA", "PUESTO_01"),), window, rejected=False)
    readings, alone = measured.stopwatch(plant, (("ANGELA", "PUESTO_01"),), window, found.events)
    assert alone == 0
    ((duration,),) = readings.values()
    assert (duration.event.name, duration.seconds) == (events[1].event_uid, 31.4)


def test_the_second_press_comes_after_the_first(plant: Engine) -> None:
    with pytest.raises(InvalidValue, match="stopwatch"):
        press(plant, 30, 30)
    with pytest.raises(InvalidValue, match="86400"):
        press(plant, 0, 90_000)
