"""Painting in lengths that scale with the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.simulator.figure import Colour
from lbzf_ros.simulator.model import Point

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Brush:
    """Paints around a point of the picture; one unit is a pixel in a picture 480 px high.

    Attributes:
        picture: uint8 (height, width, 3), bgr, painted in place.
        x: the point in pixels.
        y: the point in pixels.
        unit: pixels in one unit.
    """

    picture: Picture
    x: float
    y: float
    unit: float

    def to(self, x: float, y: float) -> Brush:
        """The same brush at another point, in pixels."""
        return Brush(self.picture, x, y, self.unit)

    def corners(self, points: Sequence[Point]) -> NDArray[np.int32]:
        """Points in units as pixels: int32 (n, 2)."""
        return np.rint(np.asarray(points) * self.unit + (self.x, self.y)).astype(np.int32)

    def fill(self, points: Sequence[Point], colour: Colour) -> None:
        """A polygon with corners in units."""
        cv2.fillPoly(self.picture, [self.corners(points)], colour, cv2.LINE_AA)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """An upright rectangle in units."""
        self.fill([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def line(self, start: Point, end: Point, colour: Colour) -> None:
        """A thin line between points in units."""
        a, b = self.corners([start, end]).tolist()
        cv2.line(self.picture, a, b, colour, max(1, round(self.unit)), cv2.LINE_AA)

    def ellipse(self, centre: Point, radius_x: float, radius_y: float, colour: Colour) -> None:
        """A filled ellipse in units."""
        middle = self.corners([centre])[0].tolist()
        axes = round(radius_x * self.unit), round(radius_y * self.unit)
        cv2.ellipse(self.picture, middle, axes, 0, 0, 360, colour, -1, cv2.LINE_AA)

    def text(self, at: Point, text: str, colour: Colour) -> None:
        """Small letters; `at` is the left end of their base line in units."""
        corner = self.corners([at])[0].tolist()
        cv2.putText(
            self.picture, text, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.38 * self.unit, colour, 1, cv2.LINE_AA
        )

    def shade(self, points: Sequence[Point], factor: float) -> None:
        """Darken a polygon with soft edges."""
        mask = np.zeros(self.picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [self.corners(points)], 255)
        weight = cv2.GaussianBlur(mask, (0, 0), 6 * self.unit)[..., None] / 255.0
        self.picture[:] = np.rint(self.picture * (1 - (1 - factor) * weight)).astype(np.uint8)
