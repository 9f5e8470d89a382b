"""What optics do to the picture, and what is true meanwhile."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.simulator.model import Script
from lbzf_ros.simulator.optics import (
    UNMOVED,
    Block,
    Bump,
    Clouds,
    Flicker,
    LightsOff,
    LowSun,
    Optic,
    Pan,
    moved_box,
)
from lbzf_ros.simulator.scene import Scene
from test.simulator.conftest import QUIET, demo_scene

ALL: tuple[Optic, ...] = (
    Block(start_s=5.0, duration_s=2.0),
    LightsOff(start_s=10.0, duration_s=3.0),
    LowSun(start_s=15.0, duration_s=30.0, fade_s=5.0),
    Clouds(start_s=15.0, duration_s=30.0),
    Flicker(start_s=20.0, duration_s=5.0),
    Bump(start_s=26.0, shift_px=15.0),
    Pan(start_s=30.0, duration_s=10.0, shift_px=10.0),
)


@pytest.fixture(scope="module")
def plain(plant: Plant) -> Scene:
    """The scene without optics."""
    return seen_with(plant)


def seen_with(plant: Plant, *optics: Optic, seed: int = 3) -> Scene:
    """The first camera of the demo with optics and operators only."""
    script = Script(passer_chance=0.0, supervisor_chance=0.0, break_chance=0.0, optics=optics)
    return demo_scene(plant, "cam1", seed=seed, script=script)


def changed_share(one: Scene, other: Scene, t_s: float) -> float:
    """Share of the pixels that differ."""
    return float((cv2.absdiff(one.render(t_s), other.render(t_s)).max(axis=2) > 8).mean())


def sharpness(picture: NDArray[np.uint8]) -> float:
    """How strong its edges are, noise smoothed away."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (0, 0), 1.5)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def test_no_optics_change_nothing(plant: Plant) -> None:
    with_optics, without = seen_with(plant, *ALL), demo_scene(plant, "cam1", seed=3, script=QUIET)
    np.testing.assert_array_equal(with_optics.render(3.0), without.render(3.0))
    assert with_optics.true_boxes(3.0) == without.true_boxes(3.0)
    assert without.true_homography(100.0) == UNMOVED
    assert not without.hidden(100.0)


def test_the_same_moment_looks_the_same_whatever_was_shown_before(plant: Plant) -> None:
    times = [5.2, 9.0, 11.0, 13.4, 21.0, 26.0, 26.2, 33.0, 60.0]
    forward, backward = seen_with(plant, *ALL), seen_with(plant, *ALL)
    shown = {t: forward.render(t) for t in times}
    for t in reversed(times):
        np.testing.assert_array_equal(backward.render(t), shown[t])


def test_work_and_its_truth_go_on_behind_optics(plant: Plant, plain: Scene) -> None:
    assert seen_with(plant, *ALL).true_cycles(300.0) == plain.true_cycles(300.0)


@pytest.mark.parametrize("cover", [0.6, 0.8, 1.0])
@pytest.mark.parametrize("look", [0, 1, 2])
def test_something_large_covers_its_share(plant: Plant, plain: Scene, cover: float, look: int) -> None:
    block = Block(start_s=10.0, duration_s=5.0, cover=cover, look=look)
    scene = seen_with(plant, block)
    assert changed_share(scene, plain, 12.0) == pytest.approx(cover, abs=0.08)
    assert changed_share(scene, plain, 9.0) == changed_share(scene, plain, 16.0) == 0
    assert [scene.hidden(t) for t in (9.0, 10.0, 12.0, 14.9, 16.0)] == [False, True, True, True, False]


def test_it_comes_and_goes_in_between(plant: Plant, plain: Scene) -> None:
    scene = seen_with(plant, Block(start_s=10.0, duration_s=5.0, cover=0.9, edge_s=1.0))
    shares = [changed_share(scene, plain, 9.0 + 0.2 * i) for i in range(6)]
    assert shares == sorted(shares)
    assert 0.2 < shares[2] < 0.7


def test_it_may_pass_through(plant: Plant, plain: Scene) -> None:
    block = Block(start_s=10.0, duration_s=3.0, cover=0.6, passes=True)
    scene = seen_with(plant, block)

    def middle(t_s: float) -> float:
        difference = cv2.absdiff(scene.render(t_s), plain.render(t_s)).max(axis=2) > 8
        return float(np.flatnonzero(difference.mean(axis=0) > 0.5).mean())

    assert abs(middle(12.9) - middle(10.1)) > 150


def test_lights_off_leave_noise_and_come_back_with_a_gain_that_settles(plant: Plant, plain: Scene) -> None:
    scene = seen_with(plant, LightsOff(start_s=10.0, duration_s=5.0))
    dark = scene.render(13.0)
    assert 2 < dark.mean() < 20
    assert dark.std() > 3
    assert scene.hidden(13.0)
    assert scene.render(15.0).mean() > 1.3 * plain.render(15.0).mean()
    assert not scene.hidden(15.6)
    assert scene.render(17.0).mean() == pytest.approx(plain.render(17.0).mean(), rel=0.03)


def test_daylight_through_the_windows_is_enough(plant: Plant, plain: Scene) -> None:
    scene = seen_with(plant, LightsOff(start_s=10.0, duration_s=5.0, level=0.3))
    assert scene.render(10.0).mean() < 0.4 * plain.render(10.0).mean()
    assert scene.render(12.5).mean() == pytest.approx(plain.render(12.5).mean(), rel=0.1)
    assert not scene.hidden(12.5)


def test_low_sun_moves_its_shadows_in_minutes(plant: Plant, plain: Scene) -> None:
    scene = seen_with(plant, LowSun(start_s=0.0, duration_s=900.0, fade_s=10.0))

    def light(t_s: float) -> NDArray[np.float32]:
        ratio = cv2.blur(scene.render(t_s), (15, 15)) / np.maximum(cv2.blur(plain.render(t_s), (15, 15)), 1.0)
        return np.asarray(ratio[200:, :, 1], np.float32)

    first, soon, later = light(100.0), light(101.0), light(250.0)
    assert first.max() - first.min() > 0.25
    assert np.abs(soon - first).mean() < 0.01
    assert np.abs(later - first).mean() > 0.03
    assert not scene.hidden(100.0)


def test_clouds_darken_slowly(plant: Plant, plain: Scene) -> None:
    scene = seen_with(plant, Clouds(start_s=0.0, duration_s=300.0))
    levels = [scene.render(2.0 * i).mean() / plain.render(2.0 * i).mean() for i in range(1, 60)]
    assert max(levels) - min(levels) > 0.2
    assert max(abs(b - a) for a, b in itertools.pairwise(levels)) < 0.25


def test_a_flickering_lamp_beats_and_has_bands(plant: Plant, plain: Scene) -> None:
    scene = seen_with(plant, Flicker(start_s=0.0, duration_s=60.0, depth=0.2))
    rows = [
        scene.render(t).mean(axis=(1, 2)) / plain.render(t).mean(axis=(1, 2))
        for t in (10.0, 10.2, 10.4, 10.6)
    ]
    whole = [float(light.mean()) for light in rows]
    assert max(whole) - min(whole) > 0.05
    assert max(float(light.max() - light.min()) for light in rows) > 0.12


@pytest.mark.parametrize("shift_px", [5.0, 15.0, 40.0])
def test_a_bump_swings_and_stays(plant: Plant, plain: Scene, shift_px: float) -> None:
    scene = seen_with(plant, Bump(start_s=10.0, shift_px=shift_px, direction_deg=30.0))
    assert scene.true_homography(9.9) == UNMOVED
    assert [scene.hidden(t) for t in (9.9, 10.1, 10.5)] == [False, True, False]
    assert sharpness(scene.render(10.03)) < 0.7 * sharpness(plain.render(10.03))
    h = np.array(scene.true_homography(20.0)).reshape(3, 3)
    x, y, w = h @ (320, 240, 1)
    assert (x / w - 320, y / w - 240) == pytest.approx(
        (shift_px * math.cos(math.radians(30)), shift_px * math.sin(math.radians(30))), abs=0.2
    )


def test_the_homography_takes_the_old_picture_to_the_new_one(plant: Plant, plain: Scene) -> None:
    scene = seen_with(plant, Bump(start_s=10.0, shift_px=40.0, turn_deg=1.0, zoom=1.02))
    h = np.array(scene.true_homography(20.0)).reshape(3, 3)
    expected = cv2.warpPerspective(plain.render(20.0), h, (640, 480))
    inside = cv2.warpPerspective(np.full((480, 640), 255, np.uint8), h, (640, 480)) == 255
    inside = cv2.erode(inside.astype(np.uint8), np.ones((9, 9))) > 0
    difference = cv2.absdiff(cv2.blur(scene.render(20.0), (5, 5)), cv2.blur(expected, (5, 5))).max(axis=2)
    assert np.percentile(difference[inside], 99) < 12


def test_beyond_the_old_edge_the_hall_goes_on(plant: Plant) -> None:
    scene = seen_with(plant, Bump(start_s=10.0, shift_px=40.0, direction_deg=0.0, turn_deg=0.0, zoom=1.0))
    beyond = scene.render(20.0)[:, :36]
    assert beyond.mean() > 60
    assert beyond.std() > 10


def test_true_boxes_move_with_the_picture(plant: Plant, plain: Scene) -> None:
    scene = seen_with(plant, Bump(start_s=10.0, shift_px=40.0, direction_deg=0.0, turn_deg=0.0, zoom=1.0))
    still = {box.person: box.xyxy for box in plain.true_boxes(20.0)}
    for box in scene.true_boxes(20.0):
        assert box.xyxy == pytest.approx(np.add(still[box.person], (40, 0, 40, 0)), abs=1e-6)


def test_a_turned_box_is_not_wider_than_its_person() -> None:
    turn = math.radians(5)
    view = (math.cos(turn), -math.sin(turn), 0.0, math.sin(turn), math.cos(turn), 0.0, 0.0, 0.0, 1.0)
    x0, y0, x1, y1 = moved_box((100, 100, 200, 300), view)
    assert (x1 - x0, y1 - y0) == pytest.approx((100, 200), rel=0.01)


def test_people_are_drawn_where_their_boxes_are_after_a_bump(plant: Plant) -> None:
    bump = Bump(start_s=1.0, shift_px=40.0, direction_deg=200.0)
    scene, empty = seen_with(plant, bump), seen_with(plant, bump)
    empty._actors.clear()
    for t in (12.0, 31.4):
        covered = np.zeros((480, 640), bool)
        changed = cv2.absdiff(scene.render(t), empty.render(t)).max(axis=2) > 0
        for box in scene.true_boxes(t):
            x0, y0, x1, y1 = (round(v) for v in box.xyxy)
            if box.visible_share > 0.5:
                assert changed[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)].mean() > 0.3
            covered[max(y0 - 4, 0) : max(y1 + 14, 0), max(x0 - 32, 0) : max(x1 + 32, 0)] = True
        assert not (changed & ~covered).any()


def test_a_camera_creeps(plant: Plant) -> None:
    scene = seen_with(
        plant, Pan(start_s=10.0, duration_s=100.0, shift_px=30.0, direction_deg=0.0, turn_deg=0.0)
    )
    assert [scene.true_homography(t)[2] for t in (10.0, 60.0, 110.0, 500.0)] == pytest.approx([0, 15, 30, 30])
    assert not scene.hidden(60.0)


def test_bumps_add_up_and_can_be_put_right(plant: Plant) -> None:
    one = Bump(start_s=10.0, shift_px=15.0, direction_deg=0.0, turn_deg=0.0, zoom=1.0)
    two = Bump(start_s=20.0, duration_s=10.0, shift_px=15.0, direction_deg=0.0, turn_deg=0.0, zoom=1.0)
    scene = seen_with(plant, one, two)
    assert [scene.true_homography(t)[2] for t in (15.0, 25.0, 35.0)] == pytest.approx([15, 30, 15])


@pytest.mark.parametrize(
    "wrong", [{"start_s": -1.0}, {"start_s": 0.0, "duration_s": 0.0}], ids=["before the scene", "no time"]
)
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidValue, match="allowed are"):
        Bump(**wrong)
