"""Pictures of several cameras that wait for one worker: whose turn it is, and what is left out when it is too slow."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Generic, TypeVar

P = TypeVar("P")


class WaitingPictures(Generic[P]):
    """Every camera in turn, one picture each, however many pictures one of them sends.

    Of a live camera only the newest picture waits: the one it replaces is skipped. Of a lossless camera all wait, in
    order. Filled by one thread, emptied by another one.
    """

    MOST = 16
    """Pictures of one lossless camera. Its driver has one under way; what else comes does not pile up."""

    def __init__(self, lossless: Mapping[str, bool]) -> None:
        """Nothing waits yet.

        Args:
            lossless: for each camera's label, whether it may lose no picture.
        """
        self._lossless = dict(lossless)
        self._waiting: dict[str, deque[tuple[int, P]]] = {camera: deque() for camera in lossless}
        self._turns = deque(lossless)
        self._changed = threading.Condition()
        self._closed = False

    def put(self, camera: str, stamp_ns: int, picture: P) -> bool:
        """A picture has come.

        Returns:
            Whether a picture was skipped for it: a live one that it replaces. A lossless one that waits already was
            sent again, and is no other picture.
        """
        with self._changed:
            queue = self._waiting[camera]
            skipped = not self._lossless[camera] and bool(queue)
            if skipped:
                queue.clear()
            elif len(queue) >= self.MOST or any(stamp_ns == known_ns for known_ns, _ in queue):
                return False
            queue.append((stamp_ns, picture))
            self._changed.notify()
            return skipped

    def take(self, most: int) -> list[tuple[str, P]]:
        """The next pictures, at most one of each camera, those first whose turn was longest ago.

        Args:
            most: how many cameras' at once.

        Returns:
            At least one picture, with its camera; it waits for it. Empty: closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or any(self._waiting.values()))
            if self._closed:
                return []
            next_ones = [camera for camera in self._turns if self._waiting[camera]][:most]
            for camera in next_ones:
                self._turns.remove(camera)
                self._turns.append(camera)
            return [(camera, self._waiting[camera].popleft()[1]) for camera in next_ones]

    def close(self) -> None:
        """Nobody takes anything any more; who waits for a picture is let go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
