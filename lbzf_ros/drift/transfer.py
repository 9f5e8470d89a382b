"""Zones of an old view carried over to a new one, where they can be proposed to whoever sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core import geometry
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.drift.estimate import Matrix, estimate, moved
from lbzf_ros.drift.features import Features, find_features

Polygon = tuple[tuple[float, float], ...]
_MIN_KEPT = 0.5  # of a zone's area that must still be in the picture
_OLD, _NEW = (160, 160, 160), (60, 200, 60)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zone in the new view.

    Attributes:
        polygon_px: whole pixels, within the picture; None: it cannot be proposed.
        shift_px: how far the corner that moved most has moved.
        problem: why it cannot be proposed, or what to look at; empty: nothing.
    """

    polygon_px: Polygon | None
    shift_px: float
    problem: str = ""


def find_move(old: Features, picture: NDArray[np.uint8]) -> Matrix:
    """How the view has moved since the old picture.

    Args:
        old: its features.
        picture: the new one (height, width, 3), of the same size.

    Raises:
        InvalidValue: the two do not show the same place, as far as can be told.
    """
    height_px, width_px = picture.shape[:2]
    found = estimate(old, find_features(picture), width_px, height_px)
    if found is None:
        raise InvalidValue(
            "the old view is not recognised in the picture: too few features agree, or they are all in one corner. "
            "Take a picture with light and without people close to the camera; after a large move, draw the zones anew"
        )
    return found.matrix


def propose(polygon_px: Polygon, matrix: Matrix, width_px: int, height_px: int) -> Proposal:
    """Carry a zone over."""
    corners = moved(matrix, np.array(polygon_px, np.float64))
    shift_px = float(np.linalg.norm(corners - np.array(polygon_px), axis=1).max())
    whole = tuple((float(x), float(y)) for x, y in corners)
    kept = geometry.clipped(whole, (0, 0, width_px, height_px))
    if not kept:
        return Proposal(None, shift_px, "it is no longer in the picture")
    rounded = _without_repeats([(float(round(x)), float(round(y))) for x, y in kept])
    if problem := geometry.polygon_problem(rounded):
        return Proposal(None, shift_px, f"what is left of it in the picture {problem}")
    share = abs(geometry.signed_area_px2(rounded) / geometry.signed_area_px2(whole))
    if share < _MIN_KEPT:
        return Proposal(None, shift_px, f"only {share:.0%} of it is still in the picture")
    cut = "" if share > 0.97 else f"cut at the edge: {share:.0%} of it is in the picture"
    return Proposal(tuple(rounded), shift_px, cut)


def draw(
    picture: NDArray[np.uint8], zones: Sequence[tuple[str, Polygon, Polygon | None]]
) -> NDArray[np.uint8]:
    """The new picture with the zones and their names: where they were (grey), where they are proposed (green)."""
    drawn: NDArray[np.uint8] = picture.copy()
    for _, before, _ in zones:
        cv2.polylines(drawn, [_pixels(before)], True, _OLD, 1, cv2.LINE_AA)
    for name, _, after in zones:
        if after is not None:
            cv2.polylines(drawn, [_pixels(after)], True, _NEW, 2, cv2.LINE_AA)
            x, y = _pixels(after).min(axis=0)
            place = (int(x) + 4, max(14, int(y) + 16))
            cv2.putText(drawn, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _NEW, 1, cv2.LINE_AA)
    return drawn


def _pixels(polygon: Polygon) -> NDArray[np.int32]:
    return np.asarray(np.rint(np.array(polygon)), np.int32)


def _without_repeats(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Corners that rounding has brought together, once."""
    return [corner for i, corner in enumerate(corners) if corner != corners[i - 1]]
