"""A worker that goes on from what another has written down gives what one pass gives, wherever the seams are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.association import Associator
from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import NS_PER_S, Boxes, CycleEvent, EventKind, FrameDetections, ModelInfo, RoiSet
from lbzf_ros.detectors.tracking import Tracker
from lbzf_ros.remeasure.state import new_pipeline, packed, unpacked
from lbzf_ros.store.event_json import event_from_json, event_to_json
from lbzf_ros.store.plant import roi_sets
from test.remeasure import days
from test.store.examples import plant_data, plant_of
from test.support import visits

PICTURES = 600
MODEL = ModelInfo("recorded", "1", "test")


@cache
def zones() -> RoiSet:
    return roi_sets(plant_of(plant_data()))["cam1"]


@cache
def recorded_detections() -> tuple[Boxes, ...]:
    """Two minutes of people who come, stay, go and are not seen now and then."""
    chance = random.Random(5)
    people: list[tuple[float, float]] = []
    found = []
    for number in range(PICTURES):
        if number % 30 == 0 and number % 150 != 120:
            people = [
                (chance.uniform(0, 200), chance.uniform(200, 280))
                for _ in range((0, 1, 0, 2, 2)[number // 30 % 5])
            ]
        people = [(x + chance.uniform(-6, 6), y + chance.uniform(-3, 3)) for x, y in people]
        seen = [person for person in people if chance.random() < 0.9]
        boxes = np.array([[x, y - 150, x + 60, y] for x, y in seen], np.float32).reshape(-1, 4)
        found.append(Boxes(boxes, np.full(len(seen), 0.8, np.float32)))
    return tuple(found)


class FromDetections:
    """The steps after the detector."""

    def __init__(self) -> None:
        self.tracker, self.associator = Tracker(5.0), Associator(zones())
        self.cycles = CycleTracker(zones())

    def update(self, number: int) -> list[CycleEvent]:
        boxes, stamp_ns = recorded_detections()[number], days.BEGIN_NS + number * NS_PER_S // 5
        ids = self.tracker.update(boxes, stamp_ns)
        people = FrameDetections("cam1", stamp_ns, 640, 480, MODEL, boxes, ids)
        return self.cycles.update(self.associator.update(people))[0]


def handed_over(steps: Any) -> Any:
    content = packed(steps)
    assert content is not None
    return unpacked(content)


def exact(events: list[CycleEvent]) -> list[str]:
    """Every field of every event, why it was decided included."""
    return [event_to_json(event) for event in events]


@cache
def one_pass() -> list[str]:
    steps = FromDetections()
    events = [event for number in range(PICTURES) for event in steps.update(number)]
    return exact(events)


def test_there_is_something_to_compare() -> None:
    kinds = [event_from_json(line).kind for line in one_pass()]
    assert kinds.count(EventKind.START) >= 4
    assert {EventKind.END, EventKind.REJECT} <= set(kinds)


# Without shrinking: it takes minutes, and any seams that fail are as good as the fewest.
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seams=st.sets(st.integers(1, PICTURES - 1), max_size=12))
def test_recorded_detections_give_the_same_cycles_with_any_seams(seams: set[int]) -> None:
    steps = FromDetections()
    events: list[CycleEvent] = []
    for number in range(PICTURES):
        steps = handed_over(steps) if number in seams else steps
        events += steps.update(number)
    assert exact(events) == one_pass()


Pictures = list[tuple[NDArray[np.uint8], int]]


@pytest.fixture(scope="module")
def pictures() -> Iterator[Pictures]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LBZF_VIDEO", str(visits.VIDEO))
        yield [(frame.image_bgr, frame.stamp_ns) for frame in days.footage(48)]


def measured(pictures: Pictures, detector: DetectorSettings, seams: set[int]) -> list[str]:
    plant = visits.plant_of(visits.VARIANTS[0])
    steps = new_pipeline(detector, roi_sets(plant)["cam1"], plant.drift)
    events: list[CycleEvent] = []
    for number, (image, stamp_ns) in enumerate(pictures):
        steps = handed_over(steps) if number in seams else steps
        events += steps.update(image, stamp_ns)
    return exact(events + steps.finish())


@visits.needs_footage
@pytest.mark.parametrize("backend", ["hog_background", "background"])
def test_pixels_give_the_same_cycles_with_any_seams(pictures: Pictures, backend: str) -> None:
    """Also while somebody is there, while a cycle runs, and in the detector's first seconds."""
    detector = DetectorSettings(backend=backend)
    seams = {1, 2, 3, *random.Random(backend).sample(range(4, len(pictures)), 30)}
    expected = measured(pictures, detector, set())
    assert len(expected) >= 4
    assert measured(pictures, detector, seams) == expected


def test_what_cannot_be_packed_is_said_and_not_guessed() -> None:
    assert packed(lambda: None) is None
