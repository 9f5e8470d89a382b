"""Polygons: which are proper, and what lies in them. Shapely is the independent judge."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.geometry import covered_share, inside, moved, polygon_problem, share_inside


@pytest.mark.parametrize(
    ("polygon", "problem"),
    [
        pytest.param([(0, 0), (10, 0), (10, 10)], None, id="triangle"),
        pytest.param([(0, 0), (10, 0), (10, 10), (5, 2), (0, 10)], None, id="notched"),
        pytest.param([(0, 0), (10, 0)], "at least 3", id="two-corners"),
        pytest.param([(0, 0), (10, 10), (10, 0), (0, 10)], "crosses itself", id="bow-tie"),
        pytest.param([(0, 0), (10, 0), (5, 0)], "crosses itself", id="flat"),
        pytest.param([(0, 0), (10, 0), (10, 10), (5, 0)], "crosses itself", id="corner-on-a-side"),
        pytest.param([(0, 0), (0, 0), (10, 0), (10, 10)], "twice in a row", id="repeated-corner"),
        pytest.param([(0, 0), (float("nan"), 0), (10, 10)], "not a number", id="nan"),
        pytest.param([(0, 0), (1, 0), (1, 0.5)], "no area", id="smaller-than-a-pixel"),
    ],
)
def test_polygon_problem(polygon: list[tuple[float, float]], problem: str | None) -> None:
    found = polygon_problem(polygon)
    assert found is None if problem is None else problem in str(found)


corner = st.tuples(st.integers(0, 30), st.integers(0, 30))


@given(st.lists(corner, min_size=3, max_size=7))
def test_a_polygon_is_proper_exactly_when_shapely_says_so(polygon: list[tuple[float, float]]) -> None:
    repeated = any(polygon[i] == polygon[i - 1] for i in range(len(polygon)))
    assume(not repeated)  # shapely forgives a repeated corner, we name it
    shape = shapely.Polygon(polygon)
    assume(shape.area == 0 or shape.area >= 1)
    assert (polygon_problem(polygon) is None) == bool(shape.is_valid and shape.area > 0)


@given(
    st.lists(corner, min_size=3, max_size=7),
    st.lists(st.tuples(st.floats(-5, 35), st.floats(-5, 35)), max_size=20),
)
def test_inside_agrees_with_shapely(
    polygon: list[tuple[float, float]], points: list[tuple[float, float]]
) -> None:
    assume(polygon_problem(polygon) is None)
    shape = shapely.Polygon(polygon)
    clear = [p for p in points if shape.exterior.distance(shapely.Point(np.array(p, np.float32))) > 1e-3]
    expected = [shape.contains(shapely.Point(np.array(p, np.float32))) for p in clear]
    assert inside(polygon, np.array(clear, np.float32).reshape(-1, 2)).tolist() == expected


SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))


@pytest.mark.parametrize(
    ("homography", "expected"),
    [
        pytest.param((1, 0, 3, 0, 1, -2, 0, 0, 1), ((3, -2), (13, -2), (13, 8), (3, 8)), id="shifted"),
        pytest.param((0, -1, 0, 1, 0, 0, 0, 0, 1), ((0, 0), (0, 10), (-10, 10), (-10, 0)), id="turned"),
        pytest.param((1, 0, 0, 0, 1, 0, 0.1, 0, 1), ((0, 0), (5, 0), (5, 5), (0, 10)), id="seen-askew"),
    ],
)
def test_a_polygon_moves_with_the_picture(
    homography: tuple[float, ...], expected: tuple[tuple[float, float], ...]
) -> None:
    a, b, c, d, e, f, g, h, i = homography
    assert np.allclose(moved(SQUARE, (a, b, c, d, e, f, g, h, i)), expected)


def test_what_has_no_place_in_the_picture_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"no place for the corner \[10, 0\]"):
        moved(SQUARE, (1, 0, 0, 0, 1, 0, -0.1, 0, 1))


@given(
    st.lists(corner, min_size=3, max_size=7),
    st.tuples(st.floats(-5, 35), st.floats(-5, 35), st.floats(0.5, 30), st.floats(0.5, 30)),
)
def test_the_share_of_a_box_in_a_polygon_agrees_with_shapely(
    polygon: list[tuple[float, float]], place: tuple[float, float, float, float]
) -> None:
    assume(polygon_problem(polygon) is None)
    x, y, width, height = place
    expected = shapely.Polygon(polygon).intersection(shapely.box(x, y, x + width, y + height)).area
    share = share_inside((x, y, x + width, y + height), polygon)
    assert share == pytest.approx(expected / (width * height), abs=1e-6)


def test_a_box_without_area_has_no_share() -> None:
    assert share_inside((5, 5, 5, 8), SQUARE) == 0.0


@given(
    box=st.tuples(*[st.floats(0, 100)] * 2, *[st.floats(101, 200)] * 2),
    shift=st.floats(-300, 300),
)
def test_the_covered_share_of_a_box_is_what_another_one_shares_with_it(
    box: tuple[float, float, float, float], shift: float
) -> None:
    x0, y0, x1, y1 = box
    other = np.array([[x0 + shift, y0, x1 + shift, y1]], np.float32)
    expected = max(0.0, 1 - abs(shift) / (x1 - x0))
    assert covered_share(box, other) == pytest.approx(expected, abs=1e-4)
    assert covered_share(box, []) == 0
