"""A stub of vision_msgs.msg: only the fields that its messages have (4.1.1), and nothing of DDS."""

from __future__ import annotations

import importlib
import types
from typing import Any, ClassVar


def vision_stub() -> types.ModuleType:
    """The module; a field that is not there is refused, as by the real messages."""

    class Message:
        fields: ClassVar[dict[str, Any]]

        def __init__(self, **given: Any) -> None:
            for name, make in self.fields.items():
                object.__setattr__(self, name, given.pop(name) if name in given else make())
            assert not given, f"{type(self).__name__} has no {', '.join(given)}"

        def __setattr__(self, name: str, value: Any) -> None:
            assert name in self.fields, f"{type(self).__name__} has no {name}"
            object.__setattr__(self, name, value)

    def message(name: str, **fields: Any) -> Any:
        return type(name, (Message,), {"fields": fields})

    header = importlib.import_module("std_msgs.msg").Header
    pose = importlib.import_module("geometry_msgs.msg").PoseWithCovariance
    point = message("Point2D", x=float, y=float)
    center = message("Pose2D", position=point, theta=float)
    box = message("BoundingBox2D", center=center, size_x=float, size_y=float)
    hypothesis = message("ObjectHypothesis", class_id=str, score=float)
    result = message("ObjectHypothesisWithPose", hypothesis=hypothesis, pose=pose)
    found = message("Detection2D", header=header, results=list, bbox=box, id=str)
    module: Any = types.ModuleType("vision_msgs.msg")
    module.ObjectHypothesisWithPose, module.Detection2D = result, found
    module.Detection2DArray = message("Detection2DArray", header=header, detections=list)
    return module  # type: ignore[no-any-return]
