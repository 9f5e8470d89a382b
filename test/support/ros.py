"""Real nodes as real processes, watched over real DDS."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor

from lbzf_ros.ros.topics import Topic
from test.support.children import ENDS_WITH_US

_DOMAINS = range(20, 50)
"""`lbzf up` takes the lowest that is free, and `lbzf chaos` the highest."""


def _claimed() -> tuple[int, socket.socket]:
    """A domain, and what holds it as long as this process lives: nobody else's tests hear what is said in it."""
    for domain in _DOMAINS:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0lbzf/test/domain/{domain}")  # no file: the name goes with the process
        except OSError:
            claim.close()
            continue
        return domain, claim
    raise RuntimeError(f"every ROS domain for tests, {_DOMAINS}, is in use on this machine")


DOMAIN_ID, _CLAIM = _claimed()


@contextmanager
def node_process(name: str, parameters: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a node of LBZF until the block ends."""
    words = [word for key, value in parameters.items() for word in ("-p", f"{key}:={value}")]
    command = [*ENDS_WITH_US, sys.executable, "-m", f"lbzf_ros.nodes.{name}", "--ros-args", *words]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN_ID)},
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Listener:
    """Hears topics and keeps what was said."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=DOMAIN_ID)
        self.node = rclpy.create_node("test_listener", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.heard: dict[str, list[Any]] = defaultdict(list)

    def listen(self, topic: Topic, camera: str = "") -> str:
        """Keep all messages of a topic; gives its full name."""
        name = topic.of(camera)
        self.node.create_subscription(topic.type, name, self.heard[name].append, topic.qos)
        return name

    def publisher(self, topic: Topic, camera: str = "") -> Any:
        """A publisher as a node has it."""
        return self.node.create_publisher(topic.type, topic.of(camera), topic.offered)

    def wait_for(self, what: str, condition: Callable[[], bool], within_s: float = 20.0) -> float:
        """Spin until a condition holds.

        Returns:
            Seconds it took.

        Raises:
            AssertionError: it did not in time.
        """
        began_s = time.monotonic()
        while not condition():
            assert time.monotonic() - began_s < within_s, f"waited {within_s} s in vain: {what}"
            self._executor.spin_once(timeout_sec=0.05)
        return time.monotonic() - began_s

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)


@contextmanager
def listener() -> Iterator[Listener]:
    """A listener for the length of a block."""
    ear = Listener()
    try:
        yield ear
    finally:
        ear.close()
