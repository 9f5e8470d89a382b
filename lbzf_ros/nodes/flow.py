"""Order on the wire: lock-step for replays, and what a step does with a picture it has seen before."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from rclpy.duration import Duration

from lbzf_ros.core.order import KEPT, Order, Turn

M = TypeVar("M")
__all__ = ["Answers", "InFlight", "PatientPublisher", "Turn"]

_LISTENER_ACKNOWLEDGES_WITHIN_S = 1.0
"""Some 5 ms are usual; one that stands still is not waited for: DDS forgets it after 20 s."""
_LOOKS_AGAIN_S = 0.001
_AT_ONCE = Duration(seconds=0)


class PatientPublisher:
    """Publishes so that every reliable listener hears everything, also one that nobody waits for: a bag's recorder.

    A publisher keeps its last `depth` messages until they are acknowledged. A listener that got no processor time
    while more were sent would miss the first of them for ever, though both are reliable.
    """

    def __init__(self, publisher: Any, depth: int) -> None:
        """Nothing was sent yet.

        Args:
            publisher: of rclpy.
            depth: how many messages it keeps; after half of them it looks whether all were heard.
        """
        self._publisher, self._between = publisher, max(1, depth // 2)
        self._sent = 0

    def publish(self, message: Any) -> None:
        """Publish, after a while when somebody has not heard what was sent before."""
        if self._sent % self._between == 0:
            self._wait_until_heard()
        self._sent += 1
        self._publisher.publish(message)

    def get_subscription_count(self) -> int:
        """How many listeners there are."""
        return int(self._publisher.get_subscription_count())

    def _wait_until_heard(self) -> None:
        until_s = time.monotonic() + _LISTENER_ACKNOWLEDGES_WITHIN_S
        # With a time limit of its own it would hold Python's lock, and stop all threads of the node.
        while not self._publisher.wait_for_all_acked(_AT_ONCE) and time.monotonic() < until_s:
            time.sleep(_LOOKS_AGAIN_S)


class InFlight:
    """The picture of one camera that was sent and not yet answered: one at a time, sent again until it is answered.

    With two under way, the first could be lost between two steps that take the second. No step takes what is older than
    its newest, so the first would be lost for ever, and nobody would know: the answer to the second looks like one to
    both.
    """

    def __init__(self, resend_s: float, *, goes_on: bool) -> None:
        """Nothing was sent yet.

        Args:
            resend_s: after which a picture without an answer is sent again.
            goes_on: whether somebody may have sent these pictures before: those that the last step has looked at, by
                its word, are left out. Otherwise only the answer to a picture itself counts.
        """
        self._resend_s, self._goes_on = resend_s, goes_on
        self._sent: tuple[int, Callable[[], None]] | None = None
        self._changed = threading.Condition()
        self._sent_s = time.monotonic()
        self._looked_ns = -1
        self._cancelled = False

    @property
    def is_waiting(self) -> bool:
        """Whether the next picture has to wait for an answer."""
        return self._sent is not None

    def send(self, stamp_ns: int, publish: Callable[[], None]) -> bool:
        """Publish as soon as the picture before is answered.

        Returns:
            False when it was cancelled instead.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._sent is None)
            if self._cancelled:
                return False
            if self._goes_on and stamp_ns <= self._looked_ns:
                return True
            self._sent, self._sent_s = (stamp_ns, publish), time.monotonic()
        publish()
        return True

    def answered(self, stamp_ns: int) -> None:
        """The last step says that this is the latest picture it has taken."""
        with self._changed:
            self._looked_ns = stamp_ns
            if self._sent and (self._sent[0] == stamp_ns or (self._goes_on and self._sent[0] < stamp_ns)):
                self._sent = None
                self._changed.notify_all()

    def resend_late(self) -> None:
        """Publish again what has not been answered for too long: a node was not up yet, or has been restarted."""
        with self._changed:
            if self._sent is None or time.monotonic() - self._sent_s <= self._resend_s:
                return
            publish, self._sent_s = self._sent[1], time.monotonic()
        publish()

    def wait_until_answered(self) -> None:
        """Wait for the answer to what was sent last."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._sent is None)

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
