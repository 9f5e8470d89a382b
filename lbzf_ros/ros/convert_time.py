"""Times and headers to messages and back."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from lbzf_ros.core.model import NS_PER_S


def time_to_msg(stamp_ns: int) -> Time:
    """Nanoseconds since the epoch as a message."""
    return Time(sec=stamp_ns // NS_PER_S, nanosec=stamp_ns % NS_PER_S)


def time_from_msg(time: Time) -> int:
    """Nanoseconds since the epoch."""
    return int(time.sec) * NS_PER_S + int(time.nanosec)


def header(camera: str, stamp_ns: int) -> Header:
    """Header of a picture and of everything derived from it."""
    return Header(stamp=time_to_msg(stamp_ns), frame_id=camera)
