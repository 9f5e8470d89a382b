from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import EventKind, RoiSet
from lbzf_ros.store.people import ground_truth
from lbzf_ros.store.people.audit import audit_rows
from lbzf_ros.store.people.errors import Conflict
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.writer import EventWriter
from test.store.examples import cycle
from test.store.people.entries import (
    BROKEN_TEXTS,
    ENGINEER,
    NOON_NS,
    SECOND,
    count,
    last_change,
)


@pytest.fixture
def finished(plant: Engine, roi_sets: dict[str, RoiSet]) -> str:
    """The uid of a complete cycle of 30 s."""
    event = cycle(roi_sets)
    assert EventWriter(plant).write([event]) == ()
    return event.event_uid


def test_a_cycle_is_verified_and_corrected(plant: Engine, finished: str, reader: StoreReader) -> None:
    ground_truth.verify_event(plant, ENGINEER, now_ns=NOON_NS, event_uid=finished, corrected_duration_s=31.4)
    row = reader.cycle(finished)
    assert row is not None
    assert (row.gt_verified_by, row.gt_corrected_duration_s) == (ENGINEER.name, 31.4)
    assert row.duration_s == 30.0
    assert last_change(plant)[:3] == (
        "event.verify",
        f"cycle_events/{finished}",
        {"gt_verified_by": None, "gt_verified_at": None, "gt_corrected_duration_s": None},
    )
    ground_truth.verify_event(
        plant, ENGINEER, now_ns=NOON_NS, event_uid=finished
    )  # the same person may change it
    row = reader.cycle(finished)
    assert row is not None
    assert row.gt_corrected_duration_s is None
    ground_truth.unverify_event(plant, ENGINEER, now_ns=NOON_NS, event_uid=finished)
    row = reader.cycle(finished)
    assert row is not None
    assert (row.gt_verified_by, row.gt_verified_at) == (None, None)
    with pytest.raises(Conflict, match="nothing to take back"):
        ground_truth.unverify_event(plant, ENGINEER, now_ns=NOON_NS, event_uid=finished)


def test_who_verifies_second_is_told_and_may_replace(
    plant: Engine, finished: str, reader: StoreReader
) -> None:
    ground_truth.verify_event(plant, ENGINEER, now_ns=NOON_NS, event_uid=finished, corrected_duration_s=31.0)
    with pytest.raises(
        Conflict, match=r"checked by engineer@plant.example at 2026-07-15T17:30:51.000Z \(31.0 s\)"
    ):
        ground_truth.verify_event(plant, SECOND, now_ns=NOON_NS, event_uid=finished, corrected_duration_s=33)
    ground_truth.verify_event(
        plant, SECOND, now_ns=NOON_NS, event_uid=finished, corrected_duration_s=33, replace=True
    )
    row = reader.cycle(finished)
    assert row is not None
    assert (row.gt_verified_by, row.gt_corrected_duration_s) == (SECOND.name, 33.0)
    replaced = audit_rows(plant, limit=1).items[0].before
    assert replaced is not None
    assert replaced["gt_verified_by"] == ENGINEER.name


def test_an_override_has_its_reason_and_is_withdrawn(
    plant: Engine, finished: str, reader: StoreReader
) -> None:
    ground_truth.override_event(plant, ENGINEER, now_ns=NOON_NS, event_uid=finished, reason="prenda repetida")
    row = reader.cycle(finished)
    assert row is not None
    assert (row.status, row.notes) == ("manual_override", "prenda repetida")
    with pytest.raises(Conflict, match="prenda repetida"):
        ground_truth.override_event(plant, SECOND, now_ns=NOON_NS, event_uid=finished, reason="otra")
    ground_truth.withdraw_override(plant, ENGINEER, now_ns=NOON_NS, event_uid=finished)
    row = reader.cycle(finished)
    assert row is not None
    assert (row.status, row.notes) == ("complete", None)
    with pytest.raises(Conflict, match="no override"):
        ground_truth.withdraw_override(plant, ENGINEER, now_ns=NOON_NS, event_uid=finished)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (EventKind.START, "is in_progress; only finished"),
        (EventKind.ABORT, "is aborted; only finished"),
        (EventKind.REJECT, "was rejected"),
    ],
)
def test_only_finished_cycles_are_judged(
    plant: Engine, roi_sets: dict[str, RoiSet], kind: EventKind, message: str
) -> None:
    event = cycle(roi_sets, kind)
    EventWriter(plant).write([event])
    judge: list[Callable[[], None]] = [
        lambda: ground_truth.verify_event(plant, ENGINEER, now_ns=NOON_NS, event_uid=event.event_uid),
        lambda: ground_truth.override_event(
            plant, ENGINEER, now_ns=NOON_NS, event_uid=event.event_uid, reason="x"
        ),
    ]
    for call in judge:
        with pytest.raises(InvalidValue, match=message):
            call()
    assert count(plant, "audit_log") == 0


@pytest.mark.parametrize("duration", [0, -1, math.nan, math.inf, 86_401, "31", True])
def test_a_duration_that_cannot_be_is_refused(plant: Engine, finished: str, duration: Any) -> None:
    with pytest.raises(InvalidValue):
        ground_truth.verify_event(
            plant, ENGINEER, now_ns=NOON_NS, event_uid=finished, corrected_duration_s=duration
        )


def test_an_override_without_a_proper_reason_is_refused(plant: Engine, finished: str) -> None:
    for reason in ["", "  ", *BROKEN_TEXTS]:
        with pytest.raises(InvalidValue):
            ground_truth.override_event(plant, ENGINEER, now_ns=NOON_NS, event_uid=finished, reason=reason)
