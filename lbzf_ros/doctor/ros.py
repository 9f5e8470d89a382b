"""ROS 2: is it there, do the messages fit, do two processes hear each other?"""

from __future__ import annotations

import json
from collections.abc import Iterator

from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject

_ROS, _DDS = "ros", "dds"
SUPPORTED = ("humble", "jazzy", "kilted")
_FAST_DDS = "rmw_fastrtps_cpp"
_IMPORT_S, _START_S = 60.0, 20.0
LISTEN_S = 20.0
"""Seconds within which a picture must arrive."""
_PREPARE = "run ./lbzf once in the folder of LBZF: it prepares what is missing"

_PROBE = """\
import json, importlib.metadata, importlib.util, os
import rclpy
from lbzf_interfaces.msg import CycleEvent, StationOccupancyArray
names = ("ros-rclpy", "rclpy")
found = [importlib.metadata.version(n) for n in names if any(importlib.metadata.distributions(name=n))]
for_tools = ("visualization_msgs", "vision_msgs")
missing = [name for name in for_tools if importlib.util.find_spec(name) is None]
rmw = rclpy.get_rmw_implementation_identifier()
print(json.dumps({"rclpy": found[0] if found else "?", "rmw": rmw, "missing": missing}))
"""


def check_ros(subject: Subject) -> Iterator[Finding]:
    """Can a node import rclpy and LBZF's messages?"""
    distro = subject.environment.get("ROS_DISTRO", "")
    if distro and distro not in SUPPORTED:
        advice = f"source one of {', '.join(SUPPORTED)}, or none: then ROS comes from wheels"
        yield wrong(_ROS, f"ROS 2 {distro} is sourced, which LBZF does not support", advice)
        return
    answer = subject.python("-c", _PROBE, within_s=_IMPORT_S)
    if answer.status is None:
        yield unknown(
            _ROS, f"could not be tried: {answer.last_line}", "try again when the machine is less busy"
        )
        return
    if answer.status != 0:
        yield wrong(_ROS, f"a node cannot start: {answer.last_line}", _PREPARE)
        return
    found = json.loads(answer.out.splitlines()[-1])
    origin = f"ROS 2 {distro}" if distro else "ROS 2 from wheels"
    text = f"{origin}, rclpy {found['rclpy']}, {found['rmw']}, messages import"
    if found["missing"]:
        text += f"; not installed, so not offered to rviz and Foxglove: {', '.join(found['missing'])}"
    if found["rmw"] == _FAST_DDS:
        yield fine(_ROS, text)
    else:
        advice = "unset RMW_IMPLEMENTATION: LBZF's shared memory for pictures is set up for Fast DDS only"
        yield warning(_ROS, text, advice)


def check_dds(subject: Subject) -> Iterator[Finding]:
    """Does a picture get from one process to another one, and does it stay on this machine?"""
    answer = subject.python("-m", "lbzf_ros.doctor.talk", f"{LISTEN_S:g}", within_s=LISTEN_S + _START_S)
    if answer.status == 0:
        yield fine(_DDS, answer.out.strip().splitlines()[-1])
    elif answer.status is None:
        yield unknown(
            _DDS, f"could not be tried: {answer.last_line}", "try again when the machine is less busy"
        )
    else:
        advice = (
            "see that ROS is right, that /dev/shm has room, and that no firewall stops the loopback interface"
        )
        yield wrong(_DDS, f"a picture does not get from one process to another: {answer.last_line}", advice)
    yield from _reach(subject)


def _reach(subject: Subject) -> Iterator[Finding]:
    wide = subject.environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST").upper()
    if subject.environment.get("ROS_DISTRO") == "humble":
        wide = "LOCALHOST" if subject.environment.get("ROS_LOCALHOST_ONLY", "1") == "1" else "SUBNET"
    if wide not in ("LOCALHOST", "OFF"):
        advice = "unless that is wanted, take ROS_AUTOMATIC_DISCOVERY_RANGE out of the environment"
        yield warning(
            _DDS, f"the graph is open to the network ({wide}): whoever is in it can send events", advice
        )
