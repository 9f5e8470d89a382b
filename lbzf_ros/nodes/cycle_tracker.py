"""Node: occupied zones become cycles.

Every decision goes to the outbox on disk first and is published again until persistence has acknowledged it, so
that neither a lost message nor a killed process loses one.
"""

from __future__ import annotations

import functools
import time
from dataclasses import replace
from typing import Any

from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import CycleEvent, EventKind, RoiSet
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import Answers, Turn
from lbzf_ros.ros import convert, topics
from lbzf_ros.store.outbox import Outbox

_RESTART = {"restart": "the cycle tracker was restarted while the cycle was running"}


class CycleTrackerNode(LbzfNode):
    """Publishes the cycles of all stations, and what each station is doing."""

    def __init__(self) -> None:
        super().__init__("cycle_tracker")
        self._outbox = Outbox(self.data_folder() / "run" / "cycle_tracker.outbox")
        self._events = self.publisher(topics.CYCLE_EVENTS)
        self._counter = self.diagnostics.counter("cycle_events")
        for start in self._outbox.open_cycles():
            self.send([replace(start, kind=EventKind.ABORT, reasons=_RESTART)])
        self._cameras = [_OneCamera(self, camera.label) for camera in self.plant.cameras]
        self.subscribe(topics.CYCLE_EVENTS_ACK, self._on_ack)
        self.create_timer(self.graph.resend_s, self._resend)

    def send(self, events: list[CycleEvent]) -> None:
        """Keep decisions on disk, then publish them."""
        for event in events:
            self._outbox.put(event)
            self._events.publish(convert.event_to_msg(event))
            self._counter.received += 1
            self.get_logger().info(_in_words(event))

    def close(self) -> None:
        """Give up what is running; the outbox delivers it at the next start if nobody takes it now."""
        for camera in self._cameras:
            camera.abort("stopped", "the system was stopped while the cycle was running")
        self._outbox.close()

    def _on_ack(self, message: Any) -> None:
        for uid, kind in zip(message.event_uids, message.kinds, strict=True):
            self._outbox.acknowledge(uid, EventKind(kind))
            self._counter.done(0.0)

    def _resend(self) -> None:
        waiting = self._outbox.pending()
        for event in waiting:
            self._events.publish(convert.event_to_msg(event))
        self.diagnostics.note("unacknowledged", len(waiting))


def _in_words(event: CycleEvent) -> str:
    took = "" if event.end_ns is None else f" after {event.duration_s:.1f} s"
    why = "".join(f", {code}: {text}" for code, text in event.reasons.items())
    return f"{event.kind.value} {event.module}/{event.workstation}{took}{why}"


class _OneCamera:
    def __init__(self, node: CycleTrackerNode, camera: str) -> None:
        self._node, self._camera = node, camera
        self._counter = node.diagnostics.counter(camera)
        self._answers: Answers[Any] = Answers()
        self._tracker: CycleTracker | None = None
        self._states = node.publisher(topics.STATION_STATES, camera)
        node.subscribe(topics.ROI_SET, self._on_rois, camera)
        node.subscribe(topics.OCCUPANCY, self._on_occupancy, camera)

    def abort(self, code: str, text: str) -> None:
        """Give up every running cycle of this camera."""
        if self._tracker:
            self._node.send(self._tracker.abort(code, text))

    def _on_rois(self, message: Any) -> None:
        rois = convert.rois_from_msg(message)
        if self._tracker is None or self._tracker.rois.identity != rois.identity:
            self._begin(rois, "rois_changed", "zones or rules were changed while the cycle was running")

    def _begin(self, rois: RoiSet, code: str, text: str) -> None:
        self.abort(code, text)
        self._tracker = CycleTracker(rois)

    def _on_occupancy(self, message: Any) -> None:
        arrived_s = time.monotonic()
        self._counter.received += 1
        stamp_ns = convert.time_from_msg(message.header.stamp)
        tracker = self._tracker
        if tracker is None or tracker.rois.parameter_hash != message.parameter_hash:
            self._counter.skipped += (
                1  # the zones of this picture have not arrived yet, or are no longer in force
            )
            return
        turn = self._answers.judge(stamp_ns)
        if turn is Turn.AGAIN:
            self._states.publish(self._answers.known(stamp_ns))
            return
        if turn is Turn.OLD:
            self._counter.skipped += 1
            return
        if turn is Turn.RESTART:
            self._begin(
                tracker.rois, "clock_set_back", "the camera's clock went back while the cycle was running"
            )
        events, states = (
            self._tracker.update(convert.occupancy_from_msg(message)) if self._tracker else ([], [])
        )
        self._node.send(events)
        answer = convert.states_to_msg(self._camera, stamp_ns, states)
        self._states.publish(self._answers.add(stamp_ns, answer))
        self._counter.done(time.monotonic() - arrived_s)


main = functools.partial(run, CycleTrackerNode)

if __name__ == "__main__":
    main()
