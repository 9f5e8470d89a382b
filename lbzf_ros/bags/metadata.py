"""metadata.yaml: what ROS's own tools read before they open a bag's files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from lbzf_ros.disk import write_whole

NAME = "metadata.yaml"
_VERSION = 9  # of ROS 2 Jazzy; Humble (5) reads it too, as it leaves out what it does not know
_FOR_EVER_S, _FOR_EVER_NS = 9223372036, 854775807


@dataclass
class FileFacts:
    """One file of a bag.

    Attributes:
        name: in the bag's folder.
        messages: how many it has.
        first_ns: when its first message was received; 0: it has none.
        last_ns: when its last one was.
    """

    name: str
    messages: int = 0
    first_ns: int = 0
    last_ns: int = 0

    def add(self, log_ns: int) -> None:
        """Count a message."""
        self.first_ns = min(self.first_ns, log_ns) if self.messages else log_ns
        self.last_ns = max(self.last_ns, log_ns)
        self.messages += 1


@dataclass
class TopicFacts:
    """One topic of a bag.

    Attributes:
        name: e.g. /lbzf/cam1/detections.
        type_name: e.g. lbzf_interfaces/msg/DetectionArray.
        qos: how it was published, as YAML.
        type_hash: RIHS01_…, or empty.
        messages: how many there are.
    """

    name: str
    type_name: str
    qos: str
    type_hash: str
    messages: int = 0


@dataclass
class BagFacts:
    """A whole bag."""

    files: list[FileFacts] = field(default_factory=list)
    topics: dict[str, TopicFacts] = field(default_factory=dict)


def qos_yaml(qos: QoSProfile) -> str:
    """A quality of service as `ros2 bag` writes it, as YAML."""
    profile = {
        "history": "keep_last",
        "depth": qos.depth,
        "reliability": "reliable" if qos.reliability is ReliabilityPolicy.RELIABLE else "best_effort",
        "durability": "transient_local" if qos.durability is DurabilityPolicy.TRANSIENT_LOCAL else "volatile",
        "deadline": _for_ever(),
        "lifespan": _for_ever(),
        "liveliness": "automatic",
        "liveliness_lease_duration": _for_ever(),
        "avoid_ros_namespace_conventions": False,
    }
    return yaml.safe_dump([profile], sort_keys=False)


def _for_ever() -> dict[str, int]:
    # One each: YAML would write the second as a reference to the first.
    return {"sec": _FOR_EVER_S, "nsec": _FOR_EVER_NS}


def document(facts: BagFacts) -> dict[str, Any]:
    """The content of metadata.yaml."""
    with_messages: Sequence[FileFacts] = [file for file in facts.files if file.messages]
    first_ns = min((file.first_ns for file in with_messages), default=0)
    last_ns = max((file.last_ns for file in with_messages), default=0)
    return {
        "rosbag2_bagfile_information": {
            "version": _VERSION,
            "storage_identifier": "mcap",
            "duration": {"nanoseconds": last_ns - first_ns},
            "starting_time": {"nanoseconds_since_epoch": first_ns},
            "message_count": sum(file.messages for file in facts.files),
            "topics_with_message_count": [
                {
                    "topic_metadata": {
                        "name": topic.name,
                        "type": topic.type_name,
                        "serialization_format": "cdr",
                        "offered_qos_profiles": yaml.safe_load(topic.qos) if topic.qos else [],
                        "type_description_hash": topic.type_hash,
                    },
                    "message_count": topic.messages,
                }
                for topic in facts.topics.values()
            ],
            "compression_format": "",
            "compression_mode": "",
            "relative_file_paths": [file.name for file in facts.files],
            "files": [
                {
                    "path": file.name,
                    "starting_time": {"nanoseconds_since_epoch": file.first_ns},
                    "duration": {"nanoseconds": file.last_ns - file.first_ns},
                    "message_count": file.messages,
                }
                for file in facts.files
            ],
            "custom_data": None,
            "ros_distro": os.environ.get("ROS_DISTRO", "jazzy"),
        }
    }


def write_metadata(folder: Path, facts: BagFacts) -> None:
    """Write metadata.yaml of a bag's folder; readers see the old one or the new one.

    Raises:
        OSError: the disk takes no more.
    """
    write_whole(folder / NAME, yaml.safe_dump(document(facts), sort_keys=False, allow_unicode=True).encode())
