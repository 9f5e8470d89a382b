"""Pictures decoded before they are needed, in a thread: FFmpeg lets go of Python's lock meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from queue import Empty, Queue

from lbzf_ros.video.sources import Frame, Source

_MOST = 4
_LOOK_EVERY_S = 0.01


def ahead(frames: Iterator[Frame], most: int = _MOST) -> Iterator[Frame]:
    """The same pictures in the same order; at most so many wait, and one more is being made.

    What goes wrong with a picture is raised when its turn comes. The thread ends with the iteration, at its end or not.
    """
    queue: Queue[Frame | BaseException | None] = Queue(most)
    is_over = threading.Event()

    def fill() -> None:
        try:
            for frame in frames:
                queue.put(frame)
                if is_over.is_set():
                    return
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    thread = threading.Thread(target=fill, daemon=True, name="decode")
    thread.start()
    try:
        while (found := queue.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        is_over.set()
        while thread.is_alive():  # it may be waiting to hand over one more
            with contextlib.suppress(Empty):
                queue.get_nowait()
            thread.join(_LOOK_EVERY_S)


class Ahead:
    """A source that is not live, read ahead."""

    live = False

    def __init__(self, source: Source) -> None:
        """Read `source` ahead when its pictures are asked for."""
        self._source = source

    @property
    def length_s(self) -> float | None:
        """As the source says."""
        return self._source.length_s

    def frames(self) -> Iterator[Frame]:
        """The pictures of the source.

        Raises:
            SourceError: as the source does.
        """
        return ahead(self._source.frames())
