"""Polygons: which are proper, and what lies in them. Shapely is the independent judge."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from lbzf_ros.core.geometry import inside, polygon_problem


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
