"""What every node has: its settings as parameters, its diagnostics, a clean start and a clean stop."""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import try_shutdown

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.core.errors import ConfigError, LbzfError
from lbzf_ros.nodes.flow import PatientPublisher
from lbzf_ros.ros.diagnostics import Diagnostics
from lbzf_ros.ros.params import declare_settings, declare_text
from lbzf_ros.ros.topics import Topic
from lbzf_ros.stop_signals import StopSignals

try:
    from rclpy.experimental import EventsExecutor
except ImportError:  # ROS 2 Humble
    EventsExecutor = SingleThreadedExecutor

_STOPS_WITHIN_S = 0.2
_STEADY = Clock(clock_type=ClockType.STEADY_TIME)
EXIT_CONFIG = 2
"""Exit status of a node that cannot run as it is configured."""


class LbzfNode(Node):
    """Base of all nodes: reads the plant file and publishes diagnostics."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.plant = self._read_plant()
        self.graph = declare_settings(self, self.plant.graph)
        self.diagnostics = Diagnostics(self, self.graph.diagnostics_period_s)

    def create_timer(self, timer_period_sec: float, callback: Callable[[], Any], **options: Any) -> Any:
        """A timer by the monotonic clock: one by the wall clock stands still for as long as that one is set back."""
        return super().create_timer(timer_period_sec, callback, **{"clock": _STEADY, **options})

    def _read_plant(self) -> Plant:
        path = declare_text(self, "plant", "", "Plant file (YAML).")
        if not path:
            raise ConfigError(f"{self.get_name()}: parameter 'plant' is not set; name a plant file")
        return load_plant(Path(path))

    def data_folder(self) -> Path:
        """The folder where this run keeps everything."""
        path = declare_text(self, "data", "", "Folder where the run keeps its database, pictures and video.")
        if not path:
            raise ConfigError(f"{self.get_name()}: parameter 'data' is not set; name a folder")
        return Path(path)

    def publisher(self, topic: Topic, camera: str = "") -> Any:
        """A publisher on a topic (of one camera)."""
        name = topic.of(camera)
        events = PublisherEventCallbacks(incompatible_qos=lambda event: self._incompatible(name, event))
        return self.create_publisher(topic.type, name, topic.offered, event_callbacks=events)

    def publisher_of_pictures(self, topic: Topic, camera: Camera) -> Any:
        """A publisher of what is said of each picture: of a camera that waits for the graph, everything is heard."""
        publisher = self.publisher(topic, camera.label)
        return PatientPublisher(publisher, topic.qos.depth) if camera.lossless else publisher

    def subscribe(self, topic: Topic, callback: Callable[[Any], None], camera: str = "") -> None:
        """Subscribe to a topic (of one camera)."""
        name = topic.of(camera)
        events = SubscriptionEventCallbacks(incompatible_qos=lambda event: self._incompatible(name, event))
        self.create_subscription(topic.type, name, callback, topic.qos, event_callbacks=events)

    def subscribe_for_a_while(self, topic: Topic, callback: Callable[[Any], None], camera: str = "") -> Any:
        """Subscribe until `destroy_subscription`.

        Without events of its QoS: EventsExecutor may crash with those of what is destroyed (ros2/rclpy#1644).
        """
        events = SubscriptionEventCallbacks(use_default_callbacks=False)
        return self.create_subscription(
            topic.type, topic.of(camera), callback, topic.qos, event_callbacks=events
        )

    def _incompatible(self, topic: str, event: Any) -> None:
        text = f"{topic}: the other side asks for another QoS ({event.last_policy_kind}): no message gets through"
        self.diagnostics.counter("qos").fail(text)
        self.get_logger().error(text)

    failure: Exception | None = None
    """Why it cannot go on; any thread may say it, and the node ends with it."""

    lingers_s = 0.0
    """How long it still listens when told to stop: the last words of others."""

    def close(self) -> None:
        """Finish what must not be left half done. Called once, before the node goes."""


def executor_of(node: LbzfNode) -> Executor:
    """What calls a node back, with the node in it.

    rclpy's SingleThreadedExecutor puts all that it waits for together again for each message, which takes longer than
    the work itself; EventsExecutor is told what has come. It knows no guard conditions: see `LbzfNode.failure`.
    """
    executor = EventsExecutor()
    executor.add_node(node)
    return executor


def run(make: Callable[[], LbzfNode]) -> None:
    """Run a node until it is told to stop; a configuration that cannot work is said in one line."""
    logging.basicConfig(level=logging.WARNING, format="[%(levelname)s] [%(name)s]: %(message)s")
    stop = StopSignals()
    # ROS's own signal handlers would close the context before the node can say its last word.
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = make()
        executor = executor_of(node)
        gc.freeze()  # what is loaded stays: to look through it again and again stops every thread for 0.1 s
        while not stop.is_set():
            executor.spin_once(timeout_sec=_STOPS_WITHIN_S)
            if node.failure:
                raise node.failure
        until_s = time.monotonic() + node.lingers_s
        while time.monotonic() < until_s:
            executor.spin_once(timeout_sec=_STOPS_WITHIN_S)
        node.close()
        gc.freeze()  # the end of the process frees everything at once; to look through it first takes a second
    except LbzfError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        sys.exit(EXIT_CONFIG)
    finally:
        try_shutdown()
