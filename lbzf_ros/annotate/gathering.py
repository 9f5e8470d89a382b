"""Messages about the same picture, which come one after the other, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lbzf_ros.core.model import FrameDetections, FrameOccupancy, StationState
from lbzf_ros.core.order import Order, Turn

KEPT = 16
"""Pictures about which something was said, and that wait for the rest."""
_PATIENCE = 3
"""So many looked-at pictures wait for the rest; then the first is shown without it."""


@dataclass(slots=True)
class Parts:
    """What was said about the picture of a stamp so far."""

    image: Any = None
    """As it came: most are never drawn."""
    people: FrameDetections | None = None
    occupancy: FrameOccupancy | None = None
    states: tuple[StationState, ...] | None = None

    def is_whole(self, *, with_image: bool) -> bool:
        """Whether nothing more will be said."""
        return (
            self.occupancy is not None
            and self.states is not None
            and (self.image is not None or not with_image)
        )


class Gathering:
    """The parts of one camera's pictures. Shows each picture once, in the order of their stamps."""

    def __init__(self) -> None:
        self._waiting: dict[int, Parts] = {}
        self._order = Order()

    def at(self, stamp_ns: int) -> Parts:
        """Where to put what was said about the picture of a stamp; parts of old pictures lead nowhere."""
        if stamp_ns in self._waiting:
            return self._waiting[stamp_ns]
        turn = self._order.judge(stamp_ns)
        if turn in (Turn.AGAIN, Turn.OLD):
            return Parts()
        if turn is Turn.RESTART:
            self._waiting.clear()
        parts = self._waiting[stamp_ns] = Parts()
        while len(self._waiting) > KEPT:
            del self._waiting[min(self._waiting)]
        return parts

    def take(self, *, with_image: bool) -> Parts | None:
        """The newest picture about which everything is said, once; older ones are forgotten with it.

        When something does not come, a picture that has waited long enough is given without it.

        Args:
            with_image: the picture itself is needed, too; it may come after what was said about it.
        """
        looked_at = sorted(stamp for stamp, parts in self._waiting.items() if parts.people)
        whole = [stamp for stamp in looked_at if self._waiting[stamp].is_whole(with_image=with_image)]
        if whole:
            return self._give(whole[-1])
        return self._give(looked_at[0]) if len(looked_at) > _PATIENCE else None

    def _give(self, stamp_ns: int) -> Parts:
        given = self._waiting[stamp_ns]
        self._order.took(stamp_ns)
        self._waiting = {stamp: parts for stamp, parts in self._waiting.items() if stamp > stamp_ns}
        return given
