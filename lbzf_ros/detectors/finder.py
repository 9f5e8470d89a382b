"""The first step: a picture becomes the people in it, with their tracks, and the motion of its zones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.core.model import Boxes, EvidenceKind, FrameDetections, ReferenceView, RoiSet, zone_id
from lbzf_ros.detectors.base import create, detect_together, follow, notice_of
from lbzf_ros.detectors.clear_view import ClearView
from lbzf_ros.detectors.motion import ZoneMotion
from lbzf_ros.detectors.tracking import Tracker
from lbzf_ros.detectors.view import shrunk_once
from lbzf_ros.drift.watch import DriftWatch


class PeopleFinder:
    """Detector, tracker and zone motion of one camera."""

    def __init__(self, settings: DetectorSettings, rois: RoiSet, drift: DriftSettings | None = None) -> None:
        self._camera = rois.camera
        self._detector = create(settings, rois.camera)
        self._tracker = Tracker(rois.fps)
        self._watch = DriftWatch(drift or DriftSettings(), rois)
        self._clear_view = ClearView(settings.clear_view)
        self._motion = ZoneMotion(
            {
                zone_id(station.module, station.code, zone.name): zone
                for station in rois.workstations
                for zone in station.zones
                if zone.evidence is EvidenceKind.MOTION
            }
        )

    def use_references(self, references: Iterable[ReferenceView]) -> None:
        """Take over the views on which zones were drawn, for zones that are not compared with one already."""
        self._watch.use_references(references)

    @property
    def notice(self) -> str:
        """What people must know about the detector (it is not the one they chose); empty: nothing."""
        return notice_of(self._detector)

    def __call__(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> FrameDetections:
        """Find the people in the next picture (height, width, 3); stamps must increase."""
        return self.together([(self, image_bgr, stamp_ns)])[0]

    @staticmethod
    def together(
        asked: Sequence[tuple[PeopleFinder, NDArray[np.uint8], int]],
    ) -> list[FrameDetections]:
        """The same for the next pictures of several cameras at once: finder, picture and stamp of each.

        Cameras whose detectors share a model go through it in one batch. A picture whose view is not clear is shown
        to no detector: it has nobody in it that counts, and must not become what a detector knows of the scene.
        """
        clear = [finder._clear_view.update(image, stamp_ns) for finder, image, stamp_ns in asked]
        shown = [i for i, is_clear in enumerate(clear) if is_clear]
        with shrunk_once():  # detector and zone motion look at the same pictures, at the same size
            seen = detect_together([(asked[i][0]._detector, *asked[i][1:]) for i in shown])
            found = dict(zip(shown, seen, strict=True))
            return [
                finder._complete(found.get(i, Boxes.empty()), image, stamp_ns, clear=clear[i])
                for i, (finder, image, stamp_ns) in enumerate(asked)
            ]

    def _complete(
        self, boxes: Boxes, image_bgr: NDArray[np.uint8], stamp_ns: int, *, clear: bool
    ) -> FrameDetections:
        """Boxes with their tracks, where the zones are, and how much of them moves."""
        shifts = self._watch.update(image_bgr, stamp_ns, boxes.xyxy, clear=clear)
        if self._watch.step is not None:
            follow(self._detector, self._watch.step)
        # Where a hand's zone is must be known: an arm that lies in it after a knock is no reach.
        hands_seen = clear and not self._watch.is_unsure
        ids = self._tracker.update(boxes, stamp_ns)
        order = np.lexsort((boxes.xyxy[:, 0], ids))
        return FrameDetections(
            camera=self._camera,
            stamp_ns=stamp_ns,
            width_px=image_bgr.shape[1],
            height_px=image_bgr.shape[0],
            model=self._detector.info,
            boxes=Boxes(boxes.xyxy[order], boxes.confidence[order]),
            track_ids=ids[order],
            motion=self._motion.update(image_bgr, shifts) if hands_seen else self._motion.pass_over(),
            view_clear=clear,
            shifts=shifts,
        )
