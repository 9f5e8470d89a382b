"""What the routes work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lbzf_ros.config.schema import Plant
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.rules import DayRules
from lbzf_ros.store.reader import StoreReader
from web_bridge import schemas, view
from web_bridge.access.access import Access
from web_bridge.live import LiveState
from web_bridge.looking import Looking
from web_bridge.present import PresentPlant


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One running API: its database, its present state, its data folder, the figures of its days, its clocks.

    `plant` is what runs since the start: modules, cameras, settings. `present` has the stations as they are now.
    """

    reader: StoreReader
    live: LiveState
    data: Path
    access: Access
    plant: Plant
    days: DayReader
    time_zone: str
    recent_cycles: int
    plant_file: Path | None = None
    """Where zones that are drawn go; None: into no file (the demo plant)."""
    looking: Looking = field(default_factory=Looking)
    clock_ns: Callable[[], int] = time.time_ns
    now_s: Callable[[], float] = time.monotonic
    present: PresentPlant = field(init=False)

    def __post_init__(self) -> None:
        """Figures follow the plant file."""
        object.__setattr__(self, "present", PresentPlant(self.plant, self.plant_file))
        object.__setattr__(self, "days", self.days.following(self.present.rules))

    @property
    def rules(self) -> DayRules:
        """What figures depend on and the plant file says."""
        return self.present.rules()

    def look(self) -> schemas.Live:
        """The present state as the API says it."""
        return view.live(
            self.live.now,
            recent_cycles=self.recent_cycles,
            clock_ns=self.clock_ns(),
            now_s=self.now_s(),
        )

    def cameras(self) -> list[schemas.LiveCamera]:
        """The cameras alone."""
        return view.cameras(self.live.now, self.now_s())

    def alarms(self) -> list[view.Alarm]:
        """What everybody must know of."""
        return view.alarms(self.live.now, self.now_s())

    def health(self) -> schemas.Health:
        """The health of the graph."""
        return view.health(self.live.now, now_s=self.now_s())
