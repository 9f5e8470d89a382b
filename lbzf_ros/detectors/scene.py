"""What has changed in a fixed camera's view: a background model that follows the light and forgets nobody.

Every pixel has a mean colour and a variance. Three things differ from an ordinary running average:

- light and camera settings that change everywhere are taken out before comparing, below people too (`light`); while
  they change so fast that they cannot be, nothing is concluded and nothing is learnt;
- when somebody knocks against the camera, what is known moves with the picture (`bump`);
- nothing is learnt where the caller says that a person stands, however long he stands still;
- elsewhere, what stays different for `absorb_s` (a moved chair) becomes background at once.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import NS_PER_S, Homography
from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.bump import movement_between
from lbzf_ros.detectors.light import LightCurve
from lbzf_ros.detectors.masks import Mask, around
from lbzf_ros.detectors.memory import Memory, warped
from lbzf_ros.detectors.view import Image, View, largest_difference, shrunk, smoothed, without_shadows

_GRID = 5  # light and noise are estimated on every fifth pixel of every fifth row
_FULL_CONTRAST_LEVEL = 110.0  # mean brightness at which min_contrast holds; the darker, the less contrast
_LEAST_CONTRAST_FACTOR = 0.4
_MEDIAN_TO_RMS = 0.8  # from the largest of three absolute differences of two pictures to the noise of one
_NOISE_FOLLOWS = 0.2  # how fast the noise follows, a picture
_TREMBLE_SLOWNESS = 16.0  # how much slower than still pixels what differs becomes less sensitive
_FORGIVE = 2.0  # a second without difference takes back so many seconds with
_BUMP_SHARE = 0.04  # of the picture that is suddenly different: it may be the camera
_BUMP_LARGE = 0.25  # or that has been so for longer: it may still swing
_BUMP_EXPLAINED = 0.5  # of that may be left when it was
_SWINGS_S = 2.0  # after a knock
_WHITE, _BLACK, _CLIPPED_SHARE = 250, 3, 0.25  # of a picture that is over- or underexposed
_LONGEST_STEP_S = 1.0  # from picture to picture: what was not looked at longer was not the same all the time
_MORE_SHARE = 0.1  # of the picture may differ more than when an earlier background was left: people came
_LEARNT_S = 10.0  # after so long in one light the background is known
_SETTLES_WITHIN_S = 4.0  # a camera's exposure follows a switched lamp in 1 to 2 s


class Scene:
    """The background of one camera."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._memory: Memory | None = None
        self._light = LightCurve()
        self._stamp_ns = 0
        self._age_s = self._noise = self._share = self._swings_s = 0.0
        self._unsettled_s: float | None = None
        self._earlier: Memory | None = None
        self._lit_s = 0.0
        self._scale = 0

    def look(self, image_bgr: Image, stamp_ns: int) -> View:
        """Compare a picture (height, width, 3) with the background, without learning from it."""
        image, scale = shrunk(image_bgr, self._settings.working_side_px)
        self._scale = scale
        memory = self._memory
        if memory is None or memory.image.shape != image.shape:
            memory = self._begin(image, stamp_ns)
        elapsed_s = max(0.0, (stamp_ns - self._stamp_ns) / NS_PER_S)
        self._stamp_ns = stamp_ns
        before, different = memory.expected, memory.foreground
        self._follow_light(memory, image)
        change = largest_difference(image, _brighter(memory.image, self._light.step))
        moving = smoothed(change > self._limit(self._noise), 3)
        view = self._compare(memory, image, moving, elapsed_s, scale)
        suspicious = view.share - self._share > _BUMP_SHARE or view.share > _BUMP_LARGE
        if suspicious and not self._light.is_sudden:
            view = self._follow_bump(memory, view)
            memory = self._memory or memory
        if self._is_settling(memory, view):
            memory.image, view.settling = image, True
            return view
        if self._is_relit(view):
            again = self._as_earlier(view)
            if again is None or self._memory is None:
                is_known = self._lit_s >= _LEARNT_S
                self._relight(memory, image, before, memory.people | _wider(different))
                view = self._compare(memory, image, np.zeros_like(moving), elapsed_s, scale)
                view.relit, view.left_known = True, is_known
            else:
                view, memory = again, self._memory
                view.returned = True
        elif self._unsettled_s is not None:
            view.relit, view.moving = True, np.zeros_like(moving)
        else:
            self._follow_noise(change)
        self._unsettled_s = None
        memory.image, memory.foreground = image, view.foreground
        # While the camera may still swing, what it shows is compared with how it was before.
        self._share = view.share if self._swings_s <= 0 else min(view.share, self._share)
        self._lit_s += min(elapsed_s, _LONGEST_STEP_S)
        self._swings_s -= elapsed_s
        return view

    def doubt(self, box: Array) -> None:
        """Somebody who was part of the background in a box (4,) was lost: it may show him still."""
        if self._memory is not None:
            self._memory.doubt_s[around(box, 0.0)] = self._settings.doubt_s

    def learn(self, view: View, people: Mask, ghosts: Mask) -> None:
        """Learn from the picture that was looked at last.

        Args:
            view: what `look` gave for it.
            people: uint8 (h, w), 1 where nothing is to be learnt.
            ghosts: uint8 (h, w), 1 where the picture is the background from now on.
        """
        memory, elapsed_s = self._memory, min(view.elapsed_s, _LONGEST_STEP_S)
        if memory is None or view.settling:
            return
        memory.people = people
        self._age_s += elapsed_s
        rate = 1 - math.exp(-elapsed_s / self._settings.learn_s)
        if 0 < self._age_s < self._settings.learn_s:  # a young model is a plain average
            rate = max(rate, elapsed_s / (self._age_s + elapsed_s))
        self._learn_colours(memory, view, people, rate)
        # By a table, in one pass: as before, different, and with somebody there, which takes everything back.
        steps = np.full(256, -np.inf, np.float32)
        steps[:2] = -_FORGIVE * elapsed_s, elapsed_s
        kind = (view.foreground & (1 - people)) + 2 * people
        cv2.add(memory.different_s, cv2.LUT(kind, steps), dst=memory.different_s)
        np.maximum(memory.different_s, 0, out=memory.different_s)
        memory.doubt_s -= np.float32(elapsed_s)
        self._absorb(memory, (memory.different_s > self._settings.absorb_s) | (ghosts > 0))

    def follow(self, step: Homography) -> bool:
        """The camera has moved: what is remembered of each pixel goes where that is seen now.

        What was not in the picture before looks as it does now. If the knock was taken for a change of light, the
        background from before it is the one that has moved. Unless the last picture is explained better without: a
        knock has been noticed already.

        Returns:
            Whether the background from before is used again.
        """
        memory = self._memory
        if memory is None or self._scale == 0:
            return False
        to_working = np.diag([1 / self._scale, 1 / self._scale, 1.0])
        matrix = to_working @ np.array(step).reshape(3, 3) @ np.linalg.inv(to_working)
        nothing = np.zeros_like(memory.foreground)
        best, least = None, self._compare(memory, memory.image, nothing, 0.0, self._scale).share
        for known in (memory, self._earlier):
            if known is None or known.image.shape != memory.image.shape:
                continue
            moved = self._moved(known, memory.image, matrix)
            share = self._compare(moved, memory.image, nothing, 0.0, self._scale).share
            if share < least:
                best, least = (moved, known is not memory), share
        if best is None:
            return False
        self._memory, self._share, self._earlier = best[0], least, None
        return best[1]

    def _moved(self, known: Memory, image: Image, matrix: NDArray[np.float64]) -> Memory:
        """What is known, its working pixels taken by `matrix` to where they are; beyond its edge the last picture."""
        now = self._light.undo(image.reshape(-1, 3).astype(np.float32)).reshape(image.shape)
        mean = warped(known.mean, matrix, now)
        return Memory(
            mean=mean,
            expected=self._light.apply(mean),
            variance=warped(known.variance, matrix, np.zeros_like(known.variance)),
            different_s=np.zeros_like(known.different_s),
            doubt_s=warped(known.doubt_s, matrix, np.full_like(known.doubt_s, self._settings.doubt_s)),
            people=np.asarray(cv2.warpPerspective(known.people, matrix, known.people.shape[1::-1]), np.uint8),
            foreground=np.zeros_like(known.foreground),
            image=image,
        )

    @property
    def scale(self) -> int:
        """Picture pixels in one working pixel, in x and in y; 0: there was no picture yet."""
        return self._scale

    def background(self) -> Image:
        """What the last picture would show without people: uint8 (h, w, 3)."""
        if self._memory is None:
            return np.zeros((0, 0, 3), np.uint8)
        return np.asarray(cv2.convertScaleAbs(self._memory.expected), np.uint8)

    def _begin(self, image: Image, stamp_ns: int) -> Memory:
        self._memory = Memory.of(image, self._settings.doubt_s)
        self._light = LightCurve()
        self._stamp_ns = stamp_ns
        self._age_s = self._noise = self._share = self._swings_s = self._lit_s = 0.0
        self._earlier = None
        return self._memory

    def _follow_light(self, memory: Memory, image: Image) -> None:
        self._fit_light(self._light, memory, image)
        memory.expected = self._light.apply(memory.mean)

    @staticmethod
    def _fit_light(light: LightCurve, memory: Memory, image: Image) -> None:
        mean, now = memory.mean[::_GRID, ::_GRID], image[::_GRID, ::_GRID]
        free = (memory.foreground | memory.people)[::_GRID, ::_GRID] == 0
        if 10 * np.count_nonzero(free) > free.size:
            light.update(mean[free], now[free].astype(np.float32))

    def _follow_bump(self, memory: Memory, view: View) -> View:
        """Move what is known with the picture, if that explains what is different in it."""
        free = 1 - _wider(memory.people)
        matrix = movement_between(memory.expected, view.image, free, swings=self._swings_s > 0)
        if matrix is None:
            return view
        self._swings_s = _SWINGS_S
        moved = memory.moved(matrix)
        moved.expected = self._light.apply(moved.mean)
        still = np.zeros_like(view.moving)  # everything has moved, so that nobody has for sure
        after = self._compare(moved, view.image, still, view.elapsed_s, view.scale)
        if after.share - self._share > _BUMP_EXPLAINED * (view.share - self._share):
            return view
        self._memory, self._earlier = moved, self._earlier and self._earlier.moved(matrix)
        height, width = view.foreground.shape
        middle = np.array([width / 2, height / 2, 1.0])
        right, down = (matrix @ middle - middle)[:2].tolist()
        after.shift_px = right, down
        return after

    def _compare(self, memory: Memory, image: Image, moving: Mask, elapsed_s: float, scale: int) -> View:
        difference = largest_difference(image.astype(np.float32), memory.expected)
        limit = self._limit(np.sqrt(np.maximum(memory.variance, np.float32(self._noise**2))))
        foreground = smoothed(difference > limit, 5)
        solid = without_shadows(image, memory.expected, foreground)
        doubtful = (memory.doubt_s > 0).astype(np.uint8)
        return View(image, difference, limit, foreground, solid, moving, doubtful, elapsed_s, scale)

    def _limit(self, noise: Array | float) -> Array:
        """Grey levels by which a pixel with so much noise must differ."""
        level = 0.0 if self._memory is None else float(self._memory.mean[::_GRID, ::_GRID].mean())
        least = self._settings.min_contrast * min(
            1.0, max(_LEAST_CONTRAST_FACTOR, level / _FULL_CONTRAST_LEVEL)
        )
        factor = np.float32(self._settings.noise_factor)
        return np.asarray(np.maximum(np.asarray(noise, np.float32) * factor, np.float32(least)), np.float32)

    def _follow_noise(self, change: Array) -> None:
        """Most of what changes from picture to picture is noise; how much there is changes slowly."""
        now = float(np.median(change[::_GRID, ::_GRID])) * _MEDIAN_TO_RMS
        self._noise = now if self._noise == 0 else self._noise + _NOISE_FOLLOWS * (now - self._noise)

    def _is_relit(self, view: View) -> bool:
        """Whether the light was switched: most of the picture changed, or its level did and much does not follow."""
        limit = self._settings.relight_share
        sudden = self._light.is_sudden or self._unsettled_s is not None
        return view.share > limit or (sudden and view.share - self._share > limit / 4)

    def _is_settling(self, memory: Memory, view: View) -> bool:
        """Whether the light is being switched: what is learnt now is wrong when the exposure has followed.

        Until its level stands still and the picture is neither white nor black, at most for `_SETTLES_WITHIN_S`. A lamp
        that only flickers leaves the picture explained, so that nothing has to settle.
        """
        sudden, clipped = self._light.is_sudden, _is_clipped(view.image, memory.mean)
        if self._unsettled_s is None:
            self._unsettled_s = 0.0 if sudden and (clipped or self._is_relit(view)) else None
            return self._unsettled_s is not None
        self._unsettled_s += view.elapsed_s
        return (sudden or clipped) and self._unsettled_s < _SETTLES_WITHIN_S

    def _as_earlier(self, view: View) -> View | None:
        """The picture compared with the background from before the last change of light, if that has come back.

        A lamp is on again, or whatever stood before the lens has gone. What was learnt in between is forgotten: behind
        people it was a guess.
        """
        known = self._earlier
        if known is None or known.image.shape != view.image.shape:
            return None
        known, light = known.copy(), LightCurve()
        self._fit_light(light, known, view.image)
        known.expected = light.apply(known.mean)
        after = self._compare(known, view.image, np.zeros_like(view.moving), view.elapsed_s, view.scale)
        usual = float(np.count_nonzero(known.foreground)) / known.foreground.size
        if after.share > min(view.share, usual + _MORE_SHARE):
            return None
        self._memory, self._light, self._lit_s = known, light, 0.0
        return after

    def _relight(self, memory: Memory, image: Image, before: Array, keep: Mask) -> None:
        """Take the picture as background; where `keep` is 1, the background `before` in the light around it."""
        if self._lit_s >= _LEARNT_S:  # else it is a guess itself
            self._earlier = memory.copy()
        self._lit_s = 0.0
        free = (1 - keep).astype(np.float32)[..., None]
        spread = max(image.shape[:2]) / 6
        now = cv2.GaussianBlur(image * free + 1e-3, (0, 0), spread)
        model = cv2.GaussianBlur(before * free + 1e-3, (0, 0), spread)
        below = np.clip(before * np.clip(np.divide(now, model), 0.1, 10), 0, 255)
        memory.mean = memory.expected = np.where(free > 0, image, below).astype(np.float32)
        memory.variance[:] = memory.different_s[:] = 0
        memory.doubt_s[keep == 0] = self._settings.doubt_s
        self._light.forget()

    def _learn_colours(self, memory: Memory, view: View, people: Mask, rate: float) -> None:
        free = 1 - people
        still = free & (1 - view.foreground)
        if not people.any():  # nobody below whom the old light is still needed
            memory.mean = memory.expected
            self._light.forget()
        rest = np.subtract(view.image, memory.expected, dtype=np.float32)
        cv2.accumulateWeighted(memory.mean + rest, memory.mean, rate, still)
        square = view.difference * view.difference
        cv2.accumulateWeighted(square, memory.variance, rate, still)
        # What trembles for long (a machine) becomes less sensitive; who passes by leaves hardly a trace.
        clipped = np.minimum(square, view.limit * view.limit)
        cv2.accumulateWeighted(clipped, memory.variance, rate / _TREMBLE_SLOWNESS, free & view.foreground)

    def _absorb(self, memory: Memory, where: NDArray[np.bool_]) -> None:
        if where.any():
            memory.mean[where] = self._light.undo(memory.image[where].astype(np.float32))
            memory.different_s[where] = 0
            memory.doubt_s[where] = self._settings.doubt_s


def _brighter(image: Image, step: NDArray[np.float64]) -> Image:
    """The picture (h, w, 3), each channel so many grey levels brighter."""
    return np.asarray(cv2.add(image, np.append(step, 0.0)), np.uint8)


def _is_clipped(image: Image, background: Array) -> bool:
    """Whether much of a picture (h, w, 3) is quite white or black that is not so in the background."""
    now, usual = image[::_GRID, ::_GRID], background[::_GRID, ::_GRID]
    lost = ((now >= _WHITE) & (usual < _WHITE)) | ((now <= _BLACK) & (usual > _BLACK))
    return float(lost.any(axis=2).mean()) > _CLIPPED_SHARE


def _wider(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask, np.ones((9, 9), np.uint8)), np.uint8)
