"""The same person keeps the same number: ByteTrack from the `trackers` package, behind one small class.

Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import NS_PER_S, Boxes

_LOST_S = 3.0
"""How long a person may be out of sight and still be the same."""
_PACKAGE_RATE_HZ = 30.0
"""The package counts its buffer in pictures at this rate."""
_MIN_ALIKE = 0.1
"""People move far between pictures at 3 to 5 a second: little of two boxes need overlap."""


class Tracker:
    """Follows the people of one camera. Pictures may come at uneven times; stamps must increase."""

    def __init__(self, fps: float) -> None:
        """Begin without people.

        Args:
            fps: pictures a second that are expected.
        """
        # Heavy (matplotlib, scipy): only the process that tracks pays for it.
        from trackers import ByteTrackTracker

        from lbzf_ros.detectors.track_state import SameFloor, SideBySide

        # Detectors here give few boxes, each checked by themselves: every box may begin and continue a track.
        self._tracker = ByteTrackTracker(
            lost_track_buffer=round(_LOST_S * _PACKAGE_RATE_HZ),
            frame_rate=fps,
            track_activation_threshold=0.0,
            high_conf_det_threshold=0.0,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=_MIN_ALIKE,
            state_estimator_class=SideBySide,
            iou=SameFloor(),
        )

    def update(self, boxes: Boxes, stamp_ns: int) -> NDArray[np.int32]:
        """Number the people of the next picture.

        Returns:
            int32 (n,) in the order of the boxes; -1: not tracked.
        """
        ids = np.full(len(boxes), -1, np.int32)
        found = _Detections(boxes.xyxy.astype(np.float64), boxes.confidence, np.arange(len(boxes)))
        tracked: Any = self._tracker.update(found, timestamp=stamp_ns / NS_PER_S)  # type: ignore[arg-type]
        if len(tracked):
            ids[tracked.row] = tracked.tracker_id
        return ids


@dataclass(slots=True)
class _Detections:
    """What the package uses of a supervision.Detections, whose own checks cost more than the tracking.

    Attributes:
        xyxy: boxes (n, 4), pixels.
        confidence: (n,), 0..1.
        row: (n,), where each was among those that were given; the package changes the order.
        tracker_id: (n,), set by the package; -1: not tracked.
    """

    xyxy: NDArray[np.float64]
    confidence: NDArray[np.float32]
    row: NDArray[np.int64]
    tracker_id: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, rows: NDArray[np.int64]) -> _Detections:
        return _Detections(self.xyxy[rows], self.confidence[rows], self.row[rows])
