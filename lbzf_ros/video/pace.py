"""How fast a recording is played."""

from __future__ import annotations

import time

from lbzf_ros.core.model import NS_PER_S


class Pacer:
    """How long to wait before each picture, so that a recording plays at so many times its own pace."""

    def __init__(self, speed: float | None, *, catches_up: bool = False) -> None:
        """Begin.

        Args:
            speed: times real time; None: no waiting at all.
            catches_up: after the machine was too slow for a while, what comes after hurries; otherwise it keeps its
                distances.
        """
        self._speed, self._catches_up = speed, catches_up
        self._last: tuple[float, int] | None = None

    def delay_s(self, stamp_ns: int) -> float:
        """Seconds to wait before the picture of this stamp."""
        if self._speed is None:
            return 0.0
        now_s = time.monotonic()
        if self._last is None or stamp_ns < self._last[1]:
            due_s = now_s
        else:
            due_s = self._last[0] + (stamp_ns - self._last[1]) / NS_PER_S / self._speed
        if not self._catches_up:
            due_s = max(due_s, now_s)
        self._last = due_s, stamp_ns
        return max(0.0, due_s - now_s)
