"""How a view has moved: right within a pixel, nothing at all rather than something wrong."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.drift.estimate import corners_px, estimate, is_plausible, moved, shift_px
from lbzf_ros.drift.features import Features, find_features
from test.drift.views import SIZE, hall, knocked, seen, shift, turn

HALL = hall()
REFERENCE = find_features(seen(HALL, 0))


def pan(px: float) -> NDArray[np.float64]:
    """A turn about the camera's own upright axis."""
    lens = np.array([[640, 0, 320], [0, 640, 240], [0, 0, 1]], float)
    matrix = lens @ np.asarray(cv2.Rodrigues(np.array([0, px / 640, 0]))[0]) @ np.linalg.inv(lens)
    return np.asarray(matrix / matrix[2, 2], np.float64)


MOVEMENTS = {
    "none": shift(0),
    "right": shift(15),
    "up": shift(0, -15),
    "far": shift(60, 40),
    "turned": turn(2.1),
    "nearer": turn(0, 1.04),
    "farther": turn(0, 0.96),
    "panned": pan(40),
}


@pytest.mark.parametrize("light", [0.3, 1.0, 1.3], ids=["dark", "same light", "bright"])
@pytest.mark.parametrize("matrix", MOVEMENTS.values(), ids=MOVEMENTS)
def test_every_movement_is_measured(matrix: NDArray[np.float64], light: float) -> None:
    now = find_features(seen(knocked(HALL, matrix), 1, light=light))
    found = estimate(REFERENCE, now, *SIZE)
    assert found is not None
    corners = corners_px(*SIZE)
    errors = np.linalg.norm(moved(found.matrix, corners) - moved(matrix, corners), axis=1)
    assert errors.max() < (1.5 if light == 1 else 3)


def test_people_in_front_do_not_move_the_view() -> None:
    picture = knocked(HALL, shift(15))
    people = hall(seed=9)
    picture[:, 100:400] = people[:, 100:400]
    found = estimate(REFERENCE, find_features(seen(picture, 1)), *SIZE)
    assert found is not None
    assert shift_px(found.matrix, *SIZE) == pytest.approx(15, abs=1.5)


def test_another_hall_is_not_recognised() -> None:
    others = [find_features(seen(hall(seed), seed)) for seed in range(2, 12)]
    assert [estimate(REFERENCE, other, *SIZE) for other in others] == [None] * len(others)


def test_nothing_is_recognised_in_nothing() -> None:
    none = Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    assert estimate(REFERENCE, none, *SIZE) is None
    assert estimate(none, REFERENCE, *SIZE) is None


def test_one_corner_of_the_picture_is_too_little() -> None:
    inside = REFERENCE.points_px.max(axis=1) < 150
    corner = Features(REFERENCE.points_px[inside], REFERENCE.descriptors[inside])
    assert len(corner.points_px) > 20
    assert estimate(REFERENCE, corner, *SIZE) is None


def test_the_same_pictures_give_the_same_bytes() -> None:
    now = find_features(seen(knocked(HALL, turn(3)), 1))
    results = [estimate(REFERENCE, now, *SIZE) for _ in range(3)]
    assert len({found.matrix.tobytes() for found in results if found is not None}) == 1


@pytest.mark.parametrize(
    ("matrix", "plausible"),
    [
        (shift(100, 50), True),
        (turn(20), True),
        (turn(180), True),
        (np.diag([-1.0, 1, 1]), False),
        (turn(0, 0.3), False),
        (turn(0, 3), False),
        (np.array([[1, 0, 0], [0, 1, 0], [-0.002, 0, 1]]), False),
        (np.full((3, 3), np.nan), False),
    ],
    ids=["shifted", "turned", "head over", "mirrored", "tiny", "huge", "folded", "no numbers"],
)
def test_what_no_camera_can_do_is_refused(matrix: NDArray[np.float64], plausible: bool) -> None:
    assert is_plausible(matrix, *SIZE) is plausible
