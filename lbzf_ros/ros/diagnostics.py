"""What a node says about itself on /diagnostics: pictures in, processed, skipped, rate, latency, last error."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from lbzf_ros.ros.topics import DIAGNOSTICS

_WINDOW_S = 10.0
_FIRST_AFTER_S = 0.2


@dataclass
class Counter:
    """Figures of one stream of work (a camera's pictures, say) over the last ten seconds and since the start."""

    received: int = 0
    processed: int = 0
    skipped: int = 0
    last_error: str = ""
    error_at_s: float = 0.0
    _recent: deque[tuple[float, float]] = field(default_factory=deque)

    def done(self, latency_s: float) -> None:
        """One piece of work is finished, `latency_s` after it arrived."""
        self.processed += 1
        now_s = time.monotonic()
        self._recent.append((now_s, latency_s))
        self._forget(now_s)

    def fail(self, text: str) -> None:
        """Remember what went wrong; it counts as present for ten seconds."""
        self.last_error, self.error_at_s = text, time.monotonic()

    @property
    def rate_hz(self) -> float:
        """Pieces of work a second over the last ten seconds."""
        self._forget(time.monotonic())
        return len(self._recent) / _WINDOW_S

    @property
    def latency_s(self) -> float:
        """Median seconds of a piece of work over the last ten seconds; NaN without any."""
        latencies = sorted(latency for _, latency in self._recent)
        return latencies[len(latencies) // 2] if latencies else float("nan")

    @property
    def failing(self) -> bool:
        """Whether the last error is fresh."""
        return bool(self.last_error) and time.monotonic() - self.error_at_s < _WINDOW_S

    def _forget(self, now_s: float) -> None:
        while self._recent and now_s - self._recent[0][0] > _WINDOW_S:
            self._recent.popleft()


class Diagnostics:
    """Publishes one status for each counter, named `node: counter`, at a fixed period."""

    def __init__(self, node: Node, period_s: float) -> None:
        self._node = node
        self._counters: dict[str, Counter] = {}
        self._publisher = node.create_publisher(DIAGNOSTICS.type, DIAGNOSTICS.path, DIAGNOSTICS.qos)
        self._notes: dict[str, str] = {}
        node.create_timer(period_s, self.publish)
        self._first = node.create_timer(_FIRST_AFTER_S, self._publish_first)

    def counter(self, name: str) -> Counter:
        """The counter of that name; made when it is new."""
        return self._counters.setdefault(name, Counter())

    def note(self, key: str, value: object) -> None:
        """A fact about the node as a whole, repeated in every status."""
        self._notes[key] = str(value)

    def publish(self) -> None:
        """Send the present figures."""
        counters = self._counters or {"node": Counter()}
        array = DiagnosticArray(status=[self._status(name, counter) for name, counter in counters.items()])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _publish_first(self) -> None:
        """Say once, soon, that the node is there: whoever waits for the graph need not wait a whole period."""
        self._first.cancel()
        self.publish()

    def _status(self, name: str, counter: Counter) -> DiagnosticStatus:
        values = {
            "received": counter.received,
            "processed": counter.processed,
            "skipped": counter.skipped,
            "rate_hz": f"{counter.rate_hz:.2f}",
            "latency_ms": f"{counter.latency_s * 1000:.1f}",
            "last_error": counter.last_error,
            **self._notes,
        }
        return DiagnosticStatus(
            level=DiagnosticStatus.ERROR if counter.failing else DiagnosticStatus.OK,
            name=f"{self._node.get_name()}: {name}",
            hardware_id=name,
            message=counter.last_error if counter.failing else "running",
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
