"""Order on the wire: lock-step for replays, and what a step does with a picture it has seen before."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from lbzf_ros.core.order import KEPT, Order, Turn

M = TypeVar("M")
__all__ = ["Answers", "InFlight", "Turn"]


class InFlight:
    """The pictures of one camera that were sent and not yet answered, at most `limit` of them.

    A step that is new passes over pictures until its zones have come; the answer to a later picture would let go of
    those for ever. So the first picture goes alone until it is answered, and so does the oldest one when none was
    answered for too long.
    """

    def __init__(self, limit: int, resend_s: float) -> None:
        self._limit, self._resend_s = limit, resend_s
        self._sent: OrderedDict[int, Callable[[], None]] = OrderedDict()
        self._changed = threading.Condition()
        self._progress_s = time.monotonic()
        self._answered_ns = -1
        self._goes_alone = True  # nobody has answered a picture of this sender yet
        self._sends_again = False
        self._cancelled = False

    @property
    def is_full(self) -> bool:
        """Whether the next picture has to wait for an answer."""
        return len(self._sent) >= (1 if self._goes_alone else self._limit)

    def send(self, stamp_ns: int, publish: Callable[[], None]) -> bool:
        """Publish as soon as there is room. What was answered before this process began is not sent again.

        Returns:
            False when it was cancelled instead.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or not self.is_full)
            if self._cancelled:
                return False
            if stamp_ns <= self._answered_ns:
                return True
            if not self._sent:
                self._progress_s = time.monotonic()
            self._sent[stamp_ns] = publish
        publish()
        return True

    def answered(self, stamp_ns: int) -> None:
        """The last step has taken the picture of this stamp, and so all before it."""
        with self._changed:
            self._answered_ns = stamp_ns
            before, again = len(self._sent), list[Callable[[], None]]()
            while self._sent and next(iter(self._sent)) <= stamp_ns:
                self._sent.popitem(last=False)
                self._progress_s = time.monotonic()
                self._goes_alone = False
            if self._sends_again and len(self._sent) < before:
                self._sends_again, again = False, list(self._sent.values())
            self._changed.notify_all()
        for publish in again:
            publish()

    def resend_late(self) -> None:
        """Publish again what has not been answered for too long: a node was not up yet, or has been restarted."""
        with self._changed:
            late = time.monotonic() - self._progress_s > self._resend_s
            oldest = next(iter(self._sent.values()), None) if late else None
            if oldest:
                self._progress_s = time.monotonic()
                self._sends_again = True
        if oldest:
            oldest()

    def wait_until_answered(self) -> None:
        """Wait for the answers to everything sent."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or not self._sent)

    def cancel(self) -> None:
        """Let go of whoever waits."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()


class Answers(Generic[M]):
    """The latest answers of a step, by the stamp they answer.

    A lock-step driver sends a picture again when no answer came. A step must not take a picture twice, so it sends
    the old answer again. What it does with other pictures: `core.order`.
    """

    KEPT = KEPT

    def __init__(self) -> None:
        self._answers: OrderedDict[int, M] = OrderedDict()
        self._order = Order()

    def judge(self, stamp_ns: int) -> Turn:
        """Say what to do with a picture of this stamp. RESTART has forgotten all answers."""
        turn = self._order.judge(stamp_ns)
        if turn is Turn.RESTART:
            self._answers.clear()
        return turn

    def known(self, stamp_ns: int) -> M:
        """The answer to a stamp that was judged AGAIN."""
        return self._answers[stamp_ns]

    def add(self, stamp_ns: int, answer: M) -> M:
        """Hold an answer."""
        self._order.took(stamp_ns)
        self._answers[stamp_ns] = answer
        if len(self._answers) > KEPT:
            self._answers.popitem(last=False)
        return answer
