"""The nodes before persistence, scripted: what the cameras and stations of the big plant would say, and nothing else.

Every station runs cycles of its own length. Each event is published as the cycle tracker does, each station's state
five times a second and camera, each node's diagnostics every second. When each was said is kept, to time who hears it.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lbzf_interfaces.msg import CameraStatus
from rclpy.executors import SingleThreadedExecutor

from bench.bridge_plant import Place
from bench.store_data import MODEL, PARAMETERS, SEED
from lbzf_ros.core.model import (
    NS_PER_S,
    Activity,
    CycleEvent,
    EventKind,
    RoiSet,
    StationState,
    event_uid,
)
from lbzf_ros.graph import node_names
from lbzf_ros.ros import convert, topics

STATES_HZ = 5
_REAL = ("persistence", "web_bridge")
_NODES_EVERY_S = 1.0
_CYCLE_S, _PAUSE_S = (35.0, 160.0), (3.0, 14.0)
_NOT_HEARD_S = 60.0


@dataclass
class _Station:
    module: str
    code: str
    camera: str
    next_ns: int
    running: CycleEvent | None = None


@dataclass
class Said:
    """When each event was published, s of the monotonic clock, by its uid; read it from any thread."""

    starts: dict[str, float] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)


class Line:
    """Speaks in a thread of its own while it is open."""

    def __init__(self, place: Place, domain: int, set_back_ns: int) -> None:
        """Speak of a plant in a ROS domain; `set_back_ns`: so far behind the machine's clock is the plant's."""
        self.said = Said()
        self._place, self._back_ns = place, set_back_ns
        self._luck = random.Random(SEED)
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = rclpy.create_node("bench_line", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._rois: dict[str, RoiSet] = {}
        self._acknowledged: set[str] = set()
        cameras = [camera.label for camera in place.plant.cameras]
        self._states = {camera: self._publisher(topics.STATION_STATES, camera) for camera in cameras}
        self._cameras = {camera: self._publisher(topics.CAMERA_STATUS, camera) for camera in cameras}
        self._events, self._diagnostics = (
            self._publisher(topics.CYCLE_EVENTS),
            self._publisher(topics.DIAGNOSTICS),
        )
        for camera in cameras:
            self._hear(topics.ROI_SET, self._on_rois, camera)
        self._hear(topics.CYCLE_EVENTS_ACK, self._on_ack)
        self._stations = self._all_stations()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def __enter__(self) -> Line:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    @property
    def unacknowledged(self) -> int:
        """Ends that persistence has not said to be in the database."""
        return len(set(self.said.ends) - self._acknowledged)

    def now_ns(self) -> int:
        """The plant's clock."""
        return time.time_ns() - self._back_ns

    def _publisher(self, topic: topics.Topic, camera: str = "") -> Any:
        return self._node.create_publisher(topic.type, topic.of(camera), topic.offered)

    def _hear(self, topic: topics.Topic, callback: Any, camera: str = "") -> None:
        self._node.create_subscription(topic.type, topic.of(camera), callback, topic.qos)

    def _on_rois(self, message: Any) -> None:
        rois = convert.rois_from_msg(message)
        self._rois[rois.camera] = rois

    def _on_ack(self, message: Any) -> None:
        self._acknowledged.update(
            uid
            for uid, kind in zip(message.event_uids, message.kinds, strict=True)
            if kind == EventKind.END.value
        )

    def _all_stations(self) -> list[_Station]:
        begin_ns = self.now_ns() + 2 * NS_PER_S
        return [
            _Station(module.code, one.code, one.camera, begin_ns + self._ns(0, _CYCLE_S[0]))
            for module in self._place.plant.modules
            for one in module.workstations
        ]

    def _ns(self, least_s: float, most_s: float) -> int:
        return round(self._luck.uniform(least_s, most_s) * 1000) * 1_000_000

    def _run(self) -> None:
        due_s = nodes_s = time.monotonic()
        until_s = due_s + _NOT_HEARD_S
        while len(self._rois) < len(self._states) and not self._stop.is_set():
            if time.monotonic() > until_s:
                raise TimeoutError("persistence has said nothing of the zones")
            self._executor.spin_once(timeout_sec=0.1)
        while not self._stop.is_set():
            if time.monotonic() >= nodes_s:
                nodes_s += _NODES_EVERY_S
                self._say_nodes()
            self._say_stations()
            due_s = max(due_s + 1 / STATES_HZ, time.monotonic())
            while (left_s := due_s - time.monotonic()) > 0 and not self._stop.is_set():
                self._executor.spin_once(timeout_sec=left_s)

    def _say_nodes(self) -> None:
        names = [name for name in node_names(self._place.plant) if name not in _REAL]
        self._diagnostics.publish(
            DiagnosticArray(
                status=[DiagnosticStatus(level=DiagnosticStatus.OK, name=f"{name}: work") for name in names]
            )
        )
        frame = convert.time_to_msg(self.now_ns())
        for camera, publisher in self._cameras.items():
            publisher.publish(
                CameraStatus(camera=camera, state=CameraStatus.ONLINE, last_frame=frame, fps=5.0)
            )

    def _say_stations(self) -> None:
        now_ns = self.now_ns() // 1_000_000 * 1_000_000
        for station in self._stations:
            if now_ns >= station.next_ns:
                self._change(station, now_ns)
        for camera, publisher in self._states.items():
            states = [_state(one) for one in self._stations if one.camera == camera]
            publisher.publish(convert.states_to_msg(camera, now_ns, states))

    def _change(self, station: _Station, now_ns: int) -> None:
        """Its cycle ends, or one begins."""
        running = station.running
        if running is None:
            event = station.running = self._event(station, now_ns, now_ns, EventKind.START)
            station.next_ns = now_ns + self._ns(*_CYCLE_S)
            self.said.starts[event.event_uid] = time.monotonic()
        else:
            event = self._event(station, running.start_ns, now_ns, EventKind.END)
            station.running, station.next_ns = None, now_ns + self._ns(*_PAUSE_S)
            self.said.ends[event.event_uid] = time.monotonic()
        self._events.publish(convert.event_to_msg(event))

    def _event(self, station: _Station, start_ns: int, now_ns: int, kind: EventKind) -> CycleEvent:
        zones = next(one for one in self._rois[station.camera].workstations if one.code == station.code)
        uid = event_uid(
            module=station.module,
            camera=station.camera,
            workstation=station.code,
            rule="presence",
            start_ns=start_ns,
        )
        return CycleEvent(
            event_uid=uid,
            kind=kind,
            module=station.module,
            workstation=station.code,
            camera=station.camera,
            rule="presence",
            start_ns=start_ns,
            end_ns=now_ns if kind is EventKind.END else None,
            decided_ns=now_ns,
            roi_version_id=zones.zones[0].roi_version_id,
            parameter_hash=PARAMETERS,
            model=MODEL,
            software_version="0.1.0",
            frame_path=f"frames/bench/{station.camera}_{uid}.jpg",
            duration_uncertainty_s=0.2,
            mean_confidence=0.8,
            primary_dwell_ratio=0.97,
            observed_share=0.99,
            detection_count=375,
        )


def _state(station: _Station) -> StationState:
    running = station.running
    if running is None:
        return StationState(station.module, station.code, Activity.IDLE, occupied=False)
    return StationState(
        station.module, station.code, Activity.IN_CYCLE, True, running.event_uid, running.start_ns
    )
