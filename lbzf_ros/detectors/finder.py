"""The first step: a picture becomes the people in it, with their tracks, and the motion of its zones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.schema import DetectorSettings
from lbzf_ros.core.model import Boxes, EvidenceKind, FrameDetections, RoiSet, zone_id
from lbzf_ros.detectors.base import create, detect_together, notice_of
from lbzf_ros.detectors.motion import ZoneMotion
from lbzf_ros.detectors.tracking import Tracker


class PeopleFinder:
    """Detector, tracker and zone motion of one camera."""

    def __init__(self, settings: DetectorSettings, rois: RoiSet) -> None:
        self._camera = rois.camera
        self._detector = create(settings, rois.camera)
        self._tracker = Tracker(rois.fps)
        self._motion = ZoneMotion(
            {
                zone_id(station.module, station.code, zone.name): zone.polygon_px
                for station in rois.workstations
                for zone in station.zones
                if zone.evidence is EvidenceKind.MOTION
            }
        )

    @property
    def notice(self) -> str:
        """What people must know about the detector (it is not the one they chose); empty: nothing."""
        return notice_of(self._detector)

    def __call__(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> FrameDetections:
        """Find the people in the next picture (height, width, 3); stamps must increase."""
        return self._complete(self._detector.detect(image_bgr, stamp_ns), image_bgr, stamp_ns)

    @staticmethod
    def together(
        asked: Sequence[tuple[PeopleFinder, NDArray[np.uint8], int]],
    ) -> list[FrameDetections]:
        """The same for the next pictures of several cameras at once: finder, picture and stamp of each.

        Cameras whose detectors share a model go through it in one batch.
        """
        found = detect_together([(finder._detector, image, stamp_ns) for finder, image, stamp_ns in asked])
        return [
            finder._complete(boxes, image, stamp_ns)
            for (finder, image, stamp_ns), boxes in zip(asked, found, strict=True)
        ]

    def _complete(self, boxes: Boxes, image_bgr: NDArray[np.uint8], stamp_ns: int) -> FrameDetections:
        """Boxes with their tracks, and the motion of the zones."""
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
            motion=self._motion.update(image_bgr),
        )
