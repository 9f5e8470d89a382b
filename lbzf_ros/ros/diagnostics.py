"""What a node says about itself on /diagnostics: pictures in, processed, skipped, rate, latency, last error, states."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from lbzf_ros.ros.topics import DIAGNOSTICS

_WINDOW_S = 10.0
_FIRST_AFTER_S = 0.2


class Level(IntEnum):
    """How bad a state is; the numbers of DiagnosticStatus."""

    OK = 0
    WARN = 1
    """It works, and somebody should look at it."""
    ERROR = 2
    """It does not do what it should."""


@dataclass
class Counter:
    """Figures of one stream of work (a camera's pictures, say) over the last ten seconds and since the start.

    One thread may count while another one reads.
    """

    received: int = 0
    processed: int = 0
    skipped: int = 0
    last_error: str = ""
    error_at_s: float = 0.0
    _untold: bool = False
    _recent: deque[tuple[float, float]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def done(self, latency_s: float) -> None:
        """One piece of work is finished, `latency_s` after it arrived."""
        with self._lock:
            self.processed += 1
            self._recent.append((time.monotonic(), latency_s))
            self._forget()

    def fail(self, text: str) -> None:
        """Remember what went wrong; it counts as present for ten seconds, and until it was told once."""
        self.last_error, self.error_at_s, self._untold = text, time.monotonic(), True

    @property
    def rate_hz(self) -> float:
        """Pieces of work a second over the last ten seconds."""
        return len(self._latencies_s()) / _WINDOW_S

    @property
    def latency_s(self) -> float:
        """Median seconds of a piece of work over the last ten seconds; NaN without any."""
        latencies = sorted(self._latencies_s())
        return latencies[len(latencies) // 2] if latencies else float("nan")

    def present_error(self) -> str:
        """What is wrong, to be told now; empty: nothing.

        However old it is, it is told once: a node that waited for a locked database could not do so before.
        """
        present = self._untold or time.monotonic() - self.error_at_s < _WINDOW_S
        self._untold = False
        return self.last_error if present else ""

    def _latencies_s(self) -> list[float]:
        with self._lock:
            self._forget()
            return [latency_s for _, latency_s in self._recent]

    def _forget(self) -> None:
        now_s = time.monotonic()
        while self._recent and now_s - self._recent[0][0] > _WINDOW_S:
            self._recent.popleft()


class Diagnostics:
    """Publishes one status for each counter and each state, named `node: name`, at a fixed period."""

    def __init__(self, node: Node, period_s: float) -> None:
        self._node = node
        self._counters: dict[str, Counter] = {}
        self._publisher = node.create_publisher(DIAGNOSTICS.type, DIAGNOSTICS.path, DIAGNOSTICS.qos)
        self._notes: dict[str, str] = {}
        self._states: dict[str, tuple[Level, str, Mapping[str, str]]] = {}
        node.create_timer(period_s, self.publish)
        self._first = node.create_timer(_FIRST_AFTER_S, self._publish_first)

    def counter(self, name: str) -> Counter:
        """The counter of that name; made when it is new."""
        return self._counters.setdefault(name, Counter())

    def note(self, key: str, value: object) -> None:
        """A fact about the node as a whole, repeated in every status."""
        self._notes[key] = str(value)

    def state(self, name: str, level: Level, text: str, values: Mapping[str, str] | None = None) -> None:
        """What lasts until it is said to be otherwise: a fallback in use, a camera that has moved.

        It has a status of its own, which stays when it is OK again. Any thread may say it, as often as it likes.

        Args:
            name: what it is about, none of a counter: "fallback", "cam1 drift".
            level: how bad it is.
            text: one line for people; while it is OK, too.
            values: the same for programs.
        """
        self._states[name] = (level, text, values or {})

    def publish(self) -> None:
        """Send the present figures and states."""
        counters = self._counters or {"node": Counter()}
        status = [self._status(name, counter) for name, counter in dict(counters).items()]
        status += [self._said(name, *said) for name, said in dict(self._states).items()]
        array = DiagnosticArray(status=status)
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _publish_first(self) -> None:
        """Say once, soon, that the node is there: whoever waits for the graph need not wait a whole period."""
        self._first.cancel()
        self.publish()

    def _said(self, name: str, level: Level, text: str, values: Mapping[str, str]) -> DiagnosticStatus:
        return DiagnosticStatus(
            level=bytes([level]),
            name=f"{self._node.get_name()}: {name}",
            hardware_id=name,
            message=text,
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )

    def _status(self, name: str, counter: Counter) -> DiagnosticStatus:
        error = counter.present_error()
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
            level=DiagnosticStatus.ERROR if error else DiagnosticStatus.OK,
            name=f"{self._node.get_name()}: {name}",
            hardware_id=name,
            message=error or "running",
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
