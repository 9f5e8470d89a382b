"""Zones carried over to a new view."""

import numpy as np
import pytest

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.drift.features import find_features
from lbzf_ros.drift.transfer import draw, find_move, propose
from test.drift.views import SIZE, Image, hall, knocked, seen, shift, turn

HALL = hall()
OLD = find_features(seen(HALL, 0))
SQUARE = ((100.0, 100.0), (200.0, 100.0), (200.0, 200.0), (100.0, 200.0))


def test_a_zone_lies_on_the_same_things() -> None:
    matrix = find_move(OLD, seen(knocked(HALL, shift(40, -25)), 1))
    found = propose(SQUARE, matrix, *SIZE)
    assert found.polygon_px is not None
    expected = np.array(SQUARE) + np.array([40, -25])
    assert np.abs(np.array(found.polygon_px) - expected).max() <= 1
    assert found.shift_px == pytest.approx(np.hypot(40, 25), abs=1)
    assert found.problem == ""


def test_a_large_turn_and_zoom() -> None:
    matrix = find_move(OLD, seen(knocked(HALL, turn(12, 1.15)), 1))
    assert propose(SQUARE, matrix, *SIZE).polygon_px is not None


@pytest.mark.parametrize("picture", [hall(seed=5), np.zeros_like(HALL)], ids=["another hall", "dark"])
def test_a_view_that_is_not_recognised_is_refused(picture: Image) -> None:
    with pytest.raises(InvalidValue, match="not recognised"):
        find_move(OLD, picture)


def test_a_zone_is_cut_at_the_edge() -> None:
    found = propose(SQUARE, shift(-130), *SIZE)
    assert found.polygon_px is not None
    assert {x for x, _ in found.polygon_px} == {0, 70}
    assert found.problem == "cut at the edge: 70% of it is in the picture"


@pytest.mark.parametrize(
    ("right_px", "problem"),
    [(-160, "only 40% of it"), (-400, "no longer in the picture"), (-200, "what is left of it")],
    ids=["mostly gone", "gone", "at the edge"],
)
def test_a_zone_that_has_left_the_picture_is_not_proposed(right_px: float, problem: str) -> None:
    found = propose(SQUARE, shift(right_px), *SIZE)
    assert found.polygon_px is None
    assert problem in found.problem


def test_old_and_new_are_drawn() -> None:
    drawn = draw(HALL, [("work", SQUARE, tuple((x + 40, y) for x, y in SQUARE)), ("bin", SQUARE, None)])
    assert np.any(drawn[100:200, 100] != HALL[100:200, 100])
    assert np.any(drawn[100:200, 240] != HALL[100:200, 240])
    assert np.array_equal(drawn[300:], HALL[300:])
