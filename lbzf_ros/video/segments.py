"""Video on disk: H.264 in fragmented MP4, so that a file cut off by a power failure still plays."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.core.model import NS_PER_S, Segment

_TIME_BASE = Fraction(1, 90_000)
_KEYFRAME_EVERY_S = 2.0


def segment_path(camera: str, start_ns: int) -> str:
    """Where the segment that begins at a stamp lies, relative to the data folder; the time is UTC."""
    start = dt.datetime.fromtimestamp(start_ns // NS_PER_S, dt.timezone.utc)
    return f"video/{start:%Y/%m/%d}/{camera}_{start:%Y%m%d_%H%M%S}.mp4"


def _free(data: Path, relative: str) -> str:
    """The path, or with a number when there is one of that second: the clock was set back, nothing is overwritten."""
    stem, number = relative.removesuffix(".mp4"), 2
    while (data / relative).exists():
        relative, number = f"{stem}_{number}.mp4", number + 1
    return relative


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
        self._relative = _free(data, segment_path(camera, start_ns))
        path = data / self._relative
        path.parent.mkdir(parents=True, exist_ok=True)
        # A fragment for each key frame, handed to the system at once: what is on disk plays up to the last one.
        options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
        self._container = av.open(str(path), "w", format="mp4", options=options)
        stream: Any = self._container.add_stream(
            "libx264",
            rate=Fraction(fps).limit_denominator(1000),
            options={"crf": str(settings.video_crf), "preset": settings.video_preset, "tune": "zerolatency"},
        )
        stream.height, stream.width = image_bgr.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = max(1, round(fps * _KEYFRAME_EVERY_S))
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = _TIME_BASE
        self._stream = stream

    def add(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> None:
        frame = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
        frame.pts = round((stamp_ns - self.start_ns) / NS_PER_S / _TIME_BASE)
        frame.time_base = _TIME_BASE
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        self.end_ns, self._frames = stamp_ns, self._frames + 1

    def close(self) -> Segment:
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return Segment(self._camera, self._relative, self.start_ns, self.end_ns, self._frames)
