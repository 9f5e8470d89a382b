"""Packets to pictures: in software, or by GStreamer elements that the configuration names (a hardware decoder)."""

from __future__ import annotations

import contextlib
import heapq
import os
import re
import select
import shlex
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from lbzf_ros.core.errors import SourceError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video.copying import StreamPacket

_TAKES_WITHIN_S = 2.0
_MOST_WAITING_NS = 2 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture; `bgr` makes (height, width, 3) of it, for those that are wanted.

    Attributes:
        stamp_ns: capture time.
        size_px: width and height as the camera sent it.
        bgr: gives it in the size that is looked at.
    """

    stamp_ns: int
    size_px: tuple[int, int]
    bgr: Callable[[], NDArray[np.uint8]]


class Decoder(Protocol):
    """Makes pictures of one stream."""

    def decode(self, packet: StreamPacket) -> Iterator[Picture]:
        """The pictures that are ready after one more packet, in order of their stamps.

        Raises:
            SourceError: it cannot go on.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class SoftwareDecoder:
    """libav in this process. A broken packet costs the pictures up to the next key frame, never the stream."""

    def __init__(self, codec: str, extradata: bytes | None, size_px: tuple[int, int]) -> None:
        self._context: Any = av.CodecContext.create(codec, "r")
        self._context.thread_count = 1
        if extradata:
            self._context.extradata = extradata
        self._size_px, self._to_bgr = size_px, ToBgr()
        self._stamps: list[int] = []

    def decode(self, packet: StreamPacket) -> Iterator[Picture]:
        """The pictures that are ready."""
        try:
            frames = self._context.decode(av.Packet(packet.data))
        except av.FFmpegError:
            return
        # Pictures come in the order in which they are shown, so the oldest stamp is the next picture's.
        heapq.heappush(self._stamps, packet.stamp_ns)
        while self._stamps and self._stamps[0] < packet.stamp_ns - _MOST_WAITING_NS:
            heapq.heappop(self._stamps)
        for frame in frames:
            if self._stamps:
                yield self._picture(heapq.heappop(self._stamps), frame)

    def close(self) -> None:
        """Nothing to do: the context goes with this object."""

    def _picture(self, stamp_ns: int, frame: Any) -> Picture:
        return Picture(
            stamp_ns, (frame.width, frame.height), lambda: scaled(self._to_bgr(frame), self._size_px)
        )


class PipelineDecoder:
    """GStreamer in a process of its own: it gets the byte stream and gives pictures of the size that is looked at."""

    def __init__(self, label: str, pipeline: str, size_px: tuple[int, int]) -> None:
        """Start it.

        Raises:
            SourceError: gst-launch-1.0 is not installed.
        """
        self._label, self._size_px = label, size_px
        width, height = size_px
        caps = f"video/x-raw,format=BGR,width={width},height={height}"
        command = ["gst-launch-1.0", "-q", "fdsrc", "fd=0", "!", *shlex.split(pipeline), "!"]
        command += [
            "videoconvert",
            "!",
            "videoscale",
            "add-borders=false",
            "!",
            caps,
            "!",
            "fdsink",
            "fd=1",
            "sync=false",
        ]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # for as long as the process
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                bufsize=0,
                env=_for_gstreamer(os.environ),
            )
        except OSError as error:
            raise SourceError(
                f"{label}: gst-launch-1.0 cannot be run ({error.strerror}): install gstreamer1.0-tools, or leave out "
                "streams.decoder_pipeline"
            ) from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        os.set_blocking(self._input.fileno(), False)
        self._stamps: list[int] = []
        self._ready: deque[tuple[int, NDArray[np.uint8]]] = deque(maxlen=8)
        self._lock = threading.Lock()
        threading.Thread(target=self._take, name="decoded", daemon=True).start()

    def decode(self, packet: StreamPacket) -> Iterator[Picture]:
        """The pictures that are ready; they lag behind by what the pipeline holds."""
        with self._lock:
            heapq.heappush(self._stamps, packet.stamp_ns)
        self._feed(packet.data)
        while self._ready:
            stamp_ns, image = self._ready.popleft()
            yield self._picture(stamp_ns, image)

    def _picture(self, stamp_ns: int, image: NDArray[np.uint8]) -> Picture:
        return Picture(stamp_ns, self._size_px, lambda: image)

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._input.close()
        self._process.kill()
        self._process.wait()
        self._said.close()

    def _feed(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if self._process.poll() is not None:
                raise self._failed("has ended")
            if not select.select([], [self._input], [], _TAKES_WITHIN_S)[1]:
                raise self._failed(f"takes nothing for {_TAKES_WITHIN_S:g} s")
            try:
                rest = rest[os.write(self._input.fileno(), rest) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._failed("has ended") from None

    def _failed(self, what: str) -> SourceError:
        self._said.seek(0)
        said = " ".join(self._said.read(2000).decode("utf-8", "replace").split())[:300]
        return SourceError(
            f"{self._label}: the decoder {what}{f': {said}' if said else ''}; look at streams.decoder_pipeline"
        )

    def _take(self) -> None:
        width, height = self._size_px
        row = (3 * width + 3) // 4 * 4  # GStreamer's rows begin at multiples of four bytes
        while True:
            data = bytearray(row * height)
            rest = memoryview(data)
            while rest:
                try:
                    count = os.readv(self._output.fileno(), [rest])
                except (OSError, ValueError):
                    return
                if not count:
                    return
                rest = rest[count:]
            image = (
                np.frombuffer(data, np.uint8).reshape(height, row)[:, : 3 * width].reshape(height, width, 3)
            )
            with self._lock:
                newest = max(self._stamps, default=0)
                while self._stamps and self._stamps[0] < newest - _MOST_WAITING_NS:
                    heapq.heappop(self._stamps)
                if self._stamps:
                    self._ready.append((heapq.heappop(self._stamps), image))


class ToBgr:
    """Decoded pictures of one stream as (height, width, 3).

    It keeps what libav prepares to convert them; `frame.to_ndarray(format="bgr24")` prepares it, with threads of its
    own, for every single picture, which takes longer than the picture itself.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: Any) -> NDArray[np.uint8]:
        """Convert one."""
        return np.asarray(self._reformatter.reformat(frame, format="bgr24", threads=1).to_ndarray(), np.uint8)


def scaled(image: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture in the size that the zones refer to."""
    if (image.shape[1], image.shape[0]) == size_px:
        return image
    return np.asarray(cv2.resize(image, size_px, interpolation=cv2.INTER_AREA), np.uint8)


_NEEDED = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TMPDIR|DISPLAY|LD_\w+|(XDG|GST|GLIB|EGL|CUDA|NV|NVIDIA|TEGRA|LIBVA|VDPAU)_\w+",
    re.ASCII,
)


def _for_gstreamer(environment: Mapping[str, str]) -> dict[str, str]:
    """What GStreamer and its drivers look at. Not the rest: passwords of cameras may be in it."""
    return {name: value for name, value in environment.items() if _NEEDED.fullmatch(name)}
