"""What the routes work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.store.reader import StoreReader
from web_bridge import schemas, view
from web_bridge.live import LiveState


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One running API: its database, its present state, its data folder, its clocks."""

    reader: StoreReader
    live: LiveState
    data: Path
    recent_cycles: int
    clock_ns: Callable[[], int] = time.time_ns
    now_s: Callable[[], float] = time.monotonic

    def look(self) -> schemas.Live:
        """The present state as the API says it."""
        return view.live(
            self.live.now,
            recent_cycles=self.recent_cycles,
            clock_ns=self.clock_ns(),
            now_s=self.now_s(),
        )

    def health(self) -> schemas.Health:
        """The health of the graph."""
        return view.health(self.live.now, now_s=self.now_s())
