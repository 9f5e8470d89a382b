"""How often somebody may be wrong: failures in a sliding quarter of an hour, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

WINDOW_S = 900.0
_MAX_KEPT = 10_000


class Limiter:
    """Counts failures by key (an account, an address). For one thread."""

    def __init__(self, failures: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
        """Allow so many failures of a key in `WINDOW_S`."""
        self._failures, self._now_s = failures, now_s
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Seconds until the next attempt; 0: now."""
        times = self._times.get(key)
        if times is None:
            return 0.0
        now_s = self._now_s()
        while times and now_s - times[0] >= WINDOW_S:
            times.popleft()
        if not times:
            del self._times[key]
            return 0.0
        return WINDOW_S - (now_s - times[0]) if len(times) >= self._failures else 0.0

    def failed(self, key: str) -> None:
        """Count an attempt. Before it is known how it ends, so that many at once do not get through."""
        self._times.setdefault(key, deque(maxlen=self._failures)).append(self._now_s())
        self._times.move_to_end(key)
        while len(self._times) > _MAX_KEPT:
            self._times.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        self._times.pop(key, None)
