"""Cameras and what stands in for them: each gives pictures with their capture time.

A source is opened, iterated, and closed when the iteration ends. It raises `SourceError` when the camera cannot be
opened or stops; opening it again is up to the caller. No read blocks for longer than the camera's time limit:
libav interrupts it (`timeout` of `av.open`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.core.errors import ConfigError, SourceError
from lbzf_ros.core.model import NS_PER_S

SIMULATOR_SCHEME = "simulator:"
SET_BACK_NS = NS_PER_S
"""A clock that goes back by more than this was set back: pictures go on with the earlier time."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture (height, width, 3) bgr and its capture time."""

    image_bgr: NDArray[np.uint8]
    stamp_ns: int


class Source(Protocol):
    """Something that gives pictures."""

    @property
    def live(self) -> bool:
        """Whether it keeps to the clock by itself, and loses pictures that nobody takes in time."""
        ...

    @property
    def length_s(self) -> float | None:
        """Seconds of recording; None where it has no end, or the file does not say."""
        ...

    def frames(self) -> Iterator[Frame]:
        """The pictures in order of their stamps; ends where a file ends.

        Raises:
            SourceError: cannot be opened, or has stopped delivering.
        """
        ...


def open_source(
    plant: Plant, camera: Camera, data: Path, *, clock_ns: Callable[[], int], live: bool
) -> Source:
    """The source that a camera's setting names.

    Args:
        plant: what the simulator draws.
        camera: the camera's settings.
        data: the data folder; the simulator writes its truth below it.
        clock_ns: the present time; stamps the pictures of a live source.
        live: whether the simulator keeps to the clock, like a camera, or draws as fast as it is asked to.
    """
    if camera.source.startswith(SIMULATOR_SCHEME):
        from lbzf_ros.video.simulated import SimulatedSource  # draws; only the demo needs it

        return SimulatedSource(
            plant, camera, data / "truth" / f"{camera.label}.jsonl", clock_ns=clock_ns, live=live
        )
    if "://" in camera.source:
        return StreamSource(camera, clock_ns=clock_ns)
    return FileSource(camera)


class Thinner:
    """Chooses the pictures of a faster source that are looked at, `fps` a second, by their stamps alone."""

    def __init__(self, fps: float) -> None:
        self._period_ns = NS_PER_S / fps
        self._first_ns: int | None = None
        self._slot = -1

    def wants(self, stamp_ns: int) -> bool:
        """Whether this picture is the first of its period. The first picture begins the first period."""
        if self._first_ns is None:
            self._first_ns = stamp_ns
        # A thousandth of a period forgives rounded stamps: 0.199999 s is the picture of 0.2 s.
        slot = int((stamp_ns - self._first_ns) / self._period_ns + 1e-3)
        if slot <= self._slot:
            return False
        self._slot = slot
        return True


class FileSource:
    """A video file. The same file gives the same stamps: start time plus presentation time."""

    live = False

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._path = Path(camera.resolved_source)

    @property
    def length_s(self) -> float | None:
        """Seconds of recording as the file says."""
        with _opened(self._camera, str(self._path)) as container:
            return None if container.duration is None else float(container.duration / av.time_base)

    def frames(self) -> Iterator[Frame]:
        """Its pictures, over and over when the camera is set to loop."""
        thinner, offset_ns = Thinner(self._camera.fps), self._start_ns()
        while True:
            last_ns = offset_ns
            for picture, pts_ns in self._decode():
                last_ns = offset_ns + pts_ns
                if thinner.wants(last_ns):
                    yield Frame(_scaled(_to_bgr(picture), self._camera.resolution_px), last_ns)
            if self._camera.at_end == "stop":
                return
            offset_ns = last_ns + round(NS_PER_S / self._camera.fps)

    def _start_ns(self) -> int:
        if self._camera.start_time is not None:
            return round(self._camera.start_time.timestamp() * 1_000_000) * 1000
        try:
            return self._path.stat().st_mtime_ns // 1_000_000 * 1_000_000
        except OSError as error:
            raise _cannot_open(self._camera, error) from error

    def _decode(self) -> Iterator[tuple[Any, int]]:
        first_ns: int | None = None
        with _opened(self._camera, str(self._path)) as container:
            for frame in _decoded(self._camera, container):
                pts_ns = _pts_ns(frame)
                first_ns = pts_ns if first_ns is None else first_ns
                yield frame, pts_ns - first_ns


class StreamSource:
    """A network camera (RTSP). A picture's stamp is the clock at the moment it was decoded."""

    live = True
    length_s = None

    def __init__(self, camera: Camera, *, clock_ns: Callable[[], int]) -> None:
        self._camera, self._clock_ns = camera, clock_ns

    def frames(self) -> Iterator[Frame]:
        """Its pictures for as long as it delivers."""
        camera = self._camera
        thinner, last_ns = Thinner(camera.fps), 0
        # TCP: a lost UDP packet smears a picture, and plant networks lose packets.
        options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "flags": "low_delay"}
        with _opened(camera, _address(camera), options, camera.offline_after_s) as container:
            for frame in _decoded(camera, container):
                stamp_ns = self._clock_ns()
                if stamp_ns < last_ns - SET_BACK_NS:
                    thinner, last_ns = Thinner(camera.fps), 0
                if stamp_ns > last_ns and thinner.wants(stamp_ns):
                    last_ns = stamp_ns
                    yield Frame(_scaled(_to_bgr(frame), camera.resolution_px), stamp_ns)
        raise SourceError(f"{camera.label}: the camera has ended the stream")


def _address(camera: Camera) -> str:
    try:
        return camera.resolved_source
    except ConfigError as error:  # its file may be put right while the driver tries again
        raise SourceError(f"{camera.label}: {error}") from None


def _opened(
    camera: Camera, url: str, options: dict[str, str] | None = None, timeout_s: float | None = None
) -> Any:
    try:
        container = av.open(url, options=options or {}, timeout=timeout_s)
        if not container.streams.video:
            container.close()
            raise SourceError(f"{camera.label}: {camera.source} holds no video")
    except (av.FFmpegError, OSError) as error:
        raise _cannot_open(camera, error) from None  # the original names the URL with its password
    return container


def _decoded(camera: Camera, container: Any) -> Iterator[Any]:
    container.streams.video[0].thread_type = "AUTO"
    try:
        yield from container.decode(video=0)
    except (av.FFmpegError, OSError) as error:
        raise SourceError(f"{camera.label}: {camera.source} stopped delivering: {_words(error)}") from None


def _cannot_open(camera: Camera, error: Exception) -> SourceError:
    return SourceError(f"{camera.label}: {camera.source} cannot be opened: {_words(error)}")


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _pts_ns(frame: Any) -> int:
    return int(frame.pts * frame.time_base.numerator * NS_PER_S // frame.time_base.denominator)


def _to_bgr(frame: Any) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def _scaled(image: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    if (image.shape[1], image.shape[0]) == size_px:
        return image
    return np.asarray(cv2.resize(image, size_px, interpolation=cv2.INTER_AREA), np.uint8)
