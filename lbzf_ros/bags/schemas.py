"""What a bag says about a message type: its definition with those of all its parts, and its hash.

Both come from what is installed with the messages, so they are of the very types that were recorded.
"""

from __future__ import annotations

import functools
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lbzf_ros.bags.errors import BagError
from lbzf_ros.environment import node_environment

_BETWEEN = "=" * 80
_FIELD = re.compile(r"^([A-Za-z][\w/]*?)(?:<=\d+)?(?:\[[<=\d]*\])?\s+\w+")
_BUILT_IN = frozenset(
    [
        *("bool", "byte", "char", "float32", "float64", "string", "wstring"),
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    ]
)


@dataclass(frozen=True, slots=True)
class Schema:
    """A message type as a bag describes it.

    Attributes:
        name: e.g. sensor_msgs/msg/Image.
        definition: its .msg file, then those of the types in it, as `ros2 bag record` writes them (ros2msg).
        type_hash: RIHS01_…, by which two sides know that they mean the same type; empty where ROS has none (Humble).
    """

    name: str
    definition: str
    type_hash: str


def schema_of(message_type: Any) -> Schema:
    """The schema of a message class.

    Raises:
        BagError: its definition is not installed.
    """
    package, name = message_type.__module__.split(".")[0], message_type.__name__
    return _schema(package, name)


@functools.cache
def _schema(package: str, name: str) -> Schema:
    parts: dict[str, str] = {}
    _collect(package, name, parts)
    first, *others = parts.items()
    text = first[1] + "".join(f"\n{_BETWEEN}\nMSG: {part}\n{content}" for part, content in others)
    return Schema(f"{package}/msg/{name}", text, _type_hash(package, name))


def _collect(package: str, name: str, parts: dict[str, str]) -> None:
    """Add a definition and, depth first, those of its fields; each once."""
    full = f"{package}/{name}"
    if full in parts:
        return
    text = parts[full] = _file(package, f"{name}.msg").read_text("utf-8")
    for line in text.splitlines():
        field = _FIELD.match(line.strip())
        if field is None or field[1] in _BUILT_IN:
            continue
        words = field[1].split("/")
        if field[1] == "Header":
            words = ["std_msgs", "Header"]
        _collect(words[0] if len(words) > 1 else package, words[-1], parts)


def _type_hash(package: str, name: str) -> str:
    try:
        described = json.loads(_file(package, f"{name}.json").read_text("utf-8"))
    except BagError:  # ROS 2 Humble knows no hashes
        return ""
    hashes = {entry["type_name"]: str(entry["hash_string"]) for entry in described["type_hashes"]}
    return hashes[f"{package}/msg/{name}"]


def _file(package: str, name: str) -> Path:
    for prefix in node_environment().get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        path = Path(prefix, "share", package, "msg", name)
        if prefix and path.is_file():
            return path
    raise BagError(
        f"{package}/msg/{name}: is not installed (looked for in share/{package} of AMENT_PREFIX_PATH), so a bag cannot "
        "describe its messages; install the package's messages again"
    )
