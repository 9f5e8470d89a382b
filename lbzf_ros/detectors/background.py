"""People by background subtraction alone: whatever is tall enough and moves now and then.

Cheap, and independent of how people look; but a moved chair is a person until it is absorbed, and two people who
touch are one. Meant for cameras that see only people, and to compare with.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import Boxes, Homography, ModelInfo
from lbzf_ros.detectors.blobs import Blobs, find_blobs
from lbzf_ros.detectors.boxes import clip
from lbzf_ros.detectors.ghosts import find_ghosts
from lbzf_ros.detectors.masks import Mask
from lbzf_ros.detectors.scene import Scene
from lbzf_ros.detectors.view import View

_VERSION = "3"
_MOVING = 0.005  # share of a blob that moves when somebody is in it: from then on it is absorbed later
_STILL_S = 5.0  # for which nobody who is there needs to move: meanwhile nothing is learnt from him
_AROUND = np.ones((7, 7), np.uint8)  # his edge is not sharp
_CONFIDENCE = 0.5


class BackgroundDetector:
    """Finds people with a background model; the state is one camera's."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._scene = Scene(settings)
        self._last = Boxes.empty()
        self._held_s = np.zeros((0, 0), np.float32)

    @property
    def info(self) -> ModelInfo:
        """What found the people."""
        return ModelInfo("background", _VERSION, f"opencv {cv2.__version__}")

    def follow(self, step: Homography) -> None:
        """The view has moved: so has the background."""
        self._scene.follow(step)
        self._held_s[:] = 0

    def detect(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> Boxes:
        """Find the people of the next picture: uint8 (height, width, 3)."""
        view = self._scene.look(image_bgr, stamp_ns)
        if view.settling:
            return Boxes.empty() if view.is_black else self._last
        blobs = find_blobs(view, self._settings.min_height_share * view.foreground.shape[0])
        ghosts = find_ghosts(view, self._scene.background(), blobs, list(range(len(blobs))))
        self._scene.learn(view, self._people(view, blobs) & (1 - ghosts), ghosts)
        real = np.array([not ghosts[blobs.labels == i + 1].any() for i in range(len(blobs))], bool)
        boxes = clip(blobs.xyxy[real] * view.scale, image_bgr.shape[1], image_bgr.shape[0])
        self._last = Boxes(boxes, np.full(len(boxes), _CONFIDENCE, np.float32))
        return self._last

    def _people(self, view: View, blobs: Blobs) -> Mask:
        """uint8 (h, w), 1 where somebody moves, or has moved lately: it starts the time until he is absorbed anew.

        All of his place, also what of him looks like the background just now: learnt piece by piece, as something that
        trembles, he would soon be seen less and less.
        """
        if self._held_s.shape != blobs.labels.shape:
            self._held_s = np.zeros(blobs.labels.shape, np.float32)
        moves = np.append(False, blobs.moving >= _MOVING).astype(np.uint8)
        moving = cv2.dilate(moves[blobs.labels], _AROUND)
        self._held_s -= np.float32(view.elapsed_s)
        self._held_s[moving > 0] = _STILL_S
        return (self._held_s > 0).astype(np.uint8)
