"""Numbers stay with people, also when pictures come late, somebody is hidden for a moment, or two meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import supervision
from hypothesis import given, settings
from hypothesis import strategies as st
from trackers import ByteTrackTracker
from trackers.utils.iou import IoU
from trackers.utils.state_representations import XYXYStateEstimator

from lbzf_ros.config.load import load_plant
from lbzf_ros.core.model import NS_PER_S, Boxes
from lbzf_ros.detectors.track_state import PlainIoU, SideBySide
from lbzf_ros.detectors.tracking import Tracker
from lbzf_ros.resources import resource_path
from lbzf_ros.simulator.incidents import Incident, Stay, Times, WalkThrough
from lbzf_ros.simulator.model import Script, stations_of
from lbzf_ros.simulator.scene import Scene
from test.detectors.drawing import START_NS


def people(*middles_px: float) -> Boxes:
    """Boxes 80 px wide and 240 px high around some columns."""
    boxes = [(x - 40, 200, x + 40, 440) for x in middles_px]
    return Boxes(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.7, np.float32))


def at(t_s: float) -> int:
    """The stamp of a moment."""
    return START_NS + round(t_s * NS_PER_S)


@pytest.mark.parametrize("fps", [3.0, 5.0, 10.0])
def test_a_walker_keeps_his_number(fps: float) -> None:
    tracker = Tracker(fps)
    ids = {int(tracker.update(people(40 + 150 * i / fps), at(i / fps))[0]) for i in range(round(4 * fps))}
    assert len(ids - {-1}) == 1


def test_two_people_keep_two_numbers_in_any_order() -> None:
    tracker = Tracker(5.0)
    for i in range(5):
        first = tracker.update(people(100 + 10 * i, 500 - 10 * i), at(i / 5))
    second = tracker.update(people(450, 150), at(1.0))
    assert first.dtype == np.int32
    assert len(set(first.tolist())) == 2
    assert second.tolist() == first.tolist()[::-1]


def test_numbers_survive_uneven_pictures_and_a_short_absence() -> None:
    tracker = Tracker(5.0)
    moments_s = [0, 0.2, 0.4, 0.9, 1.0, 1.6, 1.8]
    before = [int(tracker.update(people(300), at(t))[0]) for t in moments_s]
    for t in (2.0, 2.2, 2.4, 2.6, 3.2):
        assert tracker.update(people(), at(t)).shape == (0,)
    after = int(tracker.update(people(305), at(3.5))[0])
    assert set(before) - {-1} == {after}


def test_who_comes_after_a_long_while_is_somebody_else() -> None:
    tracker = Tracker(5.0)
    first = [int(tracker.update(people(300), at(i / 5))[0]) for i in range(5)][-1]
    later = [int(tracker.update(people(300), at(60 + i / 5))[0]) for i in range(5)][-1]
    assert later not in (first, -1)


def test_two_cameras_count_by_themselves() -> None:
    left, right = Tracker(5.0), Tracker(5.0)
    for i in range(3):
        a, b = left.update(people(300), at(i / 5)), right.update(people(300), at(i / 5))
    assert a.tolist() == b.tolist()


STATIONS = ("PUESTO_01", "PUESTO_02", "PUESTO_03")
HIDDEN_S = 2.0


def scene(seed: int, *incidents: Incident) -> Scene:
    """The three stations of the demo plant's first camera, with nobody about but those of the incidents."""
    plant = load_plant(resource_path("config", "plant.yaml"))
    quiet = Script(passer_chance=0.0, supervisor_chance=0.0, break_chance=0.0, incidents=incidents)
    stations = stations_of(plant, plant.cameras[0])
    return Scene(camera="cam1", stations=stations, width_px=640, height_px=480, seed=seed, script=quiet)


def everybody(person: str, t_s: float) -> bool:
    """Nobody is hidden."""
    return True


def all_but_who_is_hidden(person: str, t_s: float) -> bool:
    """The operator in the middle is behind something for 2 s of every 15."""
    return person != "PUESTO_02" or t_s % 15 >= HIDDEN_S


def mistakes(
    shown: Scene, fps: float, from_s: float, until_s: float, sees: Callable[[str, float], bool] = everybody
) -> tuple[int, int]:
    """How many numbers went to somebody else, and how many people got another within the tracker's 3 s."""
    tracker = Tracker(fps)
    owner: dict[int, str] = {}
    latest: dict[str, tuple[int, float]] = {}
    taken = changed = 0
    for i in range(round(from_s * fps), round(until_s * fps)):
        t_s = i / fps
        drawn = [b for b in shown.true_boxes(t_s) if b.visible_share > 0.3 and sees(b.person, t_s)]
        xyxy = np.clip(np.array([box.xyxy for box in drawn]).reshape(-1, 4), 0, [640, 480] * 2)
        boxes = Boxes(xyxy.astype(np.float32), np.full(len(drawn), 0.8, np.float32))
        for box, number in zip(drawn, tracker.update(boxes, at(t_s)).tolist(), strict=True):
            if number < 0:
                continue
            before, before_s = latest.get(box.person, (number, t_s))
            taken += owner.get(number, box.person) != box.person
            changed += before != number and t_s - before_s < 3.0
            owner[number], latest[box.person] = box.person, (number, t_s)
    return taken, changed


@pytest.mark.parametrize("fps", [3.0, 5.0])
@pytest.mark.parametrize("in_front", [False, True])
def test_nobody_changes_numbers_when_somebody_walks_past_three_operators(in_front: bool, fps: float) -> None:
    # By overlap alone some do, in both directions and at both rates.
    walks = WalkThrough(stations=STATIONS, times=Times(10.0, 30.0, 3), in_front=in_front)
    assert mistakes(scene(1, walks), fps, 36.0, 98.0) == (0, 0)


@pytest.mark.parametrize("fps", [3.0, 5.0])
def test_nobody_changes_numbers_while_somebody_stands_beside_an_operator_for_two_minutes(fps: float) -> None:
    assert mistakes(scene(0, Stay(station="PUESTO_02", times=Times(10.0))), fps, 8.0, 145.0) == (0, 0)


@pytest.mark.parametrize("fps", [3.0, 5.0])
def test_an_operator_who_was_hidden_for_two_seconds_has_his_number_again(fps: float) -> None:
    assert mistakes(scene(1), fps, 5.0, 65.0, all_but_who_is_hidden) == (0, 0)


step = st.one_of(st.just(0.2), st.floats(0.05, 2.0))
moves = st.lists(
    st.tuples(step, st.lists(st.floats(-12, 12), min_size=4, max_size=4), st.booleans()),
    min_size=1,
    max_size=30,
)


@given(moves)
@settings(deadline=None)
def test_one_small_filter_for_all_sides_is_the_package_s_large_one(
    walk: list[tuple[float, list[float], bool]],
) -> None:
    box = np.array([100.0, 100.0, 160.0, 300.0])
    ours, theirs = SideBySide(box), XYXYStateEstimator(box)
    ours.set_kf_covariances(measurement_noise=0.1, process_noise=0.01)
    theirs.set_kf_covariances(measurement_noise=np.eye(4) * 0.1, process_noise=np.eye(8) * 0.01)
    for elapsed_s, by, measured in walk:
        for estimator in (ours, theirs):
            estimator.predict(elapsed_s * 5.0, 5.0)
        assert ours.state_to_bbox() == pytest.approx(theirs.state_to_bbox(), rel=1e-9)
        if measured:
            box = box + by
            ours.update(box)
            theirs.update(box)
            assert ours.state_to_bbox() == pytest.approx(theirs.state_to_bbox(), rel=1e-9)


@given(
    st.lists(st.tuples(*[st.floats(0, 100)] * 4), max_size=6),
    st.lists(st.tuples(*[st.floats(0, 100)] * 4), max_size=6),
)
def test_the_overlap_is_the_package_s(
    first: list[tuple[float, ...]], second: list[tuple[float, ...]]
) -> None:
    one, other = (
        np.array([(x, y, x + w + 1, y + h + 1) for x, y, w, h in b]).reshape(-1, 4) for b in (first, second)
    )
    assert np.allclose(PlainIoU().compute(one, other), IoU().compute(one, other), atol=1e-6)


def test_with_the_package_s_own_measure_the_numbers_are_those_of_the_package() -> None:
    shown = scene(2, WalkThrough(stations=STATIONS, times=Times(8.0)))
    ours, theirs = Tracker(5.0), Tracker(5.0)
    ours._tracker.iou = PlainIoU()
    theirs._tracker = ByteTrackTracker(
        lost_track_buffer=90,
        frame_rate=5.0,
        track_activation_threshold=0.0,
        high_conf_det_threshold=0.0,
        minimum_consecutive_frames=1,
    )
    for i in range(30, 150):
        xyxy = np.array([box.xyxy for box in shown.true_boxes(i / 5)])
        found = supervision.Detections(
            xyxy=xyxy, confidence=np.ones(len(xyxy)), data={"row": np.arange(len(xyxy))}
        )
        tracked = theirs._tracker.update(found, timestamp=at(i / 5) / NS_PER_S)
        expected = np.full(len(xyxy), -1)
        expected[tracked.data["row"]] = tracked.tracker_id
        boxes = Boxes(xyxy.astype(np.float32), np.ones(len(xyxy), np.float32))
        assert ours.update(boxes, at(i / 5)).tolist() == expected.tolist()
