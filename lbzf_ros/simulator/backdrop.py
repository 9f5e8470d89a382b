"""The still parts of the picture: wall, windows, floor, aisle and the furniture. Painted once."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.simulator import furniture
from lbzf_ros.simulator.brush import Brush, Picture
from lbzf_ros.simulator.figure import Colour
from lbzf_ros.simulator.layout import HORIZON, Layout
from lbzf_ros.simulator.model import Point
from lbzf_ros.simulator.randomness import generator

# In units: shares of a picture 480 high.
_WALL_END, _AISLE = 144.0, (175.0, 252.0)
_FLOOR: Colour = (146, 156, 160)
_JOINT: Colour = (128, 138, 142)
_AISLE_LINE: Colour = (70, 178, 206)
_GRAIN = ((0.8, 0.022), (3.0, 0.010), (22.0, 0.02), (90.0, 0.05))
"""Size in pixels and strength of the texture's layers, from the finest."""


def paint(layout: Layout, *, seed: int, camera: str) -> tuple[Picture, Picture]:
    """The empty hall under clouds, and with sun through the window: uint8 (height, width, 3), bgr."""
    rng = generator(seed, camera, "backdrop")
    picture = np.full((layout.height_px, layout.width_px, 3), _FLOOR, np.uint8)
    brush = Brush(picture, 0.0, 0.0, layout.height_px / 480)
    wide = layout.width_px / brush.unit
    _floor(brush, wide)
    _wall(brush, wide, rng)
    for place in layout.places:
        furniture.table(brush, layout, place)
    for place in layout.places:
        furniture.machine(brush, layout, place)
        for zone in place.station.hand_zones:
            furniture.bin_at(brush, zone, rng)
    textured = picture * _texture(layout, rng)
    return _as_bytes(textured), _as_bytes(textured * _sun(brush, wide, rng))


def _floor(brush: Brush, wide: float) -> None:
    """Tiles toward a vanishing point, and the painted aisle."""
    vanishing = HORIZON * 480
    for i in range(-12, 13):
        end_x = wide / 2 + i * 80
        share = (_WALL_END - vanishing) / (480 - vanishing)
        brush.line((wide / 2 + share * (end_x - wide / 2), _WALL_END), (end_x, 480), _JOINT)
    y, step = _WALL_END, 24.0
    while y < 480:
        brush.line((0, y), (wide, y), _JOINT)
        y, step = y + step, step * 1.12
    for y in _AISLE:
        brush.box(0, y, wide, y + 5, _AISLE_LINE)


def _wall(brush: Brush, wide: float, rng: np.random.Generator) -> None:
    brush.box(0, 0, wide, _WALL_END, (188, 196, 192))
    brush.box(0, _WALL_END - 46, wide, _WALL_END - 5, (142, 150, 132))
    brush.box(0, _WALL_END - 5, wide, _WALL_END, (84, 88, 88))
    x = float(rng.uniform(-40, 60))
    while x < wide:
        _window(brush, x)
        column = x + float(rng.uniform(115, 150))
        brush.box(column, 0, column + 22, _WALL_END, (172, 180, 176))
        brush.box(column + 22, 0, column + 28, _WALL_END, (146, 152, 150))
        x = column + float(rng.uniform(60, 110))
    _shelf(brush, float(rng.uniform(0.05, 0.8)) * wide, rng)


def _window(brush: Brush, x: float) -> None:
    brush.box(x, 8, x + 96, 80, (120, 124, 122))
    for left in (x + 4, x + 50):
        brush.box(left, 12, left + 42, 76, (236, 230, 218))
        brush.fill([(left + 6, 76), (left + 26, 12), (left + 36, 12), (left + 16, 76)], (244, 240, 232))


def _shelf(brush: Brush, x: float, rng: np.random.Generator) -> None:
    """A rack with rolls and boxes against the wall."""
    right = x + 110
    brush.box(x, _WALL_END - 96, right, _WALL_END + 8, (96, 104, 108))
    for bottom in (_WALL_END - 66, _WALL_END - 34, _WALL_END - 2):
        brush.box(x + 3, bottom - 27, right - 3, bottom, (62, 66, 70))
        left = x + 6
        while left < right - 22:
            wide, high = float(rng.uniform(10, 20)), float(rng.uniform(12, 24))
            blue, green, red = (int(level) for level in rng.integers(70, 170, 3))
            brush.box(left, bottom - high, left + wide, bottom, (blue, green, red))
            left += wide + 2
        brush.box(x, bottom, right, bottom + 4, (128, 136, 140))


def _texture(layout: Layout, rng: np.random.Generator) -> NDArray[np.float32]:
    """Grain, dirt and uneven light as a factor: float32 (height, width, 1)."""
    shape = (layout.height_px, layout.width_px)
    factor = np.ones(shape, np.float32)
    for sigma, strength in _GRAIN:
        field = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), sigma)
        factor += strength * np.asarray(field, np.float32) / float(field.std())
    y, x = np.linspace(-1, 1, shape[0])[:, None], np.linspace(-1, 1, shape[1])[None]
    corners = np.asarray(1.04 - 0.12 * (x * x + y * y), np.float32)
    return np.asarray(factor * corners, np.float32)[..., None]


def _sun(brush: Brush, wide: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Sunshine as a factor, warm and with soft edges: float32 (height, width, 3)."""
    mask = np.zeros(brush.picture.shape[:2], np.float32)
    for i in range(3):
        x = (float(rng.uniform(0, 0.25)) + i * 0.38) * wide
        pane: list[Point] = [(x, 173), (x + 0.11 * wide, 173), (x + 0.2 * wide, 298), (x + 0.07 * wide, 298)]
        cv2.fillPoly(mask, [brush.corners(pane)], 1.0)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 8 * brush.unit), np.float32)[..., None]
    return np.asarray(1.03 + soft * np.asarray([0.14, 0.2, 0.24], np.float32), np.float32)


def _as_bytes(picture: NDArray[np.float32]) -> Picture:
    softened = cv2.GaussianBlur(picture.astype(np.float32), (3, 3), 0.7)
    return np.clip(np.rint(softened), 0, 255).astype(np.uint8)
