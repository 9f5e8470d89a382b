"""Is the view clear? Not when something large is before the lens, in the dark, and while the camera swings.

A picture is compared with what the view has looked like lately, by its edges, in 8 x 6 cells. The edges of a hall
stay where they are whoever walks about and however the light changes; a cart before the lens has others, or none.
Which of four things it is decides how long it may last: `ClearView` has the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import ClearViewSettings
from lbzf_ros.core.model import NS_PER_S

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

_SIDE_PX = 60  # shorter side at which pictures are compared: coarse enough for noise and small swings
_CELLS = (8, 6)
_LEAST_ENERGY = 2.0  # of the edges of a cell that says anything, squared grey levels: some texture
_NOISE_FACTOR = 6.0  # and so many times the energy of the noise
_WEAK = 0.05  # and so much of the whole picture's: a sunbeam on a plain wall is stronger than the wall
_FLOOR = 0.15  # squared grey levels: two cells without edges are not alike
_ALIKE, _ROUGHLY = 0.5, 0.25  # correlation of the edges of two cells
_RECOGNISED_MORE = 0.05  # share of alike cells that a view which was not clear needs beyond the least
_ROUGH_SHARE = 0.8  # share of roughly alike cells of the same hall in quite another light
_MOVED_SHARE = 0.6  # share of alike cells of the same hall seen from a camera that has moved
_FARTHEST = 0.14  # of the picture's width: so far a camera is looked for elsewhere
_STEADY, _STEADY_SHARE = (
    0.7,
    0.6,
)  # correlation with the picture before, and share of cells, while nothing swings
_DARK = 0.04  # of the view's energy: a fifth of its contrast
_BLURRED = 0.4  # of the view's sharpness
_TELLING_CELLS = 4  # have edges at least in a view that can be learnt
_LASTING = 0.4  # share of a cell's energy that is left in the average when its edges are the hall's own
_MANY_CELLS = 24  # with fewer, somebody close by hides most of the edges: less of them must be left
_EARLIER_VIEWS = 2  # that are recognised when they come back
_SETTLE_NS = 3 * NS_PER_S  # after which the same hall in quite another light is accepted
_NOISE_FOLLOWS = 0.05  # how fast the noise follows, a picture


class Sight(str, Enum):
    """What can be seen."""

    CLEAR = "clear"
    DARK = "dark"
    BLURRED = "blurred"
    BLOCKED = "blocked"
    """Most of it is something else than the view that is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one picture is compared by.

    Attributes:
        grey: float32 (h, w), small.
        across: float32 (h, w), its derivative in x.
        down: float32 (h, w), the same in y.
        energy: float32 (6, 8), mean square of the derivatives in each cell.
        sharpness: share of fine edges in all edges.
    """

    grey: Array
    across: Array
    down: Array
    energy: Array
    sharpness: float

    @classmethod
    def of(cls, image_bgr: Image) -> Look:
        """Look at a picture (height, width, 3)."""
        height, width = image_bgr.shape[:2]
        half = cv2.resize(image_bgr, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(half, cv2.COLOR_BGR2GRAY)
        factor = max(1.0, min(grey.shape) / _SIDE_PX)
        size = max(8, round(grey.shape[1] / factor)), max(8, round(grey.shape[0] / factor))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        fine = cv2.absdiff(grey[::2, 2:], grey[::2, :-2])
        return cls._from(np.asarray(small, np.float32), float(cv2.norm(fine, cv2.NORM_L2SQR)) / fine.size)

    @classmethod
    def of_grey(cls, grey: Array, sharpness: float) -> Look:
        """Look at a small picture (h, w) of which the sharpness is known."""
        look = cls._from(grey, 0.0)
        return cls(look.grey, look.across, look.down, look.energy, sharpness)

    @classmethod
    def _from(cls, grey: Array, fine: float) -> Look:
        across = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), np.float32)
        down = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8), np.float32)
        energy = _cells(across * across + down * down)
        return cls(grey, across, down, energy, fine / (float(energy.mean()) + _FLOOR))

    def likeness(self, other: Look) -> Array:
        """Float32 (6, 8): how much the edges of each cell are those of another picture, -1 to 1."""
        common = _cells(self.across * other.across + self.down * other.down)
        return np.asarray(common / np.sqrt((self.energy + _FLOOR) * (other.energy + _FLOOR)), np.float32)


@dataclass(slots=True, eq=False)
class _View:
    """What the camera usually sees: an average of its pictures, people and noise averaged away.

    Attributes:
        look: that average.
        energy: float32 (6, 8), the average of the cells' energies in the pictures themselves.
        pictures: how many it was made of.
        age_s: for how long it has been seen.
    """

    look: Look
    energy: Array
    pictures: int = 1
    age_s: float = 0.0

    @classmethod
    def of(cls, look: Look, age_s: float = 0.0) -> _View:
        """Begin with a picture."""
        return cls(look, look.energy, 1, age_s)

    @property
    def lasting(self) -> NDArray[np.bool_]:
        """Bool (6, 8): the cells whose edges stay where they are; those of people who move average away."""
        return np.asarray(self.look.energy >= _LASTING * self.energy, bool)

    def learn(self, look: Look, elapsed_s: float, learn_s: float) -> None:
        """Take a picture into the average."""
        self.pictures += 1
        self.age_s += elapsed_s
        rate = max(min(1.0, elapsed_s / learn_s), 1 / self.pictures)
        grey = self.look.grey + np.float32(rate) * (look.grey - self.look.grey)
        sharpness = self.look.sharpness + rate * (look.sharpness - self.look.sharpness)
        self.look = Look.of_grey(np.asarray(grey, np.float32), sharpness)
        self.energy = self.energy + np.float32(rate) * (look.energy - self.energy)


class ClearView:
    """Says of each picture of one camera whether its view is clear. Only stamps and pictures decide.

    - A picture in which enough cells are like the known view is clear, and the view is learnt from it.
    - The same view from elsewhere (the camera was knocked, or creeps) is the view as soon as it is steady.
    - The same hall in quite another light is the view after 3 s.
    - A view that was known before is the view at once.
    - Anything else is the view after `new_view_s`, or after the time for which the old one was known when that is
      less; what has no edges (a cloth over the lens, the dark) never is.
    """

    def __init__(self, settings: ClearViewSettings) -> None:
        self._settings = settings
        self._view: _View | None = None
        self._earlier: list[_View] = []
        self._before: Look | None = None
        self._size: tuple[int, ...] = ()
        self._stamp_ns = 0
        self._noise = 0.0
        self._unclear_ns: int | None = None
        self._steady_ns: int | None = None
        self.sight = Sight.CLEAR

    def update(self, image_bgr: Image, stamp_ns: int) -> bool:
        """Whether the view of the next picture (height, width, 3) is clear; stamps must increase."""
        if not self._settings.enabled:
            return True
        look = Look.of(image_bgr)
        elapsed_s = (stamp_ns - self._stamp_ns) / NS_PER_S
        if image_bgr.shape != self._size or elapsed_s > self._settings.new_view_s:
            self._view = self._before = self._unclear_ns = None
            self._earlier.clear()
            self._size = image_bgr.shape
        steady = self._is_steady(look, stamp_ns)
        self.sight = self._judge_first(look) if self._view is None else self._judge(self._view, look, steady)
        if self.sight is not Sight.CLEAR and self._is_accepted(look, stamp_ns, steady=steady):
            self.sight = Sight.CLEAR
        self._note(look, stamp_ns, elapsed_s)
        return self.sight is Sight.CLEAR

    def _judge_first(self, look: Look) -> Sight:
        if not self._has_edges(look):
            return Sight.DARK
        self._view = _View.of(look)
        return Sight.CLEAR

    def _judge(self, view: _View, look: Look, steady: bool) -> Sight:
        sight = self._compare(view, look)
        if sight in (Sight.CLEAR, Sight.DARK):
            return sight
        if (
            view.age_s < _SETTLE_NS / NS_PER_S
        ):  # people who were there from the first are not averaged away yet
            return Sight.CLEAR
        if steady and self._is_moved(view, look):
            self._view = _View.of(look, view.age_s)
            return Sight.CLEAR
        known = next((old for old in self._earlier if self._compare(old, look) is Sight.CLEAR), None)
        if known is not None and steady:
            self._earlier.remove(known)
            self._replace(known)
            return Sight.CLEAR
        return sight

    def _compare(self, view: _View, look: Look) -> Sight:
        """What a picture is for somebody who knows a view."""
        telling = self._telling(view.look) & view.lasting
        if float(look.energy[telling].sum()) < _DARK * float(view.look.energy[telling].sum()):
            return Sight.DARK
        if look.sharpness < _BLURRED * view.look.sharpness:
            return Sight.BLURRED
        count = int(np.count_nonzero(telling))
        least = self._settings.min_known_share
        if self._unclear_ns is not None:
            least += _RECOGNISED_MORE
        least *= min(1.0, count / _MANY_CELLS)
        if count >= _TELLING_CELLS and _share(look.likeness(view.look), _ALIKE, telling) < least:
            return Sight.BLOCKED
        return Sight.CLEAR

    def _is_moved(self, view: _View, look: Look) -> bool:
        """Whether it is the known view, seen from a camera that has moved a little."""
        if look.sharpness < _BLURRED * view.look.sharpness:
            return False
        size = look.grey.shape[::-1]
        window = cv2.createHanningWindow(size, cv2.CV_32F)
        edges, now_edges = (np.sqrt(cv2.magnitude(one.across, one.down)) for one in (view.look, look))
        (dx, dy), _ = cv2.phaseCorrelate(edges, now_edges, window)
        if max(abs(dx), abs(dy)) > _FARTHEST * size[0]:
            return False
        step = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        there = cv2.warpAffine(view.look.grey, step, size, borderMode=cv2.BORDER_REPLICATE)
        # Softer edges forgive the rest of a turn.
        known, now = (
            Look.of_grey(np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.float32), 0.0)
            for grey in (there, look.grey)
        )
        return _share(now.likeness(known), _ALIKE, self._telling(known) & view.lasting) >= _MOVED_SHARE

    def _is_steady(self, look: Look, stamp_ns: int) -> bool:
        """Whether the picture is like the one before: nothing swings, or comes before the lens."""
        before = self._before
        steady = (
            before is not None
            and _share(look.likeness(before), _STEADY, self._telling(before)) >= _STEADY_SHARE
        )
        if not steady:
            self._steady_ns = None
        elif self._steady_ns is None:
            self._steady_ns = stamp_ns
        return steady

    def _is_accepted(self, look: Look, stamp_ns: int, *, steady: bool) -> bool:
        """Whether what is not the known view has lasted long enough to be the view from now on."""
        view, since_ns = self._view, self._unclear_ns
        if view is None or since_ns is None or not steady or not self._has_edges(look):
            return False
        if self._steady_ns is not None and stamp_ns - max(since_ns, self._steady_ns) >= _SETTLE_NS:
            rough = _share(look.likeness(view.look), _ROUGHLY, self._telling(view.look) & view.lasting)
            if self.sight is Sight.BLOCKED and rough >= _ROUGH_SHARE:
                self._view = _View.of(look, view.age_s)
                return True
        limit_s = min(self._settings.new_view_s, max(_SETTLE_NS / NS_PER_S, view.age_s))
        if stamp_ns - since_ns < limit_s * NS_PER_S:
            return False
        self._replace(_View.of(look))
        return True

    def _replace(self, new: _View) -> None:
        """Another view is the view; the one until now is not forgotten."""
        if self._view is not None:
            self._earlier = [self._view, *self._earlier][:_EARLIER_VIEWS]
        self._view = new

    def _note(self, look: Look, stamp_ns: int, elapsed_s: float) -> None:
        """Remember the picture, and learn from it when it is clear."""
        if self.sight is not Sight.CLEAR:
            self._unclear_ns = stamp_ns if self._unclear_ns is None else self._unclear_ns
        else:
            if self._before is not None and self._unclear_ns is None:
                self._learn(self._before, look, elapsed_s)
            self._unclear_ns = None
        self._before, self._stamp_ns = look, stamp_ns

    def _learn(self, before: Look, look: Look, elapsed_s: float) -> None:
        change = Look.of_grey(look.grey - before.grey, 0.0)
        noise = float(np.median(change.energy)) / 2  # people are in fewer than half of the cells
        self._noise += _NOISE_FOLLOWS * (noise - self._noise)
        if self._view is not None:
            self._view.learn(look, elapsed_s, self._settings.learn_s)

    def _telling(self, look: Look) -> NDArray[np.bool_]:
        """Bool (6, 8): the cells with edges that are more than noise."""
        least = max(_LEAST_ENERGY, _NOISE_FACTOR * self._noise, _WEAK * float(look.energy.mean()))
        return np.asarray(look.energy > least, bool)

    def _has_edges(self, look: Look) -> bool:
        return int(np.count_nonzero(self._telling(look))) >= _TELLING_CELLS


def _cells(values: Array) -> Array:
    return np.asarray(cv2.resize(values, _CELLS, interpolation=cv2.INTER_AREA), np.float32)


def _share(likeness: Array, least: float, where: NDArray[np.bool_]) -> float:
    """Share 0..1 of some cells that are alike by at least so much; 0 of none."""
    return float((likeness[where] >= least).mean()) if where.any() else 0.0
