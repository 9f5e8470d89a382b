"""A camera's own H.264 on disk, as it came: copied, never encoded again."""

from __future__ import annotations

import contextlib
import io
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from lbzf_ros.core.model import NS_PER_S, Segment
from lbzf_ros.video import h264, mp4

_SYNC_EVERY_S = 5.0
"""So much is lost at most when the power goes; without it the system keeps up to half a minute to itself."""


@dataclass(frozen=True, slots=True)
class StreamPacket:
    """An access unit of a camera's stream as it came.

    Attributes:
        data: Annex B.
        stamp_ns: when it arrived.
        reorder_ns: how much later than it is decoded its picture is shown; 0 without B-frames.
        is_key: a key frame by the word of the camera.
    """

    data: bytes
    stamp_ns: int
    reorder_ns: int
    is_key: bool


class CopyWriter:
    """Writes the packets of one camera into segments that begin with the first key frame of each period."""

    def __init__(self, camera: str, data: Path, segment_minutes: int) -> None:
        self._camera, self._data, self._length_ns = camera, data, segment_minutes * 60 * NS_PER_S
        self._parameters = b""
        self._open: _OpenCopy | None = None

    def use(self, parameters: bytes) -> None:
        """Parameter sets that the camera gave when its stream was opened, for one that does not repeat them."""
        if parameters.startswith((h264.START_CODE[1:], h264.START_CODE)):
            self._parameters = h264.parameter_sets(parameters) or self._parameters

    def write(self, packet: StreamPacket) -> tuple[Segment, ...]:
        """Add a packet. Before the first key frame there is nothing that it could belong to.

        Returns:
            The segment that this packet closed: the next period, another picture size, a pause, a clock set back.

        Raises:
            OSError: the disk takes no more; the segment is closed as it is.
        """
        begins = packet.is_key and h264.begins_here(packet.data)
        sets = h264.parameter_sets(packet.data) if begins else b""
        changed = bool(sets) and sets != self._parameters
        self._parameters = sets or self._parameters
        current = self._open
        closed: tuple[Segment, ...] = ()
        if current and (
            packet.stamp_ns <= current.end_ns - NS_PER_S
            or packet.stamp_ns > current.end_ns + mp4.LONGEST_PAUSE_NS
            or (begins and (changed or self._period(packet.stamp_ns) != self._period(current.start_ns)))
        ):
            closed = self.close()
        if self._open is None:
            if not begins or not self._parameters:
                return closed
            self._open = self._begin(packet, sets)
        try:
            self._open.add(packet)
        except av.FFmpegError as error:
            self.close()
            raise OSError(error.errno, error.strerror) from None
        return closed

    @property
    def end_ns(self) -> int | None:
        """Stamp of the last picture of the open segment; None: none is open."""
        return self._open.end_ns if self._open else None

    def close(self) -> tuple[Segment, ...]:
        """Finish the open segment, if there is one; a full disk has no say in that."""
        current, self._open = self._open, None
        return (current.close(),) if current else ()

    def _period(self, stamp_ns: int) -> int:
        return stamp_ns // self._length_ns

    def _begin(self, packet: StreamPacket, sets: bytes) -> _OpenCopy:
        first = packet.data if sets else self._parameters + packet.data
        try:
            return _OpenCopy(self._camera, self._data, packet.stamp_ns, first)
        except av.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from None


class _OpenCopy:
    def __init__(self, camera: str, data: Path, start_ns: int, first: bytes) -> None:
        self.start_ns = self.end_ns = start_ns
        self._camera, self._frames = camera, 0
        self._relative = mp4.free_path(data, camera, start_ns)
        # libav reads size and parameter sets from the first picture itself.
        with av.open(io.BytesIO(first), format="h264") as probe:
            self._container = mp4.create(data / self._relative, start_ns)
            self._stream: Any = self._container.add_stream_from_template(probe.streams.video[0])
        self._stream.time_base = mp4.TIME_BASE
        self._last_ticks = -1
        self._file: int | None = None
        self._synced_s = time.monotonic()
        self._path = data / self._relative

    def add(self, source: StreamPacket) -> None:
        packet = av.Packet(source.data)
        packet.stream = self._stream
        packet.time_base = mp4.TIME_BASE
        # Packets that came in one burst keep their order.
        self._last_ticks = max(mp4.ticks(source.stamp_ns, self.start_ns), self._last_ticks + 1)
        packet.dts = self._last_ticks
        packet.pts = packet.dts + mp4.ticks(source.reorder_ns, 0)
        packet.is_keyframe = source.is_key
        self._container.mux(packet)
        self.end_ns, self._frames = max(self.end_ns, source.stamp_ns), self._frames + 1
        if time.monotonic() - self._synced_s > _SYNC_EVERY_S:
            self._sync()

    def close(self) -> Segment:
        with contextlib.suppress(av.FFmpegError, OSError):
            self._container.close()  # on a full disk what is there plays up to its last whole fragment
        if self._file is not None:
            os.close(self._file)
        return Segment(self._camera, self._relative, self.start_ns, self.end_ns, self._frames)

    def _sync(self) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        os.fdatasync(self._file)
        self._synced_s = time.monotonic()
