"""Light that changes slowly, and the camera's own noise."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.simulator.randomness import generator

_MARGIN_PX = 64
_LUMA_SIGMA, _CHROMA_SIGMA = 3.2, 1.4


class Light:
    """Daylight and lamps: brightness and the share of sunshine at any time."""

    def __init__(self, *, seed: int, camera: str) -> None:
        self._phases = generator(seed, camera, "light").uniform(0, 2 * math.pi, 5)

    def gain(self, t_s: float) -> float:
        """Brightness of everything, about 0.9 to 1.1, changing over minutes."""
        a, b, c, _, _ = self._phases
        slow = 0.05 * math.sin(2 * math.pi * t_s / 1500 + a) + 0.03 * math.sin(2 * math.pi * t_s / 410 + b)
        return 1.0 + slow + 0.012 * math.sin(2 * math.pi * t_s / 97 + c)

    def sunshine(self, t_s: float) -> float:
        """0 clouds to 1 sun through the window, over minutes."""
        _, _, _, d, e = self._phases
        wave = math.sin(2 * math.pi * t_s / 900 + d) + 0.6 * math.sin(2 * math.pi * t_s / 340 + e)
        return min(max(0.5 + 0.6 * wave, 0.0), 1.0)


class Noise:
    """Sensor noise from a pool made once: each picture takes another window of it."""

    def __init__(self, width_px: int, height_px: int, *, seed: int, camera: str) -> None:
        self._size, self._key = (width_px, height_px), (seed, camera, "noise")
        rng = generator(*self._key)
        shape = (height_px + _MARGIN_PX, width_px + _MARGIN_PX)
        luma = rng.standard_normal((*shape, 1), np.float32) * _LUMA_SIGMA
        noise = np.rint(luma + rng.standard_normal((*shape, 3), np.float32) * _CHROMA_SIGMA)
        self._above = np.clip(noise, 0, 255).astype(np.uint8)
        self._below = np.clip(-noise, 0, 255).astype(np.uint8)

    def add(self, picture: NDArray[np.uint8], picture_id: int, strength: float = 1.0) -> None:
        """Add the noise that belongs to a picture number, in place; `strength` 1 is that of good light."""
        width, height = self._size
        x, y = (int(offset) for offset in generator(*self._key, picture_id).integers(0, _MARGIN_PX, 2))
        above, below = (pool[y : y + height, x : x + width] for pool in (self._above, self._below))
        if strength != 1:
            above, below = (
                np.asarray(cv2.convertScaleAbs(part, alpha=strength), np.uint8) for part in (above, below)
            )
        cv2.add(picture, above, dst=picture)
        cv2.subtract(picture, below, dst=picture)
