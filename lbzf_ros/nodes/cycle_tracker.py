"""Node: occupied zones become cycles.

Every decision goes to the outbox on disk first and is published again until persistence has acknowledged it, so
that neither a lost message nor a killed process loses one. What each camera's tracker remembers is saved with every
picture, before the answer: so a restarted process goes on in the middle of a cycle.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections import deque
from dataclasses import replace
from typing import Any

from lbzf_ros import __version__
from lbzf_ros.clock import kernel_clock
from lbzf_ros.config.schema import Camera
from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, RoiSet
from lbzf_ros.core.pipeline import CLOCK_SET_BACK, STOPPED
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import Answers, Turn
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.params import declare_settings
from lbzf_ros.store.outbox import Outbox
from lbzf_ros.store.slots import Slots
from lbzf_ros.store.tracker_state import TrackerState, state_from_bytes, state_to_bytes

_FORGET_EVERY_S = 600.0
_NS_PER_HOUR = 3600 * NS_PER_S
_RESTART = {"restart": "the cycle tracker was restarted, and what it knew of the running cycle is gone"}


class CycleTrackerNode(LbzfNode):
    """Publishes the cycles of all stations, and what each station is doing."""

    def __init__(self) -> None:
        super().__init__("cycle_tracker")
        self._keep_h = declare_settings(self, self.plant.storage).keep_sent_hours
        self.run_folder = self.data_folder() / "run"
        self._outbox = Outbox(self.run_folder / "cycle_tracker.outbox")
        self.has_ended = self._outbox.has_ended
        self._unkept: deque[CycleEvent] = deque()
        is_played = self.get_parameter("use_sim_time").value
        self._live = {camera.label for camera in self.plant.cameras if not camera.lossless and not is_played}
        self._events = self.publisher(topics.CYCLE_EVENTS)
        self._counter = self.diagnostics.counter("cycle_events")
        self._cameras = [_OneCamera(self, camera) for camera in self.plant.cameras]
        self._abort_forgotten()
        self.subscribe(topics.CYCLE_EVENTS_ACK, self._on_ack)
        self.subscribe(topics.PLANT_INFO, self._on_plant_info)
        self.create_timer(self.graph.resend_s, self._resend)
        self.create_timer(_FORGET_EVERY_S, self._forget)

    def send(self, events: list[CycleEvent]) -> None:
        """Keep decisions on disk, then publish them. Those that cannot be kept wait in memory and are tried again."""
        for event in events:
            self._counter.received += 1
            self.get_logger().info(_in_words(event))
            self._unkept.append(replace(event, clock_kept=self._clock_kept(event.camera)))
        if not self._unkept:
            return
        try:
            self._outbox.put(self._unkept)
        except StoreError as error:
            self._counter.fail(f"{len(self._unkept)} events wait in memory: {error}")
            return
        for event in self._unkept:
            self._events.publish(convert.event_to_msg(event))
        self._unkept.clear()

    @property
    def all_kept(self) -> bool:
        """Whether every decision is on disk."""
        return not self._unkept

    def close(self) -> None:
        """Give up what is running; the outbox delivers it at the next start if nobody takes it now."""
        for camera in self._cameras:
            camera.close()
        self._outbox.close()

    def _clock_kept(self, camera: str) -> bool | None:
        """Whether the clock that stamps a camera's pictures is kept by a time server; a recording brings its stamps."""
        clock = kernel_clock() if camera in self._live else None
        return clock and clock[0]

    def _abort_forgotten(self) -> None:
        """Give up cycles that have begun and that no camera's tracker remembers."""
        remembered = {uid for camera in self._cameras for uid in camera.remembered_uids}
        for start in self._outbox.open_cycles():
            if start.event_uid not in remembered:
                self.send([replace(start, kind=EventKind.ABORT, reasons=_RESTART)])

    def _on_ack(self, message: Any) -> None:
        done = [(uid, EventKind(kind)) for uid, kind in zip(message.event_uids, message.kinds, strict=True)]
        try:
            self._outbox.acknowledge(done, now_ns=self.get_clock().now().nanoseconds)
        except StoreError as error:  # they are sent and acknowledged again
            self._counter.fail(str(error))
            return
        for _ in done:
            self._counter.done(0.0)

    def _on_plant_info(self, message: Any) -> None:
        if again := self._outbox.deliver_to(message.database_generation):
            self.get_logger().warning(f"the database is another one: {again} kept events are sent again")

    def _resend(self) -> None:
        self.send([])
        waiting = self._outbox.pending()
        for event in waiting:
            self._events.publish(convert.event_to_msg(event))
        self.diagnostics.note("unacknowledged", len(waiting) + len(self._unkept))
        self.diagnostics.note("unreadable", self._outbox.unreadable)

    def _forget(self) -> None:
        kept_ns = round(self._keep_h * _NS_PER_HOUR)
        self._outbox.forget(before_ns=self.get_clock().now().nanoseconds - kept_ns)


def _in_words(event: CycleEvent) -> str:
    took = "" if event.end_ns is None else f" after {event.duration_s:.1f} s"
    why = "".join(f", {code}: {text}" for code, text in event.reasons.items())
    return f"{event.kind.value} {event.module}/{event.workstation}{took}{why}"


class _OneCamera:
    def __init__(self, node: CycleTrackerNode, config: Camera) -> None:
        self._node, self._camera, self._lossless = node, config.label, config.lossless
        camera = config.label
        self._counter = node.diagnostics.counter(camera)
        self._answers: Answers[Any] = Answers()
        self._tracker: CycleTracker | None = None
        self._slots = Slots(node.run_folder / f"cycle_tracker_{camera}")
        self._remembered = state_from_bytes(self._slots.load())
        self._paused = self._unsaved = False
        self._states = node.publisher(topics.STATION_STATES, camera)
        # Up to where it has looked: a recording's driver that was started again waits for it.
        looked_ns = self._remembered.memory.last_ns if self._remembered else 0
        self._states.publish(convert.states_to_msg(camera, looked_ns, []))
        node.subscribe(topics.ROI_SET, self._on_rois, camera)
        node.subscribe(topics.OCCUPANCY, self._on_occupancy, camera)

    @property
    def remembered_uids(self) -> set[str]:
        """Cycles that were running when the process before this one ended."""
        stations = self._remembered.memory.stations if self._remembered else ()
        return {station.running.start.event_uid for station in stations if station.running}

    def close(self) -> None:
        """Give up every running cycle."""
        if self._tracker:
            self._node.send(self._tracker.abort(*STOPPED))
        # After an orderly stop nothing runs: the next start begins anew, also with a recording.
        with contextlib.suppress(StoreError):
            self._slots.save(b"")
        self._slots.close()

    def _on_rois(self, message: Any) -> None:
        rois = convert.rois_from_msg(message)
        if self._tracker is None:
            self._resume(rois)
        elif self._tracker.rois.identity != rois.identity:
            self._begin(rois, "rois_changed", "zones or rules were changed while the cycle was running")

    def _resume(self, rois: RoiSet) -> None:
        """Go on where the process before this one has stopped, if it had the same zones."""
        self._tracker = tracker = CycleTracker(rois)
        state, self._remembered = self._remembered, None
        if state is None:
            return
        if (state.software_version, state.identity) != (__version__, rois.identity):
            gone = [station.running.start for station in state.memory.stations if station.running]
            self._node.send([replace(start, kind=EventKind.ABORT, reasons=_RESTART) for start in gone])
            return
        tracker.resume(state.memory)
        tracker.drop_ended(self._node.has_ended)
        self._paused = True
        # The answer to the last picture may not have got through.
        self._answer(state.memory.last_ns, tracker)

    def _begin(self, rois: RoiSet, code: str, text: str) -> None:
        if self._tracker:
            self._node.send(self._tracker.abort(code, text))
        self._tracker, self._paused = CycleTracker(rois), False

    def _on_occupancy(self, message: Any) -> None:
        arrived_s = time.monotonic()
        self._counter.received += 1
        stamp_ns = convert.time_from_msg(message.header.stamp)
        tracker = self._tracker
        if tracker is None or tracker.rois.parameter_hash != message.parameter_hash:
            # The zones of this picture have not arrived yet, or are no longer in force.
            self._counter.skipped += 1
            return
        turn = self._answers.judge(stamp_ns)
        if turn is Turn.AGAIN:
            self._publish(tracker, self._answers.known(stamp_ns))
            return
        if turn is Turn.OLD:
            self._counter.skipped += 1
            return
        if turn is Turn.RESTART:
            self._begin(tracker.rois, *CLOCK_SET_BACK)
        self._update(self._tracker or tracker, stamp_ns, message)
        self._counter.done(time.monotonic() - arrived_s)

    def _update(self, tracker: CycleTracker, stamp_ns: int, message: Any) -> None:
        if self._paused:
            self._paused = False
            self._node.send(tracker.after_pause(stamp_ns))
        events, _ = tracker.update(convert.occupancy_from_msg(message))
        self._node.send(events)
        self._unsaved = True
        self._answer(stamp_ns, tracker)

    def _save(self, tracker: CycleTracker) -> None:
        state = TrackerState(__version__, tracker.rois.identity, tracker.memory)
        try:
            self._slots.save(state_to_bytes(state))
        except StoreError as error:
            self._counter.fail(f"a restart would cut the running cycles: {error}")

    def _answer(self, stamp_ns: int, tracker: CycleTracker) -> None:
        answer = convert.states_to_msg(self._camera, stamp_ns, tracker.states)
        self._publish(tracker, self._answers.add(stamp_ns, answer))

    def _publish(self, tracker: CycleTracker, answer: Any) -> None:
        """Answer a picture: a decision that is remembered is kept, a picture that is answered is remembered.

        While decisions cannot be kept nothing is remembered, and a recording is not answered: it waits.
        """
        if not self._node.all_kept and self._lossless:
            return
        if self._unsaved and self._node.all_kept:
            self._save(tracker)
            self._unsaved = False
        self._states.publish(answer)


main = functools.partial(run, CycleTrackerNode)

if __name__ == "__main__":
    main()
