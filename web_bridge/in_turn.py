"""Work that takes a core: one after the other, and whoever would stand behind many is told to come back.

Requests that wait hold a thread each, of which there are 40: without a limit, a few people who look at clips would
keep the board from everybody.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from web_bridge.errors import Refusal


class InTurn:
    """A queue before something that is done one at a time; used from any thread."""

    def __init__(self, most: int, *, again_s: int) -> None:
        """Let `most` be in it, the one at work too; others are refused until `again_s` later."""
        self._places, self._again_s = threading.BoundedSemaphore(most), again_s
        self._working = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn.

        Raises:
            Refusal: 503, too many wait already.
        """
        if not self._places.acquire(blocking=False):
            raise Refusal(
                503,
                f"others are waiting for the same; try again in {self._again_s} s",
                "busy",
                headers={"Retry-After": str(self._again_s)},
            )
        try:
            with self._working:
                yield
        finally:
            self._places.release()
