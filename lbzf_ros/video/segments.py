"""Pictures of sources that have no H.264 of their own (simulator, file, masked camera), encoded once."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.core.model import NS_PER_S, Segment
from lbzf_ros.video import mp4

_KEYFRAME_EVERY_S = 2.0


class SegmentWriter:
    """Writes the pictures of one camera into segments that begin at full multiples of their length."""

    def __init__(self, camera: str, data: Path, settings: RecorderSettings, fps: float) -> None:
        self._camera, self._data, self._settings, self._fps = camera, data, settings, fps
        self._length_ns = settings.segment_minutes * 60 * NS_PER_S
        self._open: _OpenSegment | None = None

    def write(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> Segment | None:
        """Add a picture; stamps must increase.

        Returns:
            The segment that this picture closed, because it belongs to the next one.

        Raises:
            OSError: the disk takes no more.
        """
        closed = None
        if self._open and self._belongs_to_next(self._open, image_bgr, stamp_ns):
            closed = self.close()
        try:
            if self._open is None:
                self._open = _OpenSegment(
                    self._camera, self._data, image_bgr, stamp_ns, self._settings, self._fps
                )
            self._open.add(image_bgr, stamp_ns)
        except av.FFmpegError as error:
            self._open = None  # what is there plays up to its last whole fragment
            raise OSError(error.errno, error.strerror) from error
        return closed

    def close(self) -> Segment | None:
        """Finish the open segment, if there is one."""
        current, self._open = self._open, None
        return current.close() if current else None

    def _belongs_to_next(self, current: _OpenSegment, image_bgr: NDArray[np.uint8], stamp_ns: int) -> bool:
        return (
            stamp_ns // self._length_ns != current.start_ns // self._length_ns
            or image_bgr.shape != current.shape
            or stamp_ns <= current.end_ns
            or stamp_ns > current.end_ns + mp4.LONGEST_PAUSE_NS
        )


class _OpenSegment:
    def __init__(
        self,
        camera: str,
        data: Path,
        image_bgr: NDArray[np.uint8],
        start_ns: int,
        settings: RecorderSettings,
        fps: float,
    ) -> None:
        self.start_ns = self.end_ns = start_ns
        self.shape = image_bgr.shape
        self._camera, self._frames = camera, 0
        self._relative = mp4.free_path(data, camera, start_ns)
        self._container = mp4.create(data / self._relative, start_ns)
        stream: Any = self._container.add_stream(
            "libx264",
            rate=Fraction(fps).limit_denominator(1000),
            options={"crf": str(settings.video_crf), "preset": settings.video_preset, "tune": "zerolatency"},
        )
        stream.height, stream.width = image_bgr.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = max(1, round(fps * _KEYFRAME_EVERY_S))
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = mp4.TIME_BASE
        self._stream = stream

    def add(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> None:
        frame = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
        frame.pts = mp4.ticks(stamp_ns, self.start_ns)
        frame.time_base = mp4.TIME_BASE
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        self.end_ns, self._frames = stamp_ns, self._frames + 1

    def close(self) -> Segment:
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return Segment(self._camera, self._relative, self.start_ns, self.end_ns, self._frames)
