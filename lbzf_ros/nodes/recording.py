"""Between what records and the graph: video and gaps as messages, and what the database knows of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from lbzf_interfaces.msg import SegmentClosed

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import Segment
from lbzf_ros.nodes.base import LbzfNode
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.diagnostics import Counter, Level
from lbzf_ros.store import DATABASE_NAME
from lbzf_ros.store.entered_video import entered_video
from lbzf_ros.video.coverage import Coverage, Gap
from lbzf_ros.video.left_behind import coverage_since, nameless, newest_days, video_files

_TRIES, _PAUSE_S = 5, 2.0


class GapValues(TypedDict):
    """A gap as the database takes it."""

    camera: str
    start_ns: int
    end_ns: int
    cause: str
    detail: str


class VideoAnnouncer:
    """Publishes what was recorded of one camera, and what was not. For one thread."""

    def __init__(self, node: LbzfNode, camera: str, data: Path, counter: Counter) -> None:
        self._node, self._camera, self._data, self._counter = node, camera, data, counter
        self._segments = node.publisher(topics.SEGMENTS, camera)
        self._gaps = node.publisher(topics.VIDEO_GAPS, camera)

    def segment(self, segment: Segment) -> None:
        """A piece of video is complete."""
        self._segments.publish(
            SegmentClosed(
                camera=segment.camera,
                path=segment.path,
                start=convert.time_to_msg(segment.start_ns),
                end=convert.time_to_msg(segment.end_ns),
                frames=segment.frames,
                codec=segment.codec,
            )
        )

    def gap(self, gap: Gap) -> None:
        """Time without video."""
        self._gaps.publish(
            DiagnosticStatus(
                level=bytes([Level.WARN]),
                name=gap.cause.value,
                hardware_id=gap.camera,
                message=gap.detail,
                values=[
                    KeyValue(key="start_ns", value=str(gap.start_ns)),
                    KeyValue(key="end_ns", value=str(gap.end_ns)),
                ],
            )
        )

    def trouble(self, text: str) -> None:
        """Something keeps video from being written."""
        self._counter.fail(text)
        self._node.get_logger().warning(f"{self._camera}: {text}")

    def begin(self) -> Coverage:
        """Enter what a killed process has left, and go on where it stopped. May take some seconds."""
        files = self.left()
        for _ in range(_TRIES - 1):
            try:
                return self.enter(files)
            except StoreError:  # it is being migrated, say
                time.sleep(_PAUSE_S)
        try:
            return self.enter(files)
        except StoreError as error:
            self.trouble(f"video of an earlier run cannot be entered: {error}")
            return coverage_since(self._data, self._camera, None, self.now_ns())

    def left(self) -> list[str]:
        """Video files that there are now; before anything is written."""
        return video_files(self._data, self._camera, newest_days(self._data))

    def enter(self, files: Sequence[str]) -> Coverage:
        """Enter those of these files that a killed process has left, and go on where it stopped.

        Raises:
            StoreError: the database cannot be read (yet).
        """
        segments, until_ns = nameless(self._data, files, self._known)
        for segment in segments:
            self.segment(segment)
            self._node.get_logger().info(f"{segment.path} was left by a killed process and is entered")
        return coverage_since(self._data, self._camera, until_ns, self.now_ns())

    def now_ns(self) -> int:
        """The present time."""
        return int(self._node.get_clock().now().nanoseconds)

    def _known(self, paths: Sequence[str]) -> tuple[frozenset[str], int | None]:
        database = self._data / DATABASE_NAME
        if not database.exists():
            return frozenset(), None
        return entered_video(database, self._camera, paths)


def gap_values(message: Any) -> GapValues:
    """A gap from its message.

    Raises:
        InvalidValue: it is none.
    """
    values = {item.key: item.value for item in message.values}
    try:
        start_ns, end_ns = int(values["start_ns"]), int(values["end_ns"])
    except (KeyError, ValueError) as error:
        raise InvalidValue(f"gap of {message.hardware_id}: has no times ({error})") from None
    return {
        "camera": message.hardware_id,
        "start_ns": start_ns,
        "end_ns": end_ns,
        "cause": message.name,
        "detail": message.message,
    }
