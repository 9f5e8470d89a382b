"""A small room with people in it, drawn: pictures for which the right answer is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import NS_PER_S, Boxes
from lbzf_ros.detectors.base import Detector

Image = NDArray[np.uint8]
WIDTH_PX, HEIGHT_PX = 640, 480
START_NS = 1_700_000_000 * NS_PER_S
BLUE, RED = (120, 60, 30), (40, 40, 140)


def room(width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> Image:
    """A wall with a texture, a floor and a shelf."""
    rng = np.random.default_rng(7)
    surface = np.full((height_px, width_px, 3), (190, 195, 200), np.float64)
    surface[int(height_px * 0.7) :] = (90, 120, 150)
    surface += cv2.GaussianBlur(rng.normal(0, 40, surface.shape), (0, 0), 3)
    picture: Image = np.clip(surface, 0, 255).astype(np.uint8)
    cv2.rectangle(picture, (10, 60), (70, 150), (70, 90, 110), -1)
    return picture


def person(
    picture: Image,
    x_px: float,
    feet_px: float = 440,
    height_px: float = 260,
    shirt: tuple[int, int, int] = BLUE,
) -> Image:
    """The picture with somebody who stands with his feet at (x, feet): head, body, arms and two legs."""
    drawn: Image = picture.copy()
    unit = height_px / 100
    trousers = (45, 40, 40)

    def at(across: float, up: float) -> tuple[int, int]:
        return round((x_px + across * unit) * 16), round((feet_px - up * unit) * 16)

    def limb(
        a: tuple[float, float], b: tuple[float, float], width: float, colour: tuple[int, int, int]
    ) -> None:
        cv2.line(drawn, at(*a), at(*b), colour, max(1, round(width * unit)), cv2.LINE_AA, 4)

    for side in (-1, 1):
        limb((side * 6, 48), (side * 8, 4), 9, trousers)
        limb((side * 12, 78), (side * 15, 50), 6, shirt)
    limb((0, 76), (0, 52), 24, shirt)
    cv2.circle(drawn, at(0, 93), round(7 * unit * 16), (60, 80, 110), -1, cv2.LINE_AA, 4)
    return drawn


def noisy(picture: Image, seed: int, sigma: float = 3.0) -> Image:
    """The picture as a sensor gives it."""
    noise = np.empty(picture.shape, np.int16)
    cv2.setRNGSeed(seed + 1)
    cv2.randn(noise, np.zeros(1), np.full(1, sigma))
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


def watch(
    detector: Detector,
    paint: Callable[[float], Image],
    until_s: float,
    *,
    fps: float = 5.0,
    sigma: float = 3.0,
) -> Iterator[tuple[float, Boxes]]:
    """Show a detector what `paint` draws for each moment, noise added; gives time and boxes."""
    for i in range(round(until_s * fps)):
        t_s = i / fps
        yield t_s, detector.detect(noisy(paint(t_s), i, sigma), START_NS + round(t_s * NS_PER_S))


def middles(boxes: Boxes) -> list[float]:
    """The horizontal middle of each box, from left to right, pixels."""
    return sorted(float(x) for x in (boxes.xyxy[:, 0] + boxes.xyxy[:, 2]) / 2)
