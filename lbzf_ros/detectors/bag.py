"""Detections from a rosbag2 recording (MCAP or SQLite), read without ROS by the `rosbags` package (optional)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import DetectorError, LbzfError
from lbzf_ros.core.model import NS_PER_S, Boxes
from lbzf_ros.detectors.mot import Rows
from lbzf_ros.detectors.weights import need

_TYPE = "lbzf_interfaces/msg/DetectionArray"
_SUFFIXES = (".mcap", ".db3")


@dataclass(frozen=True, slots=True, eq=False)
class BagDetections:
    """One camera's detections in a bag.

    Attributes:
        rows: the boxes; frame n is the picture number n.
        stamps_ns: int64 (pictures,), when each was taken, increasing.
        sha256: of the messages, hexadecimal; other topics of the bag do not count.
    """

    rows: Rows
    stamps_ns: NDArray[np.int64]
    sha256: str


def is_bag(path: Path) -> bool:
    """Whether a path is a bag: its folder, or a single file of it."""
    return path.suffix in _SUFFIXES or (path / "metadata.yaml").is_file()


def read_bag(path: Path, topic: str) -> BagDetections:
    """Read the detections of one camera.

    Args:
        path: the bag's folder, or a single .mcap or .db3 file.
        topic: where they were published.

    Raises:
        DetectorError: the package is missing, the bag cannot be read, or has no such topic.
    """
    if not path.exists():
        raise DetectorError(f"{path}: is not there; set detector.recorded.file to where the bag is")
    return _read(path, topic)


@contextmanager
def open_bag(path: Path) -> Iterator[Any]:
    """Connections and messages of a bag (rosbags' AnyReader), in order of time, until the end of the block.

    Args:
        path: the bag's folder, or a single .mcap or .db3 file.

    Raises:
        DetectorError: the package is missing, or the bag cannot be read.
    """
    anyreader = need("rosbags.highlevel.anyreader", "recorded")
    try:
        with anyreader.AnyReader([path]) as bag:
            yield bag
    except LbzfError:
        raise
    except Exception as error:  # a damaged bag raises anything
        raise DetectorError(
            f"{path}: is no bag that can be read ({type(error).__name__}: {error}); `lbzf bag recover` repairs one "
            "that was cut off (`ros2 bag reindex` one in SQLite)"
        ) from error


def _read(path: Path, topic: str) -> BagDetections:
    digest = hashlib.sha256()
    pictures: dict[int, Any] = {}
    with open_bag(path) as bag:
        chosen = [c for c in bag.connections if c.topic == topic and c.msgtype == _TYPE]
        if not chosen:
            known = sorted({c.topic for c in bag.connections if c.msgtype == _TYPE})
            raise DetectorError(
                f"{path}: has no {_TYPE} on {topic}; set detector.recorded.topic to one of: "
                f"{', '.join(known) or 'none'}"
            )
        for connection, _, content in bag.messages(connections=chosen):
            message = bag.deserialize(content, connection.msgtype)
            stamp = message.header.stamp
            # The same picture may have been answered twice; the answer is the same.
            if pictures.setdefault(stamp.sec * NS_PER_S + stamp.nanosec, message) is message:
                digest.update(content)
    return _in_order(pictures, digest.hexdigest())


def _in_order(pictures: dict[int, Any], sha256: str) -> BagDetections:
    stamps_ns = np.array(sorted(pictures), np.int64)
    found = [
        (number, d) for number, stamp in enumerate(stamps_ns.tolist(), 1) for d in pictures[stamp].detections
    ]
    boxes = np.array([(d.x_min, d.y_min, d.x_max, d.y_max) for _, d in found], np.float32).reshape(-1, 4)
    rows = Rows(
        np.array([number for number, _ in found], np.int64),
        np.array([d.track_id for _, d in found], np.int64),
        Boxes(boxes, np.array([d.confidence for _, d in found], np.float32)),
    )
    return BagDetections(rows, stamps_ns, sha256)
