"""The watch over one camera: pictures in, what is known about its view out."""

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.core.model import NS_PER_S, Drift, ReferenceView, RoiSet, ViewShift
from lbzf_ros.drift.features import features_to_bytes, find_features
from lbzf_ros.drift.watch import DriftWatch
from test.drift.views import Image, hall, knocked, seen, shift
from test.support.occupancy import rois, station

HALL = hall()
NOBODY = np.zeros((0, 4), np.float32)
FPS = 5
ZONES = replace(rois(station()), width_px=640, height_px=480, references=())
IDS = tuple(dict.fromkeys(ZONES.identity[1]))


def reference(picture: Image = HALL, ids: tuple[int, ...] = IDS) -> ReferenceView:
    return ReferenceView(ids, features_to_bytes(find_features(seen(picture, 0))))


class Camera:
    """A camera of five pictures a second before a watch."""

    def __init__(self, zones: RoiSet = ZONES, **settings: object) -> None:
        self.watch = DriftWatch(DriftSettings.model_validate(settings), zones)
        self.number = 0

    def show(
        self,
        picture: Image,
        seconds: float = 0.2,
        *,
        clear: bool = True,
        people: NDArray[np.float32] = NOBODY,
    ) -> list[ViewShift]:
        """The same view for a while, each picture with its noise; what was known of it after each."""
        known: list[ViewShift] = []
        for _ in range(round(seconds * FPS)):
            self.number += 1
            stamp_ns = round(self.number / FPS * NS_PER_S)
            known += self.watch.update(seen(picture, self.number), stamp_ns, people, clear=clear)
        return known


def states(shifts: Iterable[ViewShift]) -> list[Drift]:
    """The states in their order, each once."""
    found: list[Drift] = []
    for view in shifts:
        if not found or found[-1] is not view.drift:
            found.append(view.drift)
    return found


@pytest.fixture
def camera() -> Camera:
    """A camera whose first picture is its reference."""
    camera = Camera()
    assert states(camera.show(HALL, 15)) == [Drift.OK]
    return camera


def test_without_a_reference_the_first_picture_is_one() -> None:
    first = Camera().show(HALL)
    assert [(view.roi_version_ids, view.drift) for view in first] == [(IDS, Drift.OK)]
    assert first[0].shift_px < 1


def test_a_first_run_and_its_replay_say_the_same(camera: Camera) -> None:
    bumped = knocked(HALL, shift(15))
    first, replay = Camera(), Camera(replace(ZONES, references=(ReferenceView(IDS, _own(camera)),)))
    for picture, seconds in ((HALL, 12), (bumped, 5)):
        assert first.show(picture, seconds) == replay.show(picture, seconds)


def _own(camera: Camera) -> bytes:
    """What the recorder keeps of the first picture of `Camera`."""
    return features_to_bytes(find_features(seen(HALL, 1)))


def test_a_knock_is_known_within_two_seconds_and_followed(camera: Camera) -> None:
    known = camera.show(knocked(HALL, shift(15)), 4)
    assert states(known) == [Drift.OK, Drift.DRIFTED]
    assert known[10].drift is Drift.DRIFTED
    assert known[-1].shift_px == pytest.approx(15, abs=1)
    assert known[-1].homography is not None
    assert known[-1].homography[2] == pytest.approx(15, abs=1)


def test_a_slow_sagging_is_known_at_the_next_checks(camera: Camera) -> None:
    known = [camera.show(knocked(HALL, shift(0, i / 10)))[0] for i in range(150)]
    after = next(i for i, view in enumerate(known) if view.drift is Drift.DRIFTED)
    assert after >= 100


@pytest.mark.parametrize("light", [0.35, 1.4], ids=["lamps off", "sun"])
def test_light_is_no_movement(camera: Camera, light: float) -> None:
    lit = np.clip(HALL * light, 0, 255).astype(np.uint8)
    assert states(camera.show(lit, 40) + camera.show(HALL, 15)) == [Drift.OK]


def test_people_close_to_the_camera_are_no_movement(camera: Camera) -> None:
    people = HALL.copy()
    people[:, 150:500] = hall(seed=7)[:, 150:500]
    boxes = np.array([[150, 0, 500, 480]], np.float32)
    assert states(camera.show(people, 60, people=boxes)) == [Drift.OK]


def test_boxes_everywhere_do_not_hide_a_knock(camera: Camera) -> None:
    """A detector that compares with a background takes the whole hall for people when the camera is knocked."""
    boxes = np.array([[0, 0, 640, 300], [100, 200, 640, 480]], np.float32)
    assert states(camera.show(knocked(HALL, shift(15)), 4, people=boxes)) == [Drift.OK, Drift.DRIFTED]


def test_a_blocked_view_keeps_its_state_for_a_while_and_comes_back(camera: Camera) -> None:
    wall = np.full_like(HALL, 90)
    assert states(camera.show(wall, 15, clear=False)) == [Drift.OK]
    known = camera.show(wall, 20, clear=False)
    assert known[-1].drift is Drift.UNKNOWN
    assert math.isnan(known[-1].shift_px)
    assert camera.show(HALL)[0].drift is Drift.OK


def test_another_view_is_unknown(camera: Camera) -> None:
    assert states(camera.show(hall(seed=3), 45)) == [Drift.OK, Drift.UNKNOWN]


def test_a_camera_that_was_put_back_is_in_its_place_again(camera: Camera) -> None:
    camera.show(knocked(HALL, shift(40)), 4)
    known = camera.show(HALL, 4)
    assert states(known) == [Drift.DRIFTED, Drift.OK]
    assert known[-1].homography is None


def test_a_view_that_changes_slowly_is_recognised_by_what_it_looked_like_later() -> None:
    """Half of the hall is changed, then the other half: nothing of the first picture is left."""
    later, last = HALL.copy(), hall(seed=4)
    later[:, :320] = last[:, :320]
    stay = Camera(unknown_after_s=20)
    stay.show(HALL, 15)
    assert states(stay.show(later, 70)) == [Drift.OK]
    assert states(stay.show(last, 40)) == [Drift.OK]
    assert states(stay.show(knocked(last, shift(20)), 4)) == [Drift.OK, Drift.DRIFTED]


def test_zones_are_compared_with_the_view_they_were_drawn_on() -> None:
    old, new = IDS[0], 99
    views = (reference(knocked(HALL, shift(-20)), (old,)), reference(HALL, (new,)))
    camera = Camera(replace(ZONES, references=views))
    known = {view.roi_version_ids: view for view in camera.show(HALL, 3)[-2:]}
    assert known[(old,)].drift is Drift.DRIFTED
    assert known[(new,)].drift is Drift.OK


def test_a_reference_that_comes_later_changes_nothing(camera: Camera) -> None:
    before = camera.show(HALL)
    camera.watch.use_references([reference(knocked(HALL, shift(25)))])
    assert camera.show(HALL, 12)[-1] == before[0]


def test_a_reference_that_comes_before_there_was_one_is_used() -> None:
    camera = Camera()
    assert camera.show(np.zeros_like(HALL), 3) == []
    camera.watch.use_references([reference(knocked(HALL, shift(-25)))])
    assert camera.show(HALL, 4)[-1].drift is Drift.DRIFTED


@pytest.mark.parametrize(
    "features", [b"", b"nonsense", features_to_bytes(find_features(np.zeros_like(HALL)))]
)
def test_a_reference_without_features_leaves_its_zones_unchecked(features: bytes) -> None:
    camera = Camera(replace(ZONES, references=(ReferenceView(IDS, features),)))
    assert camera.show(HALL, 3) == []


def test_it_can_be_switched_off() -> None:
    assert Camera(enabled=False).show(HALL, 3) == []


def test_after_a_step_aside_nobody_is_sure_until_it_is_checked(camera: Camera) -> None:
    unsure = []
    for i in range(60):
        camera.show(HALL if i < 30 else knocked(HALL, shift(24, 10)))
        unsure.append(camera.watch.is_unsure)
    assert not any(unsure[:30])
    assert unsure[30]
    surely = unsure.index(False, 30)
    assert camera.watch.is_unsure is False
    assert not any(unsure[surely:])


def test_a_lamp_makes_nobody_unsure(camera: Camera) -> None:
    for i in range(60):
        camera.show(HALL if i % 7 < 4 else np.clip(HALL * 0.5 + 20, 0, 255).astype(np.uint8))
        assert not camera.watch.is_unsure
