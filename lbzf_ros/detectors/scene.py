"""What has changed in a fixed camera's view: a background model that follows the light and forgets nobody.

Every pixel has a mean colour and a variance. Three things differ from an ordinary running average:

- light that changes everywhere by the same factor (exposure, sunset) is taken out before comparing, and the
  factor is applied to the model below people too;
- nothing is learnt where the caller says that a person stands, however long he stands still;
- elsewhere, what stays different for `absorb_s` (a moved chair) becomes background at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.light import LightCurve
from lbzf_ros.detectors.settings import DetectorSettings
from lbzf_ros.core.model import NS_PER_S

Mask = NDArray[np.uint8]
_GRID = 5  # light and noise are estimated on every fifth pixel of every fifth row
_FULL_CONTRAST_LEVEL = (
    110.0  # mean brightness at which min_contrast holds; a darker picture has less contrast
)
_LEAST_CONTRAST_FACTOR = 0.4
_SHADOW = (0.5, 1.3)  # brightness of a shadow, or of a light spot, relative to the background
_SHADOW_COLOUR = 12.0  # grey levels by which its colour may differ besides
_MEDIAN_TO_RMS = 0.8  # from the largest of three absolute differences of two pictures to the noise of one


@dataclass(slots=True, eq=False)
class View:
    """One picture compared with the background, at working size (height, width).

    Attributes:
        image: uint8 (h, w, 3), smoothed.
        difference: float32 (h, w), largest difference of the three channels, grey levels.
        limit: float32 (h, w), above which a difference is foreground.
        foreground: uint8 (h, w), 1 where the picture differs from the background.
        solid: uint8 (h, w), foreground that is not merely the background a little darker or brighter.
        moving: uint8 (h, w), 1 where it differs from the picture before.
        elapsed_s: seconds since the picture before, 0 for the first.
        scale: picture pixels in one working pixel, in x and in y.
        doubtful: uint8 (h, w), 1 where the background may show a person: it became background lately.
        relit: the light was switched: everything but people was learnt anew, `moving` says nothing.
    """

    image: NDArray[np.uint8]
    difference: NDArray[np.float32]
    limit: NDArray[np.float32]
    foreground: Mask
    solid: Mask
    moving: Mask
    doubtful: Mask
    elapsed_s: float
    scale: int
    relit: bool = False


class Scene:
    """The background of one camera."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._stamp_ns: int | None = None
        self._age_s = 0.0
        self._noise = 0.0
        self._mean: NDArray[np.float32] = np.zeros((0, 0, 3), np.float32)
        self._reset(self._mean)

    def look(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> View:
        """Compare a picture with the background, without learning from it."""
        image, scale = self._shrink(image_bgr)
        if image.shape != self._mean.shape:
            self._reset(image.astype(np.float32))
            self._stamp_ns = None
        elapsed_s = 0.0 if self._stamp_ns is None else max(0.0, (stamp_ns - self._stamp_ns) / NS_PER_S)
        self._stamp_ns = stamp_ns
        before, different = self._expected, self._foreground
        self._follow_light(image)
        moving = self._moving(image)
        view = self._compare(image, moving, elapsed_s, scale)
        if self._is_relit(view):
            self._relight(image, before, self._people | cv2.dilate(different, np.ones((9, 9), np.uint8)))
            view = self._compare(image, np.zeros_like(moving), elapsed_s, scale)
            view.relit = True
        else:
            self._noise = self._typical(self._change, self._noise)
        self._previous = image
        self._share = cv2.countNonZero(view.foreground) / view.foreground.size
        return view

    def learn(self, view: View, people: Mask, ghosts: Mask) -> None:
        """Learn from a picture that was looked at.

        Args:
            view: what `look` gave for it.
            people: uint8 (h, w), 1 where nothing is to be learnt.
            ghosts: uint8 (h, w), 1 where the picture is the background from now on.
        """
        s, elapsed_s = self._settings, view.elapsed_s
        self._people = people
        self._age_s += elapsed_s
        free = 1 - people
        still = free & (1 - view.foreground)
        rate = 1 - math.exp(-elapsed_s / s.learn_s)
        if self._age_s < s.learn_s:  # a young model is a plain average
            rate = max(rate, elapsed_s / (self._age_s + elapsed_s)) if elapsed_s else 0.0
        if not people.any():
            self._mean = self._expected
            self._light.forget()
        rest = cv2.subtract(view.image.astype(np.float32), self._expected)
        cv2.accumulateWeighted(self._mean + rest, self._mean, rate, still)
        square = view.difference * view.difference
        cv2.accumulateWeighted(square, self._variance, rate, still)
        different = free & view.foreground
        # What trembles for long (a machine) becomes less sensitive; who passes by leaves hardly a trace.
        cv2.accumulateWeighted(cv2.min(square, view.limit * view.limit), self._variance, rate / 16, different)
        self._different_s = np.where(
            different, self._different_s + elapsed_s, self._different_s - 2 * elapsed_s
        )
        np.maximum(self._different_s, 0, out=self._different_s)
        self._different_s[people > 0] = 0
        self._doubt_s -= elapsed_s
        self._absorb(view.image, (self._different_s > s.absorb_s) | (ghosts > 0))

    def background(self) -> NDArray[np.uint8]:
        """The background as a picture: uint8 (h, w, 3)."""
        return cv2.convertScaleAbs(self._expected)

    def _absorb(self, image: NDArray[np.uint8], where: NDArray[np.bool_]) -> None:
        if where.any():
            self._mean[where] = self._light.undo(image[where].astype(np.float32))
            self._different_s[where] = 0
            self._doubt_s[where] = self._settings.doubt_s

    def _shrink(self, image_bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
        factor = max(1, round(min(image_bgr.shape[:2]) / self._settings.working_side_px))
        height, width = (side - side % factor for side in image_bgr.shape[:2])
        # A whole factor, and sides that divide by it: any other ratio costs OpenCV ten times as long.
        size = width // factor, height // factor
        small = cv2.resize(image_bgr[:height, :width], size, interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(small, (3, 3), 0), factor

    def _reset(self, mean: NDArray[np.float32]) -> None:
        shape = mean.shape[:2]
        self._mean = self._expected = mean
        self._light = LightCurve()
        self._variance = np.zeros(shape, np.float32)
        self._different_s = np.zeros(shape, np.float32)
        self._doubt_s = np.full(shape, self._settings.doubt_s, np.float32)
        self._people: Mask = np.zeros(shape, np.uint8)
        self._foreground: Mask = np.zeros(shape, np.uint8)
        self._previous: NDArray[np.uint8] = mean.astype(np.uint8)
        self._change: Mask = np.zeros(shape, np.uint8)
        self._age_s = self._noise = self._share = 0.0

    def _follow_light(self, image: NDArray[np.uint8]) -> None:
        free = (self._foreground[::_GRID, ::_GRID] == 0) & (self._people[::_GRID, ::_GRID] == 0)
        if 10 * np.count_nonzero(free) > free.size:
            self._light.update(
                self._mean[::_GRID, ::_GRID][free], image[::_GRID, ::_GRID][free].astype(np.float32)
            )
        self._expected = self._light.apply(self._mean)

    def _compare(self, image: NDArray[np.uint8], moving: Mask, elapsed_s: float, scale: int) -> View:
        difference = _largest(cv2.absdiff(image.astype(np.float32), self._expected))
        deviation = cv2.sqrt(cv2.max(self._variance, self._noise**2))
        limit = cv2.max(deviation * self._settings.noise_factor, self._least_difference())
        foreground = cv2.medianBlur((difference > limit).astype(np.uint8), 5)
        self._foreground = foreground
        solid = _without_shadows(image, self._expected, foreground)
        return View(image, difference, limit, foreground, solid, moving, self._doubtful(), elapsed_s, scale)

    def _doubtful(self) -> Mask:
        return (self._doubt_s > 0).astype(np.uint8)

    def _moving(self, image: NDArray[np.uint8]) -> Mask:
        """What differs from the picture before, also where people stand."""
        before = cv2.add(self._previous, (*self._light.step, 0.0))
        self._change = change = _largest(cv2.absdiff(image, before))
        limit = max(self._settings.noise_factor * self._noise, self._least_difference())
        return cv2.medianBlur((change > limit).astype(np.uint8), 3)

    def _typical(self, difference: Mask, before: float) -> float:
        """Noise in grey levels from a picture's differences, most of which are noise; it changes slowly."""
        now = float(np.median(difference[::_GRID, ::_GRID])) * _MEDIAN_TO_RMS
        return now if before == 0 else before + 0.2 * (now - before)

    def _least_difference(self) -> float:
        level = float(self._mean[::_GRID, ::_GRID].mean()) / _FULL_CONTRAST_LEVEL
        return self._settings.min_contrast * min(1.0, max(_LEAST_CONTRAST_FACTOR, level))

    def _is_relit(self, view: View) -> bool:
        """Whether the light was switched: most of the picture changed, or its level did and much does not follow."""
        share = cv2.countNonZero(view.foreground) / view.foreground.size
        limit = self._settings.relight_share
        return share > limit or (self._light.is_sudden and share - self._share > limit / 4)

    def _relight(self, image: NDArray[np.uint8], before: Array, keep: Mask) -> None:
        """Take the picture as background; where `keep` is 1, the background before in the light around it."""
        free = (1 - keep).astype(np.float32)[..., None]
        spread = max(image.shape[:2]) / 6
        now = cv2.GaussianBlur(image * free + 1e-3, (0, 0), spread)
        model = cv2.GaussianBlur(before * free + 1e-3, (0, 0), spread)
        below = np.clip(before * np.clip(now / model, 0.1, 10), 0, 255)
        self._mean = self._expected = np.where(free > 0, image, below).astype(np.float32)
        self._light.forget()
        self._variance[:] = 0
        self._different_s[:] = 0
        self._doubt_s[free[..., 0] > 0] = self._settings.doubt_s


def _largest(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    blue, green, red = cv2.split(difference)
    return cv2.max(cv2.max(blue, green), red)


def _without_shadows(image: NDArray[np.uint8], expected: Array, foreground: Mask) -> Mask:
    """Take away the foreground that keeps the background's colour: shadows, reflections, light spots.

    A shirt in the wall's colour goes too, so this is for the outline of a person, not for his presence.
    """
    x, y, width, height = cv2.boundingRect(foreground)
    solid = np.zeros_like(foreground)
    if width == 0:
        return solid
    part = np.s_[y : y + height, x : x + width]
    now, model = image[part].astype(np.float32), np.ascontiguousarray(expected[part])
    ones = np.ones((1, 3), np.float32)
    both, own = cv2.transform(now * model, ones), cv2.transform(model * model, ones)
    brightness = (both / np.maximum(own, 1.0)).reshape(height, width)
    colour = _largest(cv2.absdiff(now, model * brightness[..., None]))
    shadow = (brightness > _SHADOW[0]) & (brightness < _SHADOW[1]) & (colour < _SHADOW_COLOUR)
    solid[part] = foreground[part] & ~shadow
    return cv2.medianBlur(solid, 3)
