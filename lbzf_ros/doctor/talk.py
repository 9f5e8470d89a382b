"""Two processes, one picture: does DDS work here? Run as `python -m lbzf_ros.doctor.talk SECONDS`.

It says in its last line how it went; exit status 1: the picture did not arrive. A domain of its own keeps it away
from a plant that runs, and the topic's name from another one who tries the same.
"""

from __future__ import annotations

import array
import os
import subprocess
import sys
import time
from typing import Any

from lbzf_ros.environment import picture_environment

_DOMAIN = 101  # the last one that `lbzf up` would take
_SPEAKS_S = 60.0
"""Should the listener be killed, the speaker ends by itself."""
_PERIOD_S = 0.1
_HEIGHT, _WIDTH = 480, 640


def main() -> None:
    """Listen, with another process that speaks; or speak, when told to."""
    if sys.argv[1:2] == ["say"]:
        _say(sys.argv[2])
        return
    within_s = float(sys.argv[1])
    topic = f"/lbzf_doctor/p{os.getpid()}"
    os.environ["ROS_DOMAIN_ID"] = str(_DOMAIN)
    speaker = subprocess.Popen(
        [sys.executable, "-m", "lbzf_ros.doctor.talk", "say", topic],
        env={**os.environ, **picture_environment()},
        stdout=subprocess.DEVNULL,
    )
    try:
        is_heard = _hears(topic, within_s)
    finally:
        speaker.terminate()
        speaker.wait()
    if not is_heard:
        print(f"nothing arrived within {within_s:.0f} s", file=sys.stderr)
        sys.exit(1)
    print(f"a {_WIDTH}x{_HEIGHT} picture gets from one process to another")


def _hears(topic: str, within_s: float) -> bool:
    """Whether a whole picture arrives in time."""
    import rclpy
    from sensor_msgs.msg import Image

    rclpy.init(args=[])
    node = rclpy.create_node("lbzf_doctor_ear")
    sizes: list[int] = []

    def on_picture(message: Any) -> None:
        sizes.append(len(message.data))

    node.create_subscription(Image, topic, on_picture, 1)
    until_s = time.monotonic() + within_s
    while not sizes and time.monotonic() < until_s:
        rclpy.spin_once(node, timeout_sec=_PERIOD_S)
    node.destroy_node()
    rclpy.shutdown()
    return sizes[:1] == [_HEIGHT * _WIDTH * 3]


def _say(topic: str) -> None:
    """Publish a picture again and again until stopped."""
    import rclpy
    from sensor_msgs.msg import Image

    rclpy.init(args=[])
    node = rclpy.create_node("lbzf_doctor_mouth")
    publisher = node.create_publisher(Image, topic, 1)
    picture = Image(height=_HEIGHT, width=_WIDTH, encoding="bgr8", step=_WIDTH * 3)
    picture.data = array.array("B", bytes(_HEIGHT * _WIDTH * 3))
    until_s = time.monotonic() + _SPEAKS_S
    while rclpy.ok() and time.monotonic() < until_s:
        publisher.publish(picture)
        time.sleep(_PERIOD_S)


if __name__ == "__main__":
    main()
