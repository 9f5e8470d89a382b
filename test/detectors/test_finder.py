"""The first step as a whole: what it says of pictures that tell nothing."""

from __future__ import annotations

import math

import pytest

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.config.load import load_plant
from lbzf_ros.core.model import NS_PER_S, FrameDetections
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.simulator.model import Script
from lbzf_ros.simulator.optics import Block
from lbzf_ros.store.plant import roi_sets
from test.detectors.drawing import START_NS
from test.simulator.conftest import DEMO_PLANT, demo_scene

BLOCKED_S = (7.9, 10.9)  # between two pictures


@pytest.fixture(scope="module")
def seen() -> dict[float, FrameDetections]:
    """What is found in 15 s of the demo plant, by time; in between something stands before the lens."""
    plant = load_plant(DEMO_PLANT)
    block = Block(start_s=BLOCKED_S[0], duration_s=BLOCKED_S[1] - BLOCKED_S[0], edge_s=0.1, cover=0.9)
    scene = demo_scene(plant, "cam1", script=Script(optics=(block,)))
    finder = PeopleFinder(DetectorSettings(backend="background"), roi_sets(plant)["cam1"])
    times = [0.2 * i for i in range(75)]
    return {t: finder(scene.render(t), START_NS + round(t * NS_PER_S)) for t in times}


def test_pictures_that_tell_nothing_are_marked(seen: dict[float, FrameDetections]) -> None:
    unclear = [t for t, people in seen.items() if not people.view_clear]
    assert unclear == [t for t in seen if BLOCKED_S[0] <= t < BLOCKED_S[1]]


def test_no_motion_is_known_in_them_and_none_is_made_up_after_them(
    seen: dict[float, FrameDetections],
) -> None:
    known = {
        t: [share for share in people.motion.values() if not math.isnan(share)] for t, people in seen.items()
    }
    assert not any(known[t] for t in seen if BLOCKED_S[0] <= t <= BLOCKED_S[1])
    assert all(known[t] for t in seen if 1.0 < t < 7.5 or t > 13.0)


def test_people_are_found_again_after_them(seen: dict[float, FrameDetections]) -> None:
    before, after = seen[7.4], seen[14.8]
    assert len(before.boxes) >= 1
    assert len(after.boxes) == pytest.approx(len(before.boxes), abs=1)
