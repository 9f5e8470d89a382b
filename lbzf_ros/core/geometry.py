"""Polygons in the picture: are they proper, and which points lie in them. Coordinates are pixels."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import Homography

Point = tuple[float, float]
Polygon = tuple[Point, ...]


def polygon_problem(polygon: Sequence[Point]) -> InvalidValue | None:
    """What is wrong with a polygon, for whoever drew it; None when it is a simple polygon."""
    if len(polygon) < 3:
        return InvalidValue(f"has {len(polygon)} corners, needs at least 3", "zone_corners", least=3)
    if not all(math.isfinite(value) for corner in polygon for value in corner):
        return InvalidValue("has a corner that is not a number", "not_a_number")
    sides = [(polygon[i], polygon[(i + 1) % len(polygon)]) for i in range(len(polygon))]
    for i, (a, b) in enumerate(sides):
        if a == b:
            return InvalidValue(
                f"has the same corner [{a[0]:g}, {a[1]:g}] twice in a row", "zone_corner_twice"
            )
        for j in range(i + 1, len(sides)):
            neighbours = j == i + 1 or (i == 0 and j == len(sides) - 1)
            if _cross(a, b, *sides[j], share_corner=neighbours):
                return InvalidValue(f"crosses itself: side {i + 1} meets side {j + 1}", "zone_crosses")
    if abs(signed_area_px2(polygon)) < 1:
        return InvalidValue("has no area", "zone_without_area")
    return None


def signed_area_px2(polygon: Sequence[Point]) -> float:
    """Area by the shoelace formula, square pixels; the sign tells the direction of the corners."""
    shifted = [*polygon[1:], polygon[0]]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(polygon, shifted, strict=True)) / 2


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _within(a: Point, b: Point, c: Point) -> bool:
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _cross(a: Point, b: Point, c: Point, d: Point, *, share_corner: bool) -> bool:
    """Whether the segments ab and cd touch; neighbours may share their corner but not run back on each other."""
    abc, abd, cda, cdb = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if share_corner:
        far, corner = (d, b) if b == c else (c, a)
        near = a if corner == b else b
        toward = (near[0] - corner[0]) * (far[0] - corner[0]) + (near[1] - corner[1]) * (far[1] - corner[1])
        return _side(a, b, far) == 0 and toward > 0
    if (abc > 0) != (abd > 0) and (cda > 0) != (cdb > 0) and 0 not in (abc, abd, cda, cdb):
        return True
    touching = ((abc, a, b, c), (abd, a, b, d), (cda, c, d, a), (cdb, c, d, b))
    return any(side == 0 and _within(p, q, r) for side, p, q, r in touching)


def inside(polygon: Sequence[Point], points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which points lie in a polygon (even-odd rule).

    Args:
        polygon: corners in pixels.
        points: (n, 2) x and y in pixels.

    Returns:
        bool (n,).
    """
    corners = np.asarray(polygon, np.float64)
    following = np.roll(corners, -1, axis=0)
    x, y = points[:, :1].astype(np.float64), points[:, 1:].astype(np.float64)
    spans = (corners[:, 1] > y) != (following[:, 1] > y)
    rise = following[:, 1] - corners[:, 1]
    slope = np.divide(following[:, 0] - corners[:, 0], rise, out=np.zeros(len(corners)), where=rise != 0)
    left_of_side = x < corners[:, 0] + slope * (y - corners[:, 1])
    return np.asarray((spans & left_of_side).sum(axis=1) % 2 == 1)


@functools.lru_cache(maxsize=1024)
def moved(polygon: Polygon, homography: Homography) -> Polygon:
    """Where a polygon lies after the picture's content has moved; remembered, because it is asked for every picture.

    Raises:
        InvalidValue: the homography takes a corner to infinity or behind the camera.
    """
    a, b, c, d, e, f, g, h, i = homography
    corners = []
    for x, y in polygon:
        depth = g * x + h * y + i
        if not depth > 0:
            raise InvalidValue(f"homography {homography} has no place for the corner [{x:g}, {y:g}]")
        corners.append(((a * x + b * y + c) / depth, (d * x + e * y + f) / depth))
    return tuple(corners)


def share_inside(box: Sequence[float], polygon: Sequence[Point]) -> float:
    """Share 0..1 of a box's area that lies in a simple polygon; 0 for a box without area.

    The polygon is clipped by the box (Sutherland and Hodgman, 1974); a notched one may fall into parts that stay
    joined by lines without area, so the area is right all the same.
    """
    left, top, right, bottom = box
    area_px2 = (right - left) * (bottom - top)
    if not area_px2 > 0:
        return 0.0
    corners = clipped(polygon, box)
    return min(1.0, abs(signed_area_px2(corners)) / area_px2) if corners else 0.0


def covered_share(box: Sequence[float], others: Iterable[Sequence[float]]) -> float:
    """Largest share 0..1 of a box (x_min, y_min, x_max, y_max) that one of other boxes covers.

    Without NumPy: of the few boxes that there are it takes a tenth of the time.
    """
    left, top, right, bottom = box
    common = 0.0
    for other_left, other_top, other_right, other_bottom in others:
        wide = min(other_right, right) - max(other_left, left)
        tall = min(other_bottom, bottom) - max(other_top, top)
        if wide > 0 and tall > 0:
            common = max(common, wide * tall)
    return common / max((right - left) * (bottom - top), 1e-9)


def clipped(polygon: Sequence[Point], box: Sequence[float]) -> list[Point]:
    """The part of a polygon that lies in a box (x_min, y_min, x_max, y_max); nothing when they are apart."""
    left, top, right, bottom = box
    corners = list(polygon)
    for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, top, 1), (1, bottom, -1)):
        if corners:
            corners = _clipped(corners, axis, limit, sign)
    return corners


def _clipped(corners: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    """The part of a polygon with sign * coordinate >= sign * limit."""
    kept: list[Point] = []
    before = corners[-1]
    before_in = (before[axis] - limit) * sign >= 0
    for corner in corners:
        corner_in = (corner[axis] - limit) * sign >= 0
        if corner_in != before_in:
            part = (limit - before[axis]) / (corner[axis] - before[axis])
            other = before[1 - axis] + part * (corner[1 - axis] - before[1 - axis])
            kept.append((limit, other) if axis == 0 else (other, limit))
        if corner_in:
            kept.append(corner)
        before, before_in = corner, corner_in
    return kept
