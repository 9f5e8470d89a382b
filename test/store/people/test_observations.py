from __future__ import annotations

import math
from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import EventKind, RoiSet
from lbzf_ros.store.people.errors import NotThere
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.writer import EventWriter
from test.store.examples import cycle
from test.store.people.entries import (
    ENGINEER,
    MEGABYTE,
    at,
    count,
    last_change,
    observe,
    rows,
    with_codes,
)

GOOD_PAYLOADS = [
    ("ground_truth_duration", {"stopwatch_seconds": 31.4, "notes": "a mano"}),
    ("ground_truth_duration", {"stopwatch_seconds": 31}),
    ("lost_time_note", {"notes": "sin luz", "code": "C001"}),
    ("data_quality_flag", {"notes": "alguien tapa la cámara"}),
    ("other", {"notes": "visita"}),
]


@pytest.mark.parametrize(("kind", "payload"), GOOD_PAYLOADS)
def test_an_observation_of_each_kind(
    plant: Engine, people: PeopleReader, kind: str, payload: dict[str, object]
) -> None:
    with_codes(plant, "C001")
    row_id = observe(plant, kind, payload=payload)
    (row,) = people.observations(module="ANGELA", from_ns=at(0), to_ns=at(1)).items
    assert (row.id, row.kind, row.payload) == (row_id, kind, payload)
    assert (row.observer, row.workstation, row.event_uid) == (ENGINEER.name, "PUESTO_01", None)
    assert last_change(plant)[:2] == ("observation.create", f"manual_observations/{row_id}")


@pytest.mark.parametrize(
    ("kind", "payload", "message"),
    [
        ("ground_truth_duration", {}, "lacks stopwatch_seconds"),
        ("ground_truth_duration", {"stopwatch_seconds": 0}, "above 0"),
        ("ground_truth_duration", {"stopwatch_seconds": -1.0}, "above 0"),
        ("ground_truth_duration", {"stopwatch_seconds": math.nan}, "above 0"),
        ("ground_truth_duration", {"stopwatch_seconds": math.inf}, "above 0"),
        ("ground_truth_duration", {"stopwatch_seconds": 10**5000}, "above 0"),
        ("ground_truth_duration", {"stopwatch_seconds": "31"}, "number of seconds"),
        ("ground_truth_duration", {"stopwatch_seconds": True}, "number of seconds"),
        ("ground_truth_duration", {"stopwatch_seconds": 31, "colour": "red"}, "has unknown 'colour'"),
        ("ground_truth_duration", {"stopwatch_seconds": 31, "notes": MEGABYTE}, "1000000 characters"),
        ("lost_time_note", {"notes": "x", "code": "C777"}, "not in use"),
        ("lost_time_note", {"code": "C001"}, "lacks notes"),
        ("data_quality_flag", {"notes": " "}, "say what you saw"),
        ("other", {"notes": None}, "say what you saw"),
        ("other", {"notes": "a\0b"}, "NUL"),
        ("other", {"notes": "\udfff"}, "surrogate"),
        ("other", {1: 2, "notes": "x"}, "has unknown 1"),
        ("other", "notes", "must be an object"),
        ("other", None, "must be an object"),
        ("rumour", {"notes": "x"}, "allowed are ground_truth_duration"),
        (None, {"notes": "x"}, "allowed are ground_truth_duration"),
    ],
)
def test_a_payload_that_does_not_fit_its_kind_is_refused(
    plant: Engine, kind: Any, payload: Any, message: str
) -> None:
    with_codes(plant, "C001")
    with pytest.raises(InvalidValue, match=message):
        observe(plant, kind, payload=payload)
    assert count(plant, "manual_observations") == 0


def test_observations_of_a_station_are_its_own_by_time(plant: Engine, people: PeopleReader) -> None:
    for minute in (40, 10):
        observe(plant, observed_ns=at(minute))
    observe(plant, workstation="PUESTO_02")
    observe(plant, observed_ns=at(60))
    found = people.observations_at(module="ANGELA", workstation="PUESTO_01", from_ns=at(0), to_ns=at(60))
    assert [row.observed_ns for row in found] == [at(10), at(40)]
    with pytest.raises(NotThere):
        people.observations_at(module="ANGELA", workstation="PUESTO_99", from_ns=at(0), to_ns=at(60))


@pytest.mark.parametrize("kind", [EventKind.END, EventKind.REJECT])
def test_an_observation_finds_its_cycle_in_either_table(
    plant: Engine, roi_sets: dict[str, RoiSet], people: PeopleReader, kind: EventKind
) -> None:
    event = cycle(roi_sets, kind)
    EventWriter(plant).write([event])
    observe(plant, event_uid=event.event_uid)
    (row,) = people.observations_of(event.event_uid).items
    assert row.event_uid == event.event_uid


def test_an_observation_stays_with_a_cycle_that_is_rejected_afterwards(
    plant: Engine, roi_sets: dict[str, RoiSet], people: PeopleReader
) -> None:
    event = cycle(roi_sets, EventKind.START)
    EventWriter(plant).write([event])
    observe(plant, event_uid=event.event_uid)
    EventWriter(plant).write([cycle(roi_sets, EventKind.REJECT)])
    assert len(people.observations_of(event.event_uid).items) == 1
    assert rows(plant, "SELECT cycle_event_id FROM manual_observations") == [{"cycle_event_id": None}]


def test_an_observation_of_another_stations_cycle_or_of_none_is_refused(
    plant: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    event = cycle(roi_sets)
    EventWriter(plant).write([event])
    with pytest.raises(InvalidValue, match="another station"):
        observe(plant, event_uid=event.event_uid, workstation="PUESTO_02")
    with pytest.raises(NotThere, match="no cycle"):
        observe(plant, event_uid="nothing")
