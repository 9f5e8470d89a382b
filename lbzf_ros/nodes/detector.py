"""Node: pictures become people. One process for all cameras, tracking included.

Pictures are looked at in a thread of their own, so that the node hears every picture that comes meanwhile. When it is
too slow for all of them, each live camera loses the same share; see `waiting.py`.
"""

from __future__ import annotations

import functools
import threading
import time
from typing import Any

import cv2

from lbzf_ros.config.schema import Camera
from lbzf_ros.core.errors import ConfigError, InvalidValue
from lbzf_ros.core.model import FrameDetections, RoiSet
from lbzf_ros.detectors.base import create, most_at_once, notice_of
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.drift.report import needs_somebody, view_in_words, worst_view
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import Answers, Turn
from lbzf_ros.nodes.speed import Speed
from lbzf_ros.nodes.waiting import WaitingPictures
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.diagnostics import Level
from lbzf_ros.ros.params import declare_settings

_LOOK_EVERY_S = 10.0
_STOPS_WITHIN_S = 3.0


class Detector(LbzfNode):
    """Publishes the people in every picture of every camera, and how much its motion zones moved."""

    def __init__(self) -> None:
        super().__init__("detector")
        # A second core is worth more to the other nodes, and would make a picture 7 % dearer.
        cv2.setNumThreads(1)
        self.settings = declare_settings(self, self.plant.detector)
        self.drift = declare_settings(self, self.plant.drift)
        # A backend that cannot run is said at the start, not at the first picture.
        tried = {camera.label: create(self.settings, camera.label) for camera in self.plant.cameras}
        for label, detector in tried.items():
            if notice := notice_of(detector):
                self.diagnostics.state(f"{label} fallback", Level.ERROR, notice)
        self._at_once = min(most_at_once(detector, self.settings) for detector in tried.values())
        self._waiting: WaitingPictures[_Picture] = WaitingPictures(
            {camera.label: camera.lossless for camera in self.plant.cameras}
        )
        self._cameras = {
            camera.label: _OneCamera(self, camera, self._waiting) for camera in self.plant.cameras
        }
        self._speed = Speed()
        self.create_timer(_LOOK_EVERY_S, self._look_at_speed)
        self._worker = threading.Thread(target=self._work, name="detector", daemon=True)
        self._worker.start()

    def close(self) -> None:
        """Let the picture that is being looked at be finished."""
        self._waiting.close()
        self._worker.join(_STOPS_WITHIN_S)

    def _look_at_speed(self) -> None:
        verdict = self._speed.judge({label: camera.figures for label, camera in self._cameras.items()})
        self.diagnostics.state("speed", Level.WARN if verdict.too_slow else Level.OK, verdict.text)
        if line := self._speed.to_log(verdict, time.monotonic()):
            self.get_logger().warning(line)

    # ---- in the worker's thread

    def _work(self) -> None:
        try:
            while pictures := self._waiting.take(self._at_once):
                self._look_at([(self._cameras[label], picture) for label, picture in pictures])
        except ConfigError as error:
            self.failure = error
        except Exception as error:  # whatever it is, nobody else would hear of it; started again, it may work
            self.failure = RuntimeError(f"detector: {error}")
            self.failure.__cause__ = error

    def _look_at(self, pictures: list[tuple[_OneCamera, _Picture]]) -> None:
        new = [(camera, asked) for camera, picture in pictures if (asked := camera.asks(picture))]
        try:
            found = PeopleFinder.together([asked for _, asked in new])
        except InvalidValue as error:
            for camera, _ in new:
                camera.counter.fail(str(error))
            return
        for (camera, _), people in zip(new, found, strict=True):
            camera.answer(people)


class _Picture:
    """A picture as it came, and when."""

    def __init__(self, message: Any) -> None:
        self.message, self.arrived_s = message, time.monotonic()
        self.stamp_ns = convert.time_from_msg(message.header.stamp)


class _OneCamera:
    def __init__(self, node: Detector, camera: Camera, waiting: WaitingPictures[_Picture]) -> None:
        self._node, self._label, self._waiting = node, camera.label, waiting
        self.counter = node.diagnostics.counter(camera.label)
        self._too_late = 0
        self._rois: RoiSet | None = None
        self._publisher = node.publisher_of_pictures(topics.DETECTIONS, camera)
        # What follows is the worker's.
        self._answers: Answers[Any] = Answers()
        self._finder: PeopleFinder | None = None
        self._finder_rois: RoiSet | None = None
        self._arrived_s = 0.0
        node.subscribe(topics.ROI_SET, self._on_rois, camera.label)
        node.subscribe(topics.image(lossless=camera.lossless), self._on_image, camera.label)

    @property
    def figures(self) -> tuple[int, int]:
        """Pictures received, and those of them that were skipped because others took too long, since the start."""
        return self.counter.received, self._too_late

    def _on_rois(self, message: Any) -> None:
        self._rois = convert.rois_from_msg(message)

    def _on_image(self, message: Any) -> None:
        self.counter.received += 1
        if self._rois is None:
            self.counter.skipped += 1  # persistence has not said yet which zones are in force
            return
        picture = _Picture(message)
        if self._waiting.put(self._label, picture.stamp_ns, picture):
            self.counter.skipped += 1
            # The first picture waits for libraries to be loaded; that says nothing about speed.
            self._too_late += self.counter.processed > 0

    # ---- in the worker's thread

    def asks(self, picture: _Picture) -> tuple[PeopleFinder, Any, int] | None:
        """What to find in a picture; None when it has been answered already, or needs no answer."""
        finder = self._present_finder()
        turn = self._answers.judge(picture.stamp_ns)
        if turn is Turn.AGAIN:
            self._publisher.publish(self._answers.known(picture.stamp_ns))
            return None
        if turn is Turn.OLD:
            self.counter.skipped += 1
            return None
        if turn is Turn.RESTART:
            finder = self._new_finder()
        self._arrived_s = picture.arrived_s
        try:
            return finder, convert.image_from_msg(picture.message), picture.stamp_ns
        except InvalidValue as error:
            self.counter.fail(str(error))
            return None

    def answer(self, people: FrameDetections) -> None:
        """Publish what was found in the picture that was asked for."""
        self._publisher.publish(self._answers.add(people.stamp_ns, convert.detections_to_msg(people)))
        view = worst_view(people.shifts)
        self._node.diagnostics.state(
            f"{self._label} drift",
            Level.WARN if needs_somebody(view) else Level.OK,
            view_in_words(view),
            {"camera": self._label, "drift": view.drift.name.lower(), "shift_px": f"{view.shift_px:.1f}"},
        )
        self.counter.done(time.monotonic() - self._arrived_s)

    def _present_finder(self) -> PeopleFinder:
        rois, known = self._rois, self._finder_rois
        assert rois is not None  # no picture is let in before
        if self._finder is None or known is None or known.identity != rois.identity:
            return self._new_finder()
        if known is not rois:
            self._finder_rois = rois
            self._finder.use_references(rois.references)
        return self._finder

    def _new_finder(self) -> PeopleFinder:
        rois = self._rois
        assert rois is not None  # no picture is let in before
        self._finder, self._finder_rois = PeopleFinder(self._node.settings, rois, self._node.drift), rois
        return self._finder


main = functools.partial(run, Detector)

if __name__ == "__main__":
    main()
