"""Which polygons hold an anchor, against shapely and against the even-odd rule."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from lbzf_ros.core.geometry import inside, polygon_problem
from lbzf_ros.core.model import Anchor
from lbzf_ros.core.zone_map import ZoneMap

WIDTH_PX, HEIGHT_PX = 64, 48
LEFT = ((0, 0), (40, 0), (40, 48), (0, 48))
RIGHT = ((30, 0), (64, 0), (64, 48), (30, 48))

corner = st.tuples(st.integers(-10, WIDTH_PX + 10), st.integers(-10, HEIGHT_PX + 10))
polygons = st.lists(corner, min_size=3, max_size=7).filter(lambda polygon: polygon_problem(polygon) is None)
box = st.tuples(
    st.floats(0, WIDTH_PX, width=32), st.floats(0, HEIGHT_PX, width=32),
    st.floats(0, WIDTH_PX, width=32), st.floats(0, HEIGHT_PX, width=32),
).map(lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])))  # fmt: skip


def held_by(zone_map: ZoneMap, *boxes: tuple[float, float, float, float]) -> list[tuple[int, ...]]:
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    return [zone_map.sets[label] for label in zone_map.look_up(xyxy)]


@given(st.lists(polygons, min_size=1, max_size=4), st.lists(box, max_size=12), st.sampled_from(Anchor))
def test_it_agrees_with_shapely_farther_than_a_pixel_s_corner_from_a_side(
    zones: list[list[tuple[float, float]]], boxes: list[tuple[float, float, float, float]], anchor: Anchor
) -> None:
    found = held_by(ZoneMap(dict(enumerate(zones)), anchor, WIDTH_PX, HEIGHT_PX), *boxes)
    for (left, top, right, bottom), keys in zip(boxes, found, strict=True):
        x, y = (left + right) / 2, bottom if anchor is Anchor.FEET else (top + bottom) / 2
        point = shapely.Point(x, y)
        for key, zone in enumerate(zones):
            shape = shapely.Polygon(zone)
            if shape.exterior.distance(point) > 0.7072 and x < WIDTH_PX and y < HEIGHT_PX and x + y >= 2:
                assert (key in keys) == bool(shape.contains(point))


@given(polygons, st.lists(box, min_size=1, max_size=12))
def test_it_is_the_even_odd_rule_at_the_middle_of_the_corners_pixels(
    zone: list[tuple[float, float]], boxes: list[tuple[float, float, float, float]]
) -> None:
    found = held_by(ZoneMap({0: zone}, Anchor.BODY, WIDTH_PX, HEIGHT_PX), *boxes)
    middles = [((int(b[0]) + int(b[2]) + 1) / 2, (int(b[1]) + int(b[3]) + 1) / 2) for b in boxes]
    sure = [i for i, m in enumerate(middles) if shapely.LinearRing(zone).distance(shapely.Point(m)) > 1e-9]
    assume(all(x < WIDTH_PX and y < HEIGHT_PX for x, y in middles))
    assume((0.5, 0.5) not in middles)  # stands for all that lies above the picture
    expected = inside(zone, np.array(middles, np.float32))
    assert [found[i] == (0,) for i in sure] == [bool(expected[i]) for i in sure]


def test_where_zones_overlap_all_of_them_are_named() -> None:
    zone_map = ZoneMap({7: LEFT, 3: RIGHT}, Anchor.BODY, WIDTH_PX, HEIGHT_PX)
    assert held_by(zone_map, (10, 10, 20, 20), (30, 10, 40, 20), (50, 10, 60, 20)) == [(7,), (7, 3), (3,)]


def test_three_hundred_zones_are_told_apart() -> None:
    zones = {x: ((x * 2, 0), (x * 2 + 2, 0), (x * 2 + 2, 9), (x * 2, 9)) for x in range(300)}
    zone_map = ZoneMap(zones, Anchor.BODY, 600, 10)
    assert held_by(zone_map, *((x * 2, 0, x * 2 + 2, 8) for x in range(300))) == [(x,) for x in range(300)]


@pytest.mark.parametrize(
    ("box_px", "expected"),
    [
        pytest.param((50, 20, 60, 48), (3,), id="cut-at-the-lower-edge"),
        pytest.param((64, 20, 64, 48), (3,), id="a-sliver-in-the-corner"),
        pytest.param((0, 20, 0, 48), (7,), id="a-sliver-on-the-left"),
        pytest.param((50, 20, 60, 80), (), id="feet-below-the-picture"),
        pytest.param((60, 20, 80, 40), (), id="middle-right-of-the-picture"),
        pytest.param((-20, 20, 10, 40), (), id="middle-left-of-the-picture"),
        pytest.param((10, -90, 20, -50), (), id="above-the-picture"),
    ],
)
def test_the_picture_s_edge_belongs_to_it_and_what_lies_outside_is_in_no_zone(
    box_px: tuple[float, float, float, float], expected: tuple[int, ...]
) -> None:
    zone_map = ZoneMap({7: LEFT, 3: RIGHT}, Anchor.FEET, WIDTH_PX, HEIGHT_PX)
    assert held_by(zone_map, box_px) == [expected]


def test_nobody_and_zones_outside_the_picture_are_no_trouble() -> None:
    zone_map = ZoneMap({0: ((100, 0), (120, 0), (120, 20))}, Anchor.BODY, WIDTH_PX, HEIGHT_PX)
    assert zone_map.sets == ((),)
    assert held_by(zone_map) == []
    assert held_by(ZoneMap({}, Anchor.BODY, WIDTH_PX, HEIGHT_PX), (0, 0, 10, 10)) == [()]
