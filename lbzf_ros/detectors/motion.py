"""How much of a zone moves: for hands that reach into a bin, where no box of a person says anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.geometry import Polygon, moved
from lbzf_ros.core.model import UNKNOWN, Homography, ViewShift, Zone
from lbzf_ros.detectors.masks import Mask
from lbzf_ros.detectors.view import Image, shrunk

Array = NDArray[np.float32]
_WORKING_SIDE_PX = 240  # the picture's shorter side is shrunk to about this
_LEAST_STEP = 12.0  # grey levels that a pixel must change to have moved, however clean the picture is
_NOISE_FACTOR = 4.0  # or so many standard deviations of the noise
_LIGHT_ERROR = 0.2  # and, where it has become brighter or darker, so much of that
_MAX_RELIGHT = 1.5  # factor by which the picture gets brighter or darker when the light is switched
_MAX_MOVING = 0.25  # share of the picture that people move at once; more is light, or the camera, or a cart
_CALM_MOVING, _CALM_PICTURES = 0.03, 5  # share that moves when such a thing is over, and pictures it may take
_GRID = 3  # light, noise and jumps are estimated on every third pixel of every third row
_USEFUL_LEVELS = (16, 250)  # too dark to say how much brighter it has become, and as bright as the sensor can
_BAND_ROWS = 4  # rows of the grid that share one brightness: the bands of a flickering lamp are higher
_LEAST_RELIGHT = 0.02  # a smaller change of brightness is none
_JUMP_PX = (0.2, 2.0)  # of the whole picture, working pixels: less is none, more is a camera that swings
_STILL = 4.0  # grey levels by which a pixel may change besides when it follows the jump
_JUMP_EXPLAINS = 0.9  # of the difference is left at most when a jump is taken out
_EDGE, _EDGE_SHARE = (
    8.0,
    0.15,
)  # least step of an edge, grey levels a pixel, and most of the picture that is edges
_EDGE_CHANGE = 0.3  # of its step by which an edge may change; when half of them change more, they have left


class ZoneMotion:
    """Compares the zones of one camera with the picture before.

    Taken out are what the light does (by the median factor of each band of rows, because a flickering lamp lights
    the rows of one picture differently), what the camera does (a small jump of the whole picture), and what single
    pixels do by themselves (the sensor's noise, by a threshold above its median deviation). All three come from the
    whole picture, because a hand may fill a small zone.
    """

    def __init__(self, zones: Mapping[str, Zone]) -> None:
        """Watch some zones, by name, in pixels of the pictures that will come."""
        self._zones = dict(zones)
        self._masks: dict[str, tuple[Homography | None, NDArray[np.bool_]]] = {}
        self._before: _Picture | None = None
        self._unsettled = 0
        self._size: tuple[int, ...] = ()

    def update(self, image_bgr: NDArray[np.uint8], shifts: Sequence[ViewShift] = ()) -> dict[str, float]:
        """Share 0..1 of each zone's pixels that moved since the last picture; NaN where that is not known.

        It is not known in the first picture, after a change of size, when the light was switched, while the camera
        swings, and for a zone that has moved out of the picture.

        Args:
            image_bgr: (height, width, 3).
            shifts: where the zones are now; a zone in none of them, or without a homography, is where it was drawn.
        """
        if not self._zones:
            return {}
        small, factor = shrunk(image_bgr, _WORKING_SIDE_PX)
        now = _Picture(small, np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8))
        before, self._before = self._before, now
        size, self._size = self._size, image_bgr.shape
        if size != image_bgr.shape:
            self._masks.clear()
            before = None
        change = None if before is None else _changed(before, now)
        if before is not None and not self._is_settled(change):
            change = None
        if change is None:
            return dict.fromkeys(self._zones, UNKNOWN)
        places = {version: shift.homography for shift in shifts for version in shift.roi_version_ids}
        return {
            name: change.share(self._mask(name, zone, places.get(zone.roi_version_id), factor, now.grey))
            for name, zone in self._zones.items()
        }

    def pass_over(self) -> dict[str, float]:
        """Instead of `update` for a picture that tells nothing: all NaN, and the comparison begins anew after it."""
        self._before, self._unsettled = None, _CALM_PICTURES
        return dict.fromkeys(self._zones, UNKNOWN)

    def _is_settled(self, change: _Change | None) -> bool:
        """Whether light and view are at rest again after something changed the whole picture."""
        if change is None:
            self._unsettled = _CALM_PICTURES
        elif self._unsettled:
            self._unsettled = 0 if change.whole < _CALM_MOVING else self._unsettled - 1
        return self._unsettled == 0

    def _mask(
        self, name: str, zone: Zone, place: Homography | None, factor: int, grey: Mask
    ) -> NDArray[np.bool_]:
        held = self._masks.get(name)
        if held is None or held[0] != place:
            held = self._masks[name] = (place, _inside(_placed(zone.polygon_px, place), factor, grey))
        return held[1]


def _placed(polygon: Polygon, place: Homography | None) -> Polygon:
    """A polygon where it is now; without corners when that is behind the camera."""
    if place is None:
        return polygon
    try:
        return moved(polygon, place)
    except InvalidValue:
        return ()


def _inside(polygon_px: Polygon, factor: int, grey: Mask) -> NDArray[np.bool_]:
    """bool (h, w): the pixels of a polygon; the nearest one when it is smaller than a pixel. None may be left."""
    mask = np.zeros(grey.shape, np.uint8)
    if polygon_px:
        corners = np.asarray(polygon_px, np.float64) / factor
        cv2.fillPoly(mask, [np.rint(corners - 0.5).astype(np.int32)], (1.0,))
        height, width = grey.shape
        x, y = corners.mean(axis=0).tolist()
        if not mask.any() and 0 <= x <= width and 0 <= y <= height:
            mask[min(int(y), height - 1), min(int(x), width - 1)] = 1
    return mask > 0


class _Picture(NamedTuple):
    """A picture at working size: uint8 (h, w, 3), and its grey, uint8 (h, w)."""

    image: Image
    grey: Mask


class _Change(NamedTuple):
    """bool (h, w): which pixels moved, and where light hides whether they did (None: nowhere)."""

    moving: NDArray[np.bool_]
    dazzled: NDArray[np.bool_] | None

    @property
    def whole(self) -> float:
        """Share 0..1 of the whole picture that moves."""
        return float(self.moving[::_GRID, ::_GRID].mean())

    def share(self, zone: NDArray[np.bool_]) -> float:
        """Share 0..1 of a zone's pixels that moved; NaN when there are none, or most are dazzled."""
        told = zone if self.dazzled is None else zone & ~self.dazzled
        count = np.count_nonzero(told)
        enough = count > 0 and 2 * count >= np.count_nonzero(zone)
        return float(np.count_nonzero(self.moving & told) / count) if enough else UNKNOWN


def _changed(before: _Picture, now: _Picture) -> _Change | None:
    """What changed by more than light, camera and noise do.

    None when the light was switched, the camera swings, or more changed than people can change.
    """
    relight = _relight(before.grey, now.grey)
    if relight is None:
        return None
    expected = before.grey.astype(np.float32)
    dazzled = None
    if len(relight):
        expected *= relight
        blue, green, red = cv2.split(cv2.max(before.image, now.image))
        dazzled = np.asarray(cv2.max(cv2.max(blue, green), red) >= _USEFUL_LEVELS[1], bool)
        np.copyto(expected, now.grey, where=dazzled)
    change = _without_jump(expected, now.grey)
    if change is None:
        return None
    sample = change[::_GRID, ::_GRID]
    light = float(np.median(sample))
    # 1.48 times the median deviation is the standard deviation of normal noise.
    noise = 1.48 * float(np.median(np.abs(sample - light)))
    limit: float | NDArray[np.floating[Any]] = max(_LEAST_STEP, _NOISE_FACTOR * noise)
    if len(relight):
        limit = limit + np.float32(_LIGHT_ERROR) * np.abs(relight - 1) * before.grey
    found = _Change(np.asarray(np.abs(change - np.float32(light)) > limit, bool), dazzled)
    return None if found.whole > _MAX_MOVING else found


def _relight(before: Mask, now: Mask) -> Array | None:
    """By which factor each row has become brighter: float32 (h, 1), empty: by none; None: light was switched."""
    old, new = (grey[::_GRID, ::_GRID].astype(np.float32) for grey in (before, now))
    least, most = _USEFUL_LEVELS
    useful = (old >= least) & (old < most) & (new < most)
    if 20 * np.count_nonzero(useful) < useful.size:
        return np.zeros((0, 1), np.float32)
    factor = new / np.maximum(old, least)
    whole = float(np.median(factor[useful]))
    if not 1 / _MAX_RELIGHT <= whole <= _MAX_RELIGHT:
        return None
    factor[~useful] = whole
    bands = len(factor) // _BAND_ROWS
    if bands < 2:
        return np.full((len(before), 1), whole, np.float32)
    light = np.median(factor[: bands * _BAND_ROWS].reshape(bands, -1), axis=1)
    if float(np.abs(light - 1).max()) < _LEAST_RELIGHT:
        return np.zeros((0, 1), np.float32)
    middles = (np.arange(bands) + 0.5) * _BAND_ROWS * _GRID - 0.5
    return np.interp(np.arange(len(before)), middles, light).astype(np.float32)[:, None]


def _without_jump(expected: Array, now: Mask) -> Array | None:
    """Float32 (h, w): what has changed besides a small jump of the whole picture; None when the camera swings."""
    change = np.asarray(now - expected, np.float32)
    height, width = (side - side % _GRID for side in now.shape)
    grid = expected[:height, :width]
    half = np.float32(0.5)
    across = np.asarray(half * (grid[1::_GRID, 2::_GRID] - grid[1::_GRID, ::_GRID]), np.float32)
    down = np.asarray(half * (grid[2::_GRID, 1::_GRID] - grid[::_GRID, 1::_GRID]), np.float32)
    sample = np.s_[1:height:_GRID, 1:width:_GRID]
    jump = _jump(change[sample], across, down)
    far_px = max(abs(jump[0]), abs(jump[1]))
    if far_px > _JUMP_PX[1]:
        return None
    if far_px > _JUMP_PX[0]:
        rest = np.asarray(now - _shifted(expected, jump), np.float32)
        if np.abs(rest).mean() < _JUMP_EXPLAINS * np.abs(change).mean():
            change = rest
    steps = np.hypot(across, down)
    weakest = round((1 - _EDGE_SHARE) * (steps.size - 1))
    edges = steps > max(_EDGE, float(np.partition(steps, weakest, axis=None)[weakest]))
    left = np.abs(change[sample][edges]) > _EDGE_CHANGE * steps[edges]
    return None if 2 * np.count_nonzero(left) > left.size else change


def _jump(change: Array, across: Array, down: Array) -> tuple[float, float]:
    """By how far the whole picture has moved in x and y, working pixels: what explains the still pixels' change best.

    Least squares (Lucas and Kanade, 1981), which is exact for the fractions of a pixel that matter here.
    """
    still = np.abs(change) <= _JUMP_PX[1] * (np.abs(across) + np.abs(down)) + _STILL
    slopes = np.stack([across[still], down[still]])
    squares = slopes @ slopes.T
    if float(np.linalg.det(squares)) < 1.0:
        return 0.0, 0.0
    x, y = (-np.linalg.solve(squares, slopes @ change[still])).tolist()
    return x, y


def _shifted(picture: Array, by: tuple[float, float]) -> Array:
    step = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float32)
    size = picture.shape[::-1]
    return np.asarray(cv2.warpAffine(picture, step, size, borderMode=cv2.BORDER_REPLICATE), np.float32)
