"""The same person keeps the same number: ByteTrack from the `trackers` package, behind one small class.

Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV 2022.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import NS_PER_S, Boxes

_LOST_S = 3.0
"""How long a person may be out of sight and still be the same."""
_PACKAGE_RATE_HZ = 30.0
"""The package counts its buffer in pictures at this rate."""
_MIN_IOU = 0.1
"""People move far between pictures at 3 to 5 a second."""


class Tracker:
    """Follows the people of one camera. Pictures may come at uneven times; stamps must increase."""

    def __init__(self, fps: float) -> None:
        """Begin without people.

        Args:
            fps: pictures a second that are expected.
        """
        import supervision  # heavy (matplotlib, scipy): only the process that tracks pays for it
        from trackers import ByteTrackTracker

        self._detections = supervision.Detections
        # Detectors here give few boxes, each checked by themselves: every box may begin and continue a track.
        self._tracker = ByteTrackTracker(
            lost_track_buffer=round(_LOST_S * _PACKAGE_RATE_HZ),
            frame_rate=fps,
            track_activation_threshold=0.0,
            high_conf_det_threshold=0.0,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=_MIN_IOU,
        )

    def update(self, boxes: Boxes, stamp_ns: int) -> NDArray[np.int32]:
        """Number the people of the next picture.

        Returns:
            int32 (n,) in the order of the boxes; -1: not tracked.
        """
        ids = np.full(len(boxes), -1, np.int32)
        found = self._detections(
            xyxy=boxes.xyxy.astype(np.float64),
            confidence=boxes.confidence.astype(np.float64),
            data={"row": np.arange(len(boxes))},
        )
        tracked = self._tracker.update(found, timestamp=stamp_ns / NS_PER_S)
        if len(tracked) and tracked.tracker_id is not None:
            ids[tracked.data["row"]] = tracked.tracker_id
        return ids
