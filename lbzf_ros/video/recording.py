"""Keeps what a network camera sends: a thread that writes, and a record of what could not be written and why.

Its calls return at once: a disk that hangs must not stop the camera from being read. What waits is bounded; what does
not fit is lost, and counted as a gap with the disk as its cause.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.core.model import Segment
from lbzf_ros.video.copying import CopyWriter, StreamPacket
from lbzf_ros.video.coverage import Cause, Coverage, Gap
from lbzf_ros.video.segments import SegmentWriter
from lbzf_ros.video.sources import Frame

_TELL_EVERY_S = 5.0
_MOST_WAITING = 1500
"""Packets: a minute of a camera that sends 25 a second."""
_STOPS_WITHIN_S = 5.0
_GATHERS_S = 0.2
"""Packets that come meanwhile are written together; a file gets them in fragments of a second anyway."""


class Announcer(Protocol):
    """Who hears what was recorded; called in the recording's thread."""

    def segment(self, segment: Segment) -> None:
        """A piece of video is complete."""
        ...

    def gap(self, gap: Gap) -> None:
        """Time without video; told again with a later end for as long as it lasts."""
        ...

    def trouble(self, text: str) -> None:
        """Something keeps video from being written."""
        ...


class StreamRecording:
    """Writes one network camera's stream; H.264 as it came, anything else encoded once."""

    failure: Exception | None = None
    """Why nothing is written any more; nobody but the owner can begin anew."""

    def __init__(
        self,
        camera: str,
        data: Path,
        settings: RecorderSettings,
        fps: float,
        *,
        clock_ns: Callable[[], int],
        has_room: Callable[[], bool],
        announcer: Announcer,
        begin: Callable[[], Coverage],
    ) -> None:
        """Begin to write.

        Args:
            camera: label.
            data: the data folder.
            settings: how long a segment is; how pictures are encoded.
            fps: pictures a second of a stream that is encoded.
            clock_ns: the present time.
            has_room: whether the disk may be written to.
            announcer: hears of everything.
            begin: finds out in the thread what was recorded before.
        """
        self._camera = camera
        self._clock_ns, self._has_room, self._announcer = clock_ns, has_room, announcer
        self._begin = begin
        self._copy = CopyWriter(camera, data, settings.segment_minutes)
        self._encode = SegmentWriter(camera, data, settings, fps)
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue(_MOST_WAITING)
        self._coverage = Coverage(camera, None, Cause.CAMERA, "")
        self._room, self._told_s, self._overrun = True, -_TELL_EVERY_S, threading.Event()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    # ---- called by whoever reads the camera

    def opened(self, *, copied: bool, parameters: bytes) -> None:
        """The camera delivers."""
        if copied:
            self._put(lambda: self._copy.use(parameters))

    def packet(self, packet: StreamPacket) -> None:
        """A packet of H.264."""
        self._put(lambda: self._write(packet.stamp_ns, lambda: self._copied(packet)))

    def picture(self, frame: Frame) -> None:
        """A picture of a camera that has no H.264."""
        self._put(lambda: self._write(frame.stamp_ns, lambda: self._encoded(frame)))

    def interrupted(self, detail: str) -> None:
        """The camera does not deliver."""
        self._put(lambda: self._interrupt(detail))

    def close(self) -> None:
        """Finish the open segment."""
        with contextlib.suppress(queue.Full):  # a disk that hangs; the next process enters what is there
            self._work.put(None, timeout=_STOPS_WITHIN_S)
        self._thread.join(_STOPS_WITHIN_S)

    def _put(self, work: Callable[[], None]) -> None:
        try:
            self._work.put_nowait(work)
        except queue.Full:
            self._overrun.set()

    # ---- in the thread

    def _run(self) -> None:
        try:
            self._record()
        except Exception as error:  # whatever it is, nobody else would hear of it
            self.failure = RuntimeError(f"{self._camera}: the thread that records it has ended: {error!r}")
            self.failure.__cause__ = error

    def _record(self) -> None:
        try:
            self._coverage = self._begin()
        except OSError as error:
            self._announcer.trouble(f"video of an earlier run cannot be looked at: {error}")
        while True:
            try:
                work = self._work.get(timeout=_TELL_EVERY_S)
            except queue.Empty:
                work = _nothing
            if work is None:
                break
            if self._overrun.is_set():
                self._overrun.clear()
                self._disk("the disk is too slow: video was left out")
            work()
            self._tell()
            if self._work.empty():
                time.sleep(_GATHERS_S)
        self._finish()

    def _tell(self) -> None:
        if time.monotonic() - self._told_s < _TELL_EVERY_S:
            return
        self._told_s, trouble = time.monotonic(), ""
        try:
            if not self._has_room():
                trouble = "no room: storage.reserve_gb is kept for the database"
        except OSError as error:
            trouble = f"video cannot be written: {error.strerror}"
        if self._room and trouble:
            self._disk(trouble)
        self._room = not trouble
        self._hear(self._coverage.present(self._clock_ns()))

    def _write(self, stamp_ns: int, write: Callable[[], bool]) -> None:
        if not self._room:
            return
        try:
            written = write()
        except OSError as error:
            self._disk(f"video cannot be written: {error.strerror}")
            return
        if written:
            self._hear(self._coverage.recorded(stamp_ns))

    def _copied(self, packet: StreamPacket) -> bool:
        self._announce(self._copy.write(packet))
        return self._copy.end_ns is not None

    def _encoded(self, frame: Frame) -> bool:
        closed = self._encode.write(frame.image_bgr, frame.stamp_ns)
        self._announce((closed,) if closed else ())
        return True

    def _interrupt(self, detail: str) -> None:
        self._finish()
        if self._room:
            self._hear(self._coverage.because(self._clock_ns(), Cause.CAMERA, detail))

    def _disk(self, detail: str) -> None:
        self._announcer.trouble(detail)
        self._finish()
        self._hear(self._coverage.because(self._clock_ns(), Cause.DISK, detail))

    def _finish(self) -> None:
        self._announce(self._copy.close())
        closed = self._encode.close()
        self._announce((closed,) if closed else ())

    def _announce(self, segments: tuple[Segment, ...]) -> None:
        for segment in segments:
            if segment.frames:
                self._announcer.segment(segment)

    def _hear(self, gap: Gap | None) -> None:
        if gap is not None:
            self._announcer.gap(gap)


def _nothing() -> None:
    pass
