"""What the tracking package computes for every track and every pair of boxes, done faster, and how alike boxes are.

The package gives each track a filter with a matrix of 8 x 8, in which the four sides of a box do not know of one
another and are all as uncertain: so one matrix of 2 x 2, of place and speed, serves them all. The classes come in
through the package's own parameters; a test compares them with the package's. Figures:
docs/decisions/0013-association.md.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray
from trackers.utils.iou import BaseIoU
from trackers.utils.state_representations import BaseStateEstimator

_NOMINAL_TOLERANCE_S = 0.004
"""Steps that differ by less from the nominal one count as that, as in the package's process noise."""


class SideBySide(BaseStateEstimator):
    """A Kalman filter of constant velocity for the four sides of a box, with one covariance for all of them."""

    def __init__(self, bbox: NDArray[np.float64]) -> None:
        """Begin at a box (x_min, y_min, x_max, y_max) at rest."""
        self.kf = SimpleNamespace(measurement_noise=1.0, process_noise=1.0)  # type: ignore[assignment]
        self._sides, self._speed = np.array(bbox, np.float64), np.zeros(4)
        self._places, self._both, self._speeds = 1.0, 0.0, 1.0
        self._measured, self._process = 1.0, 1.0

    def set_kf_covariances(  # type: ignore[override]
        self, measurement_noise: float, process_noise: float
    ) -> None:
        """Take the variances of a measurement and of one nominal step, the same for every side."""
        self._measured, self._process = measurement_noise, process_noise

    def predict(self, frame_step: float = 1.0, frame_rate: float | None = None) -> None:
        """Go on by a step in frames at the nominal rate."""
        self._sides = self._sides + frame_step * self._speed
        variance = self._process
        if frame_rate and abs(frame_step - 1.0) <= _NOMINAL_TOLERANCE_S * frame_rate:
            noise = variance, 0.0, variance
        else:  # white noise of the acceleration over the step
            squared = frame_step * frame_step
            noise = variance * squared * squared / 4, variance * squared * frame_step / 2, variance * squared
        self._places += frame_step * (2 * self._both + frame_step * self._speeds) + noise[0]
        self._both += frame_step * self._speeds + noise[1]
        self._speeds += noise[2]

    def update(self, bbox: NDArray[np.float64] | None) -> None:
        """Take a measured box; None: there was none."""
        if bbox is None:
            return
        away = bbox - self._sides
        of_place = self._places / (self._places + self._measured)
        of_speed = self._both / (self._places + self._measured)
        self._sides = self._sides + of_place * away
        self._speed = self._speed + of_speed * away
        self._speeds -= of_speed * self._both
        self._places *= 1 - of_place
        self._both *= 1 - of_place

    def state_to_bbox(self) -> NDArray[np.float64]:
        """The box now."""
        return self._sides

    def bbox_to_measurement(self, bbox: NDArray[np.float64]) -> NDArray[np.float64]:
        """A measurement is the box."""
        return bbox

    def clamp_velocity(self, frame_step: float = 1.0) -> None:
        """Nothing to clamp: sides may move as they like."""

    def _create_filter(self, bbox: NDArray[np.float64]) -> None:  # type: ignore[override]
        """There is none: the state is in this object."""


class PlainIoU(BaseIoU):
    """Intersection over union of few boxes, without checking what the detector has checked."""

    def compute(self, boxes_1: NDArray[np.float64], boxes_2: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of every box (n, 4) with every other (m, 4): (n, m)."""
        if not len(boxes_1) or not len(boxes_2):
            return np.zeros((len(boxes_1), len(boxes_2)))
        return self._compute(boxes_1, boxes_2)

    def _compute(self, boxes_1: NDArray[np.float64], boxes_2: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second = boxes_1[:, None], boxes_2[None]
        sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
        np.maximum(sides, 0.0, out=sides)
        shared = sides[..., 0] * sides[..., 1]
        own, other = (
            (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]) for boxes in (first, second)
        )
        union = own + other - shared
        share: NDArray[np.float64] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        return share


class SameFloor(PlainIoU):
    """Intersection over union, less where the lower edges differ: people one behind the other stand on other floor."""

    _PER_HEIGHT = 2.0
    """Edges that differ by half the height of the higher box leave 1 / e of the overlap."""

    def _compute(self, boxes_1: NDArray[np.float64], boxes_2: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second = boxes_1[:, None], boxes_2[None]
        apart = np.abs(first[..., 3] - second[..., 3])
        height = np.maximum(first[..., 3] - first[..., 1], second[..., 3] - second[..., 1])
        share = super()._compute(boxes_1, boxes_2)
        alike: NDArray[np.float64] = share * np.exp(-self._PER_HEIGHT * apart / np.maximum(height, 1.0))
        return alike
