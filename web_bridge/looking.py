"""What a camera shows right now, for who asks: pictures and people come from the graph only while somebody waits.

Free of ROS: routes ask from their threads, `bridge_looking` answers from the thread that hears the graph.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import FrameDetections, RoiSet

_KEPT = 8


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture (height, width, 3) bgr, and the people in it; either None: it did not come in time."""

    stamp_ns: int
    image_bgr: NDArray[np.uint8] | None
    people: FrameDetections | None


@dataclass(slots=True)
class _Camera:
    waiting: int = 0
    images: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    people: dict[int, FrameDetections] = field(default_factory=dict)
    rois: RoiSet | None = None


class Looking:
    """Shared by the routes and the thread that hears the graph."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._cameras: dict[str, _Camera] = {}

    def look(
        self, camera: str, *, timeout_s: float, picture: bool = True, people: bool = True
    ) -> Sight | None:
        """The next picture with its people, waiting for both. What is in time comes alone; None: nothing did.

        Args:
            camera: label.
            timeout_s: longest wait.
            picture: whether the picture is needed.
            people: whether the people are.
        """
        until_s = time.monotonic() + timeout_s
        with self._changed:
            asked = self._of(camera)
            asked.waiting += 1
            try:
                while (found := _both(asked, picture=picture, people=people)) is None:
                    left_s = until_s - time.monotonic()
                    if left_s <= 0 or not self._changed.wait(left_s):
                        break
                return found or _newest(asked)
            finally:
                asked.waiting -= 1
                if asked.waiting == 0:
                    asked.images.clear()
                    asked.people.clear()

    def rois(self, camera: str) -> RoiSet | None:
        """The zones that the graph uses; None: they were not heard."""
        with self._changed:
            return self._of(camera).rois

    def wait_for_rois(self, camera: str, version_ids: set[int], *, timeout_s: float) -> bool:
        """Whether the graph was told of zones with all of these versions, in time."""

        def told() -> bool:
            rois = self._of(camera).rois
            return rois is not None and version_ids <= set(rois.identity[1])

        with self._changed:
            return self._changed.wait_for(told, timeout_s)

    def is_wanted(self, camera: str) -> bool:
        """Whether somebody waits for this camera."""
        with self._changed:
            return self._of(camera).waiting > 0

    def put(
        self,
        camera: str,
        *,
        image: tuple[int, NDArray[np.uint8]] | None = None,
        people: FrameDetections | None = None,
        rois: RoiSet | None = None,
    ) -> None:
        """Something was heard; `image` with its stamp (ns)."""
        with self._changed:
            heard = self._of(camera)
            if rois is not None:
                heard.rois = rois
            if image is not None and heard.waiting:
                _keep(heard.images, image[0], image[1])
            if people is not None and heard.waiting:
                _keep(heard.people, people.stamp_ns, people)
            self._changed.notify_all()

    def _of(self, camera: str) -> _Camera:
        return self._cameras.setdefault(camera, _Camera())


def _keep(
    heard: dict[int, NDArray[np.uint8]] | dict[int, FrameDetections], stamp_ns: int, value: object
) -> None:
    heard[stamp_ns] = value  # type: ignore[assignment]  # the caller's pair belongs together
    while len(heard) > _KEPT:
        del heard[min(heard)]


def _both(asked: _Camera, *, picture: bool, people: bool) -> Sight | None:
    stamps = [set(heard) for heard, wanted in ((asked.images, picture), (asked.people, people)) if wanted]
    both = set.intersection(*stamps)
    if not both:
        return None
    stamp_ns = max(both)
    return Sight(stamp_ns, asked.images.get(stamp_ns), asked.people.get(stamp_ns))


def _newest(asked: _Camera) -> Sight | None:
    stamp_ns = max(asked.images or asked.people, default=None)
    if stamp_ns is None:
        return None
    return Sight(stamp_ns, asked.images.get(stamp_ns), asked.people.get(stamp_ns))
