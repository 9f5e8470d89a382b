"""Cameras and what stands in for them: each gives pictures with their capture time.

A source is opened, iterated, and closed when the iteration ends. It raises `SourceError` when the camera cannot be
opened or stops; opening it again is up to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.core.errors import SourceError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video.decoders import ToBgr, scaled

if TYPE_CHECKING:
    from lbzf_ros.video.stream import Recording

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
    plant: Plant,
    camera: Camera,
    data: Path,
    *,
    clock_ns: Callable[[], int],
    live: bool,
    recording: Recording | None = None,
    noticed: Callable[[str], None] | None = None,
) -> Source:
    """The source that a camera's setting names.

    Args:
        plant: what the simulator draws.
        camera: the camera's settings.
        data: the data folder; the simulator writes its truth below it.
        clock_ns: the present time; stamps the pictures of a live source.
        live: whether the simulator keeps to the clock, like a camera, or draws as fast as it is asked to.
        recording: gets the packets of a network camera as they come.
        noticed: told what is remarkable about a network camera though it goes on.
    """
    if camera.source.startswith(SIMULATOR_SCHEME):
        from lbzf_ros.video.simulated import SimulatedSource  # draws; only the demo needs it

        return SimulatedSource(
            plant, camera, data / "truth" / f"{camera.label}.jsonl", clock_ns=clock_ns, live=live
        )
    if camera.is_stream:
        from lbzf_ros.video.stream import StreamSource

        return StreamSource(
            camera,
            plant.streams,
            clock_ns=clock_ns,
            recording=recording,
            noticed=noticed,
        )
    return FileSource(camera)


class Thinner:
    """Chooses the pictures of a faster source that are looked at, `fps` a second, by their stamps alone."""

    def __init__(self, fps: float, first_ns: int | None = None) -> None:
        """Begin; periods are counted from `first_ns`, None: from the first picture."""
        self._period_ns = NS_PER_S / fps
        self._first_ns = first_ns
        self._slot = -1

    def wants(self, stamp_ns: int) -> bool:
        """Whether this picture is the first of its period."""
        slot = self.period(stamp_ns)
        if slot <= self._slot:
            return False
        self._slot = slot
        return True

    def period(self, stamp_ns: int) -> int:
        """Number of the period that a stamp is in."""
        if self._first_ns is None:
            self._first_ns = stamp_ns
        # A thousandth of a period forgives rounded stamps: 0.199999 s is the picture of 0.2 s.
        return int((stamp_ns - self._first_ns) / self._period_ns + 1e-3)


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
        thinner, to_bgr, offset_ns = Thinner(self._camera.fps), ToBgr(), self._start_ns()
        while True:
            last_ns = offset_ns
            for picture, pts_ns in self._decode():
                last_ns = offset_ns + pts_ns
                if thinner.wants(last_ns):
                    yield Frame(scaled(to_bgr(picture), self._camera.resolution_px), last_ns)
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


def _opened(camera: Camera, path: str) -> Any:
    try:
        container = av.open(path)
        if not container.streams.video:
            container.close()
            raise SourceError(f"{camera.label}: {camera.source} holds no video")
    except (av.FFmpegError, OSError) as error:
        raise _cannot_open(camera, error) from None
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
