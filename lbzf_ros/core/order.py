"""What a step does with a picture by its stamp: takes it, knows it, refuses it, or begins anew."""

from __future__ import annotations

from collections import deque
from enum import Enum

from lbzf_ros.core.model import NS_PER_S

KEPT = 16
"""Pictures whose stamps are remembered, and refusals in a row after which time itself must have begun anew."""
BACK_S = 10
"""A clock that goes back by so much was set back."""


class Turn(Enum):
    """What a step does with a picture."""

    NEW = "new"
    AGAIN = "again"
    OLD = "old"
    RESTART = "restart"


class Order:
    """Judges the pictures of one camera for one step, which takes stamps in increasing order only.

    A picture that was taken before is known AGAIN. What is older than the newest picture is OLD, unless time itself has
    begun anew (RESTART): the clock was set back by `BACK_S` or more, or nothing else has come for a while (a file is
    played again).
    """

    def __init__(self) -> None:
        self._taken: deque[int] = deque(maxlen=KEPT)
        self._newest_ns = -1
        self._refused = 0

    def judge(self, stamp_ns: int) -> Turn:
        """Say what to do with a picture of this stamp. RESTART has forgotten all pictures."""
        if stamp_ns > self._newest_ns:
            self._refused = 0
            return Turn.NEW
        if stamp_ns in self._taken:
            return Turn.AGAIN
        self._refused += 1
        if self._refused < KEPT and self._newest_ns - stamp_ns < BACK_S * NS_PER_S:
            return Turn.OLD
        self._taken.clear()
        self._refused, self._newest_ns = 0, -1
        return Turn.RESTART

    def took(self, stamp_ns: int) -> None:
        """The step has taken a picture that was judged NEW or RESTART."""
        self._newest_ns = stamp_ns
        self._taken.append(stamp_ns)
