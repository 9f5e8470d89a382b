"""The default detector: background subtraction says where somebody may be, HOG says that it is a person.

HOG looks only where the picture differs from the background, at the size that the difference has; now and then it
looks at the whole picture, for people that the background hides.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import NS_PER_S, Boxes, Homography, ModelInfo
from lbzf_ros.detectors.blobs import Blobs, find_blobs
from lbzf_ros.detectors.boxes import Array, clip, keep_strongest
from lbzf_ros.detectors.ghosts import find_ghosts
from lbzf_ros.detectors.masks import Mask
from lbzf_ros.detectors.people import People
from lbzf_ros.detectors.people_hog import Hits, PeopleHog
from lbzf_ros.detectors.scene import Scene
from lbzf_ros.detectors.view import View

_VERSION = "3"
_MAX_LOOKS = 4  # parts of one picture that HOG looks at
_MOVING = 0.02  # share of a blob that moves when it is worth a look in every picture
_SHOWN_CONFIDENCE = (0.6, 0.95)  # of a confirmed person: without a recent hit, at most


class Region(NamedTuple):
    """Where HOG shall look, and how tall a person there may be: picture pixels."""

    xyxy: tuple[float, float, float, float]
    heights_px: tuple[float, float]


class HogBackgroundDetector:
    """Finds people with a background model and HOG; the state is one camera's."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._scene = Scene(settings)
        self._hog = PeopleHog(settings.hog_threshold)
        self._people = People(settings)
        self._searched_ns = 0
        self._looked_ns = 0
        self._motion_px = 0
        self._ghosts: Mask = np.zeros((0, 0), np.uint8)  # of the last picture

    @property
    def info(self) -> ModelInfo:
        """What found the people."""
        return ModelInfo("hog_background", _VERSION, f"opencv {cv2.__version__}")

    def follow(self, step: Homography) -> None:
        """The view has moved: so has the background."""
        if self._scene.follow(step):
            self._people.come_back(step, self._scene.scale)

    def detect(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> Boxes:
        """Find the people of the next picture: uint8 (height, width, 3)."""
        s = self._settings
        view = self._scene.look(image_bgr, stamp_ns)
        if view.settling:
            self._people.wait(stamp_ns)
            return (
                Boxes.empty() if view.is_black else self._boxes(view, image_bgr.shape[1], image_bgr.shape[0])
            )
        self._people.shift(view.shift_px)
        blobs = find_blobs(view, s.min_height_share * view.foreground.shape[0])
        self._people.follow(view, blobs, stamp_ns)
        hits = self._look(image_bgr, view, blobs, stamp_ns)
        self._people.confirm(hits, view, stamp_ns)
        sure = self._people.sure_blobs(stamp_ns)
        suspects = [i for i in range(len(blobs)) if i not in sure]
        now = find_ghosts(view, self._scene.background(), blobs, suspects)
        # Twice: a cloth that has just stopped before the lens has no edges either, and is gone in the next picture.
        ghosts, self._ghosts = now & self._ghosts if self._ghosts.shape == now.shape else 0 * now, now
        for box in self._people.drop_gone(ghosts, stamp_ns):
            self._scene.doubt(box)
        held = self._people.held(view, blobs) & (1 - ghosts)
        self._scene.learn(view, held, ghosts)
        return self._boxes(view, image_bgr.shape[1], image_bgr.shape[0])

    def _look(self, image: NDArray[np.uint8], view: View, blobs: Blobs, stamp_ns: int) -> Hits:
        """HOG where it is worth its time; hits in working pixels."""
        found = [
            self._hog.find(image, part.xyxy, part.heights_px)
            for part in self._regions(view, blobs, stamp_ns)[:_MAX_LOOKS]
        ]
        if self._search_due(view, stamp_ns):
            height, width = image.shape[:2]
            least = self._settings.search_height_share * height
            found.append(self._hog.find(image, (0, 0, width, height), (least, 1.1 * height)))
        boxes = np.concatenate([hits.xyxy for hits in found] or [np.zeros((0, 4), np.float32)])
        weights = np.concatenate([hits.weight for hits in found] or [np.zeros(0, np.float32)])
        best = keep_strongest(boxes, weights, max_iou=0.4, max_inside=0.7)
        return Hits((boxes[best] / view.scale).astype(np.float32), weights[best])

    def _regions(self, view: View, blobs: Blobs, stamp_ns: int) -> list[Region]:
        """The parts of the picture that are worth a look, the largest unknown first."""
        recheck_ns = round(self._settings.recheck_s * NS_PER_S)
        due = stamp_ns - self._looked_ns >= recheck_ns
        if due:
            self._looked_ns = stamp_ns
        owners = {p.blob: p for p in self._people.members if p.blob >= 0 and p.confirmed}
        boxes: list[Array] = []
        for i in np.argsort(-blobs.area_px, kind="stable"):
            owner, moves = owners.get(int(i)), blobs.moving[i] > _MOVING
            if owner is None:
                wanted = due or moves
            else:
                wanted = (owner.shared and moves) or stamp_ns - owner.looked_ns >= recheck_ns
                owner.looked_ns = stamp_ns if wanted else owner.looked_ns
            if wanted:
                boxes.append(blobs.xyxy[i])
        for person in self._people.members:
            waited = not person.confirmed or stamp_ns - person.looked_ns >= recheck_ns
            if waited and person.blob < 0 and (person.in_background or not person.confirmed):
                person.looked_ns = stamp_ns
                boxes.append(person.box)
        return [_region(box, view) for box in boxes]

    def _search_due(self, view: View, stamp_ns: int) -> bool:
        self._motion_px += cv2.countNonZero(view.moving)
        least = (self._settings.min_height_share * view.foreground.shape[0]) ** 2 / 4
        if cv2.countNonZero(view.doubtful) < least or self._motion_px <= 20:
            return False
        if stamp_ns - self._searched_ns < self._settings.search_s * NS_PER_S:
            return False
        self._searched_ns, self._motion_px = stamp_ns, 0
        return True

    def _boxes(self, view: View, width: int, height: int) -> Boxes:
        shown = [p for p in self._people.members if p.confirmed and p.seen]
        if not shown:
            return Boxes.empty()
        least, most = _SHOWN_CONFIDENCE
        boxes = clip(np.stack([p.box for p in shown]) * view.scale, width, height)
        confidence = np.array([min(most, least + 0.1 * p.score) for p in shown], np.float32)
        order = np.lexsort((boxes[:, 1], boxes[:, 0]))
        return Boxes(boxes[order], confidence[order])


def _region(box: Array, view: View) -> Region:
    """Where to look for whoever makes a blob (picture pixels), and how tall he may be.

    A blob that is too wide for its height, or that the picture's edge cuts, is a part of somebody taller: his legs
    below a shirt in the wall's colour, or his head and shoulders.
    """
    full = view.foreground.shape[0]
    width, height = (float(v) for v in box[2:] - box[:2])
    cut = box[1] <= 1 or box[3] >= full - 1
    factor = 1.7 if cut else 1.25
    if height < 1.8 * width:
        factor = max(factor, 2.2)
    tall = max(0.85 * height, min(1.15 * full, factor * height))
    side = 0.1 * height
    x0, y0, x1, y1 = (
        float(v) * view.scale for v in (box[0] - side, box[3] - tall, box[2] + side, box[1] + tall)
    )
    return Region((x0, y0, x1, y1), (0.8 * height * view.scale, tall * view.scale))
