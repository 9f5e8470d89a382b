"""What it costs to offer annotated pictures and markers, and what it costs to watch them.

The real node with the demo plant; two cameras of 640x480 px say something 5 times a second, with five people each. CPU
is user plus system time of the node alone; memory is PSS, which counts a shared page once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import numpy as np
import psutil
import rclpy
from rclpy.executors import SingleThreadedExecutor

from bench import report
from lbzf_ros.config.load import load_plant
from lbzf_ros.core.association import Associator
from lbzf_ros.core.model import Activity, Boxes, FrameDetections, ModelInfo, RoiSet, StationState
from lbzf_ros.environment import node_environment, picture_environment
from lbzf_ros.resources import resource_path
from lbzf_ros.ros import convert, tool_topics, topics
from lbzf_ros.ros.topics import Topic
from lbzf_ros.store.plant import roi_sets

DOMAIN_ID = 77
FPS = 5
SPAN_S = 15.0
WATCHED: dict[str, tuple[Topic | None, ...]] = {
    "nothing": (),
    "pictures": (tool_topics.ANNOTATED,),
    "jpeg": (tool_topics.ANNOTATED_JPEG,),
    "markers": (tool_topics.MARKERS,),
}


class _Cameras:
    """The other nodes of the graph."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=DOMAIN_ID)
        self.node = rclpy.create_node("bench", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._rois = roi_sets(load_plant(resource_path("config", "plant.yaml")))
        self._associators = {camera: Associator(rois) for camera, rois in self._rois.items()}
        self._out: dict[str, Any] = {}
        self._image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
        self.heard = 0

    def watch(self, kinds: tuple[Topic | None, ...]) -> list[Any]:
        """Subscribe for both cameras."""
        return [
            self.node.create_subscription(kind.type, kind.of(camera), self._hear, kind.qos)
            for kind in kinds
            if kind
            for camera in self._rois
        ]

    def play(self, seconds: float) -> None:
        """Say something about pictures at their own pace."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            next_s = time.monotonic() + 1 / FPS
            for camera, rois in self._rois.items():
                self._tell(camera, rois, time.time_ns())
            while (left_s := next_s - time.monotonic()) > 0:
                self._executor.spin_once(timeout_sec=left_s)

    def _hear(self, _: Any) -> None:
        self.heard += 1

    def _tell(self, camera: str, rois: RoiSet, stamp_ns: int) -> None:
        left = np.arange(5, dtype=np.float32) * 110 + 20
        xyxy = np.stack([left, left * 0 + 200, left + 90, left * 0 + 460], axis=1)
        people = FrameDetections(
            camera,
            stamp_ns,
            640,
            480,
            ModelInfo("bench", "1", "none"),
            Boxes(xyxy, np.full(5, 0.9, np.float32)),
            np.arange(5, dtype=np.int32),
        )
        running = [
            StationState(station.module, station.code, Activity.IN_CYCLE, True, "uid", stamp_ns - 10**10)
            for station in rois.workstations
        ]
        self._send(topics.ROI_SET, camera, lambda: convert.rois_to_msg(rois), once=True)
        self._send(topics.IMAGE_LIVE, camera, lambda: convert.image_to_msg(camera, stamp_ns, self._image))
        self._send(topics.DETECTIONS, camera, lambda: convert.detections_to_msg(people))
        occupancy = self._associators[camera].update(people)
        self._send(topics.OCCUPANCY, camera, lambda: convert.occupancy_to_msg(occupancy))
        self._send(topics.STATION_STATES, camera, lambda: convert.states_to_msg(camera, stamp_ns, running))

    def _send(self, topic: Topic, camera: str, make: Any, *, once: bool = False) -> None:
        name = topic.of(camera)
        is_new = name not in self._out
        if is_new:
            self._out[name] = self.node.create_publisher(topic.type, name, topic.offered)
        if is_new or not once:
            self._out[name].publish(make())


def main() -> None:
    """Measure the node while nobody watches, and while somebody does."""
    plant = resource_path("config", "plant.yaml")
    environment = {**node_environment(), **picture_environment(), "ROS_DOMAIN_ID": str(DOMAIN_ID)}
    command = [sys.executable, "-m", "lbzf_ros.nodes.annotator", "--ros-args", "-p", f"plant:={plant}"]
    os.environ.update(picture_environment())
    process = subprocess.Popen(command, env=environment)
    try:
        cameras, node = _Cameras(), psutil.Process(process.pid)
        cameras.play(5)
        figures = {name: _measured(cameras, node, kinds) for name, kinds in WATCHED.items()}
        what = f"2 cameras, 640x480, {FPS} fps, 5 people and all zones of the demo plant; {SPAN_S:.0f} s each"
        load = round(os.getloadavg()[0], 1)
        report.write("annotator", {"what": what, "load_average": load, "watched": figures})
    finally:
        process.terminate()
        process.wait()


def _measured(cameras: _Cameras, node: psutil.Process, kinds: tuple[Topic | None, ...]) -> dict[str, float]:
    subscriptions = cameras.watch(kinds)
    cameras.play(3)
    heard, cpu_s, began_s = cameras.heard, _cpu_s(node), time.monotonic()
    cameras.play(SPAN_S)
    heard, cpu_s, took_s = cameras.heard - heard, _cpu_s(node) - cpu_s, time.monotonic() - began_s
    for subscription in subscriptions:
        cameras.node.destroy_subscription(subscription)
    cameras.play(2)
    return {
        "messages_a_second": round(heard / took_s, 1),
        "cpu_percent_of_a_core": round(100 * cpu_s / took_s, 2),
        "cpu_ms_a_message": round(1000 * cpu_s / heard, 2) if heard else 0.0,
        "memory_pss_mb": round(node.memory_full_info().pss / 1e6),
    }


def _cpu_s(node: psutil.Process) -> float:
    return float(sum(node.cpu_times()[:2]))


if __name__ == "__main__":
    main()
