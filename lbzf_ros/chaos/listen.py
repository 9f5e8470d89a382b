"""A process of its own that hears the graph and writes down what it hears, one JSON object a line.

`python -m lbzf_ros.chaos.listen FILE`, in the ROS domain of the system under the drill. Kinds of lines:
`event` (a cycle event), `ack` (uid and kind that persistence has acknowledged), `error` (a part of a node and what is
wrong with it, or nothing once it is right again), `picture` (a camera and the stamp of its latest answered picture).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.topics import Topic
from lbzf_ros.stop_signals import StopSignals
from lbzf_ros.store.event_json import event_to_json

_SPIN_S = 0.2
_PICTURE_EVERY_NS = 1_000_000_000


class _Listener(Node):
    def __init__(self, output: TextIO, cameras: list[str]) -> None:
        super().__init__("chaos_listener")
        self._output = output
        self._errors: dict[str, str] = {}
        self._pictures: dict[str, int] = {}
        self._hear(topics.CYCLE_EVENTS, self._on_event)
        self._hear(topics.CYCLE_EVENTS_ACK, self._on_ack)
        self._hear(topics.DIAGNOSTICS, self._on_diagnostics)
        for camera in cameras:
            self._hear(topics.STATION_STATES, self._on_states, camera)

    def _hear(self, topic: Topic, callback: Any, camera: str = "") -> None:
        self.create_subscription(topic.type, topic.of(camera), callback, topic.qos)

    def _say(self, **line: object) -> None:
        self._output.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._output.flush()

    def _on_event(self, message: Any) -> None:
        self._say(event=json.loads(event_to_json(convert.event_from_msg(message))))

    def _on_ack(self, message: Any) -> None:
        for uid, kind in zip(message.event_uids, message.kinds, strict=True):
            self._say(ack=[uid, kind])

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            text = status.message if status.level == DiagnosticStatus.ERROR else ""
            if self._errors.get(status.name, "") != text:
                self._errors[status.name] = text
                self._say(error=[status.name, text])

    def _on_states(self, message: Any) -> None:
        camera, stamp_ns = message.header.frame_id, convert.time_from_msg(message.header.stamp)
        if abs(stamp_ns - self._pictures.get(camera, 0)) >= _PICTURE_EVERY_NS:
            self._pictures[camera] = stamp_ns
            self._say(picture=[camera, stamp_ns])


def main() -> None:
    """Listen until told to stop."""
    path, cameras = Path(sys.argv[1]), sys.argv[2:]
    stop = StopSignals()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with path.open("a", encoding="utf-8") as output:
        executor = SingleThreadedExecutor()
        executor.add_node(_Listener(output, cameras))
        while not stop.is_set():
            executor.spin_once(timeout_sec=_SPIN_S)


if __name__ == "__main__":
    main()
