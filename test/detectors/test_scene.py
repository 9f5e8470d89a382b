"""The background model: what it learns, what it must not learn, and what the light does to it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.detectors.scene import Scene
from lbzf_ros.detectors.view import Image, View, shrunk, without_shadows
from test.detectors.drawing import START_NS, noisy, room

ROOM = room()
CHAIR = (slice(240, 400), slice(400, 480))
CHAIR_SMALL = (slice(125, 195), slice(205, 235))
"""Well inside the chair, in working pixels (half as many)."""
AROUND_CHAIR = (slice(117, 203), slice(197, 243))


def furnished(colour: tuple[int, int, int] = (40, 60, 40)) -> Image:
    """The room with a chair."""
    picture = ROOM.copy()
    picture[CHAIR] = colour
    return np.asarray(picture, np.uint8)


class Camera:
    """Shows a scene one picture after the other, five a second."""

    def __init__(self) -> None:
        self.scene, self.count = Scene(DetectorSettings()), 0

    def show(self, picture: Image, seconds: float = 0.2, *, held: bool = False, sigma: float = 3.0) -> View:
        """Show a picture for some time; `held`: somebody stands where the chair is."""
        for _ in range(max(1, round(seconds * 5))):
            view = self.scene.look(noisy(picture, self.count, sigma), START_NS + self.count * NS_PER_S // 5)
            people, nothing = np.zeros((2, *view.foreground.shape), np.uint8)
            if held:
                people[AROUND_CHAIR] = 1
            self.scene.learn(view, people, nothing)
            self.count += 1
        return view


@pytest.fixture
def camera() -> Camera:
    """A camera that has seen the empty room for five seconds."""
    camera = Camera()
    camera.show(ROOM, 5)
    return camera


def test_a_new_thing_is_foreground_where_it_is(camera: Camera) -> None:
    view = camera.show(furnished())
    truth = np.zeros(view.foreground.shape, np.uint8)
    truth[120:200, 200:240] = 1
    both = np.count_nonzero(view.foreground & truth)
    assert both / np.count_nonzero(view.foreground | truth) > 0.9


def test_what_stays_is_absorbed_after_its_time(camera: Camera) -> None:
    absorb_s = DetectorSettings().absorb_s
    assert camera.show(furnished(), absorb_s - 1).foreground[CHAIR_SMALL].mean() == 1
    assert camera.show(furnished(), 2).share == 0


def test_who_stands_there_is_never_absorbed(camera: Camera) -> None:
    assert camera.show(furnished(), 100, held=True).foreground[CHAIR_SMALL].mean() == 1
    assert camera.show(ROOM).share == 0


def test_noise_is_no_foreground(camera: Camera) -> None:
    assert camera.show(ROOM, 5, sigma=20).share == 0


def exposed(picture: Image, gain: float, gamma: float) -> Image:
    """The picture with another exposure and another tone curve, clipped as a camera does."""
    return np.asarray(np.clip(255 * (picture / 255.0) ** gamma * gain, 0, 255), np.uint8)


@pytest.mark.parametrize(("gain", "gamma"), [(0.6, 1.0), (1.3, 1.0), (1.0, 1.3), (1.1, 0.8)])
def test_exposure_may_drift_while_somebody_hides_the_background(
    camera: Camera, gain: float, gamma: float
) -> None:
    for i in range(60):
        part = i / 59
        lit = exposed(furnished(), 1 + part * (gain - 1), 1 + part * (gamma - 1))
        view = camera.show(lit, held=True)
        assert view.foreground[CHAIR_SMALL].mean() > 0.95
        assert view.share < 0.06
    assert camera.show(exposed(ROOM, gain, gamma), 0.2).share < 0.005


def test_a_light_switch_is_learnt_at_once_but_not_below_people(camera: Camera) -> None:
    camera.show(furnished(), 2, held=True)
    lamp = np.linspace(0.4, 0.8, ROOM.shape[1])[None, :, None]
    dark = (furnished() * lamp).astype(np.uint8)
    # First the camera's exposure may follow: nothing is concluded before the level stands still.
    assert camera.show(dark, held=True).settling
    assert camera.show(dark, held=True).relit
    view = camera.show(dark, held=True)
    assert not view.relit
    assert view.foreground[CHAIR_SMALL].mean() == 1
    assert view.share < 0.06
    assert camera.show((ROOM * lamp).astype(np.uint8)).share < 0.01


def test_an_exposure_that_adapts_to_a_switched_lamp_leaves_the_background_as_it_was(camera: Camera) -> None:
    camera.show(furnished(), 2, held=True)
    settling = []
    for i in range(12):  # at first quite white, as after a night's gain
        view = camera.show(exposed(furnished(), 1 + 4 * np.exp(-0.6 * i), 1.0), held=True)
        settling.append(view.settling)
    assert settling == sorted(settling, reverse=True)
    assert 1 < sum(settling) < 10
    assert view.foreground[CHAIR_SMALL].mean() == 1
    assert camera.show(ROOM).share < 0.01


def test_a_light_that_never_settles_is_waited_for_some_seconds_only(camera: Camera) -> None:
    lamps = [np.linspace(a, b, ROOM.shape[1])[None, :, None] for a, b in ((0.15, 0.5), (0.9, 0.3))]
    uneven = [(ROOM * lamp).astype(np.uint8) for lamp in lamps]
    states = [camera.show(uneven[i % 2]).settling for i in range(40)]
    assert states[0]
    assert not all(states)


def test_a_background_that_comes_back_is_as_it_was(camera: Camera) -> None:
    camera.show(ROOM, 10)
    camera.show(furnished(), 2, held=True)
    checks = np.random.default_rng(1).integers(0, 255, (12, 16, 3), np.uint8)
    cloth = np.asarray(cv2.resize(checks, (640, 480), interpolation=cv2.INTER_NEAREST), np.uint8)
    covered = [camera.show(cloth, held=True) for _ in range(30)]  # after so many the exposure has settled
    assert sum(view.left_known for view in covered) == 1
    back = [camera.show(ROOM) for _ in range(30)]
    assert sum(view.returned for view in back) == 1
    assert not any(view.relit for view in back)
    assert np.count_nonzero(back[-1].foreground) == 0


def test_time_that_was_not_looked_at_makes_nothing_background(camera: Camera) -> None:
    camera.show(furnished())
    camera.count += 5 * 3600
    assert np.count_nonzero(camera.show(furnished()).foreground) > 0
    assert np.count_nonzero(camera.show(furnished()).foreground) > 0


def test_pictures_are_shrunk_by_a_whole_factor() -> None:
    assert shrunk(np.zeros((963, 1282, 3), np.uint8), 240)[0].shape == (240, 320, 3)
    small, factor = shrunk(np.zeros((100, 80, 3), np.uint8), 240)
    assert (small.shape, factor) == ((100, 80, 3), 1)


def test_a_shadow_is_not_solid_and_a_coat_is() -> None:
    background = cv2.GaussianBlur(ROOM, (3, 3), 0).astype(np.float32)
    picture = background.copy()
    picture[100:200, 100:200] *= 0.7
    picture[100:200, 300:400] = (120, 60, 30)
    foreground = np.zeros(picture.shape[:2], np.uint8)
    foreground[100:200, 100:200] = foreground[100:200, 300:400] = 1
    solid = without_shadows(picture.astype(np.uint8), background, foreground)
    assert solid[100:200, 100:200].mean() == 0
    assert solid[102:198, 302:398].mean() == 1


def test_the_background_goes_with_a_camera_that_has_moved() -> None:
    camera, seen = Camera(), hall()[80:560, 80:720]
    camera.show(seen, 4)
    # It has turned far, which nobody but the watch over drift can tell.
    matrix = cv2.getRotationMatrix2D((300, 200), 9, 1.03)
    moved = np.asarray(cv2.warpAffine(seen, matrix, (640, 480), borderMode=cv2.BORDER_REFLECT), np.uint8)
    before = camera.show(moved)
    step = tuple(float(value) for value in (*matrix.ravel(), 0, 0, 1))
    for _ in range(2):  # the second time it is explained already
        camera.scene.follow(step)  # type: ignore[arg-type]
        after = camera.show(moved)
        assert after.share < 0.2 * before.share


def hall() -> Image:
    """A room full of things, larger than the picture."""
    rng, picture = np.random.default_rng(3), room(800, 640)
    for _ in range(60):
        x, y = rng.integers(0, (760, 600))
        colour = [int(level) for level in rng.integers(30, 220, 3)]
        cv2.rectangle(picture, (int(x), int(y)), (int(x) + 40, int(y) + 30), colour, -1)
    return picture


@pytest.mark.parametrize(("right_px", "down_px"), [(6, 0), (16, 10), (-40, 24)])
def test_a_knock_against_the_camera_moves_what_is_known(right_px: int, down_px: int) -> None:
    def seen(picture: Image, right: int = 0, down: int = 0) -> Image:
        return np.ascontiguousarray(picture[80 - down : 560 - down, 80 - right : 720 - right])

    camera, with_chair = Camera(), hall()
    camera.show(seen(hall()), 5)
    with_chair[400:520, 400:480] = (40, 60, 40)
    view = camera.show(seen(with_chair, right_px, down_px))
    assert view.shift_px == pytest.approx((right_px / 2, down_px / 2), abs=0.5)
    left, top = (320 + right_px) // 2, (320 + down_px) // 2
    assert view.foreground[top + 5 : top + 55, left + 5 : left + 35].mean() > 0.95
    assert view.share < 0.1


def test_a_knock_turns_and_stretches_the_view_too() -> None:
    camera = Camera()
    whole = np.ascontiguousarray(hall()[80:560, 80:720])
    camera.show(whole, 5)
    turned = cv2.getRotationMatrix2D((320, 240), 0.4, 1.004)
    turned[:, 2] += (4, 3)
    view = camera.show(np.asarray(cv2.warpAffine(whole, turned, (640, 480), borderMode=cv2.BORDER_REPLICATE)))
    assert view.shift_px == pytest.approx((2, 1.5), abs=0.3)
    assert view.share < 0.01


def test_somebody_who_comes_in_is_no_knock(camera: Camera) -> None:
    assert camera.show(furnished()).shift_px == (0, 0)
