"""What was said about a picture as messages of other packages: markers, boxes, pictures."""

from __future__ import annotations

import array
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from geometry_msgs.msg import Point as PointMsg
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import ColorRGBA

from lbzf_ros.annotate import colours
from lbzf_ros.annotate.colours import Rgb
from lbzf_ros.annotate.look import Look
from lbzf_ros.core.geometry import Point
from lbzf_ros.core.model import FrameDetections
from lbzf_ros.ros.convert_time import header

PICTURES_FRAME = "lbzf_pictures"
"""Frame of all markers: the pictures of all cameras side by side in one plane, seen from above as on a screen."""
PX_PER_M = 100
"""A camera of 640x480 px is 6.4 m by 4.8 m in that plane."""
_LINE_M, _TEXT_M = 0.03, 0.16
_GONE_AFTER_S = 3
"""A camera that says nothing more disappears."""


def jpeg_to_msg(camera: str, stamp_ns: int, jpeg: NDArray[np.uint8]) -> CompressedImage:
    """A picture as a JPEG file's content (n,), as a message."""
    data = array.array("B", jpeg.tobytes())
    return CompressedImage(header=header(camera, stamp_ns), format="bgr8; jpeg compressed bgr8", data=data)


def markers_to_msg(look: Look, left_px: float) -> Any:
    """Zones, people and stations as a visualization_msgs/MarkerArray, which replaces what was there before.

    Args:
        look: what was said about the picture.
        left_px: where the picture begins in the plane of all pictures.
    """
    return _Markers(look, left_px).message


class _Markers:
    def __init__(self, look: Look, left_px: float) -> None:
        # Imported here, because the package may be missing.
        self._msg = importlib.import_module("visualization_msgs.msg")
        self._header = header(PICTURES_FRAME, look.people.stamp_ns)
        self._left_px = left_px
        self.message = self._msg.MarkerArray()
        self._add("", self._msg.Marker.DELETEALL, colours.WHITE)
        width_px, height_px = float(look.rois.width_px), float(look.rois.height_px)
        self._outline("picture", [(0, 0), (width_px, 0), (width_px, height_px), (0, height_px)], colours.GREY)
        self._text("picture", look.heading(), (0, 0), colours.WHITE)
        for placed in look.zones():
            self._outline("zones", placed.polygon_px, colours.of_evidence(placed.evidence))
        people = look.people
        for (left, top, right, bottom), track in zip(
            people.boxes.xyxy.tolist(), people.track_ids.tolist(), strict=True
        ):
            corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
            self._outline("people", corners, colours.PERSON)
            if track >= 0:
                self._text("tracks", f"#{track}", (left, top), colours.PERSON)
        for caption in look.captions():
            colour = colours.of_activity(caption.activity)
            self._text(
                "stations", caption.text, caption.at_px, colours.WHITE if colour == colours.DARK else colour
            )

    def _add(self, namespace: str, action: int, colour: Rgb) -> Any:
        red, green, blue = (value / 255 for value in colour)
        marker = self._msg.Marker(
            header=self._header,
            ns=namespace,
            id=len(self.message.markers),
            action=action,
            color=ColorRGBA(r=red, g=green, b=blue, a=1.0),
        )
        marker.lifetime.sec = _GONE_AFTER_S
        marker.pose.orientation.w = 1.0
        self.message.markers.append(marker)
        return marker

    def _outline(self, namespace: str, corners_px: Sequence[Point], colour: Rgb) -> None:
        marker = self._add(namespace, self._msg.Marker.ADD, colour)
        marker.type = self._msg.Marker.LINE_STRIP
        marker.scale.x = _LINE_M
        marker.points = [self._place(corner) for corner in (*corners_px, corners_px[0])]

    def _text(self, namespace: str, text: str, at_px: Point, colour: Rgb) -> None:
        marker = self._add(namespace, self._msg.Marker.ADD, colour)
        marker.type = self._msg.Marker.TEXT_VIEW_FACING
        marker.scale.z = _TEXT_M
        marker.text = text
        # Text stands around its point; so its left end is about at the corner, and it stands above it.
        place = self._place(at_px)
        marker.pose.position = PointMsg(
            x=place.x + 0.25 * _TEXT_M * len(text), y=place.y + 0.6 * _TEXT_M, z=0.01
        )

    def _place(self, point_px: Point) -> PointMsg:
        """Pictures count downwards, the plane upwards."""
        return PointMsg(x=(self._left_px + point_px[0]) / PX_PER_M, y=-point_px[1] / PX_PER_M)


def boxes_to_msg(people: FrameDetections) -> Any:
    """People as a vision_msgs/Detection2DArray (4.0 and later): class "person", the track as id, empty without one."""
    # Imported here, because the package may be missing.
    msg = importlib.import_module("vision_msgs.msg")
    same = header(people.camera, people.stamp_ns)
    message = msg.Detection2DArray(header=same)
    for (left, top, right, bottom), confidence, track in zip(
        people.boxes.xyxy.tolist(), people.boxes.confidence.tolist(), people.track_ids.tolist(), strict=True
    ):
        found = msg.Detection2D(header=same, id=str(track) if track >= 0 else "")
        found.bbox.center.position.x, found.bbox.center.position.y = (left + right) / 2, (top + bottom) / 2
        found.bbox.size_x, found.bbox.size_y = right - left, bottom - top
        result = msg.ObjectHypothesisWithPose()
        result.hypothesis.class_id, result.hypothesis.score = "person", confidence
        found.results = [result]
        message.detections.append(found)
    return message
