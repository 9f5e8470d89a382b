"""Pictures in a bag: compressed when they are recorded, pixels again when they are played."""

from __future__ import annotations

import array
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image

from lbzf_ros.bags.contents import Images
from lbzf_ros.bags.errors import BagError
from lbzf_ros.ros import convert

_PNG_LEVEL = 1
"""The fastest that is still a third smaller than raw; higher ones cost several times as much for a few per cent."""


def compressed(cdr: bytes, images: Images, jpeg_quality: int) -> bytes:
    """A sensor_msgs/Image as a sensor_msgs/CompressedImage with the same header, both as bytes.

    Args:
        cdr: the picture as it came.
        images: jpeg or png.
        jpeg_quality: 0 to 100.

    Raises:
        InvalidValue: the picture's encoding cannot be read.
    """
    message: Any = deserialize_message(cdr, Image)
    picture = convert.image_from_msg(message)
    if images is Images.jpeg:
        content = cv2.imencode(".jpg", picture, [int(cv2.IMWRITE_JPEG_QUALITY), jpeg_quality])[1]
    else:
        content = cv2.imencode(".png", picture, [int(cv2.IMWRITE_PNG_COMPRESSION), _PNG_LEVEL])[1]
    # What image_transport writes: the pixels' format, how they are compressed, and the format that was compressed.
    packed = CompressedImage(header=message.header, format=f"bgr8; {images.value} compressed bgr8")
    packed.data = array.array("B", content.tobytes())
    return bytes(serialize_message(packed))


def picture_of(cdr: bytes, type_name: str) -> tuple[int, NDArray[np.uint8]]:
    """Stamp in ns and picture (height, width, 3) bgr of a recorded message of either kind.

    Raises:
        BagError: it is no picture that can be read.
    """
    if type_name == "sensor_msgs/msg/Image":
        message: Any = deserialize_message(cdr, Image)
        return convert.time_from_msg(message.header.stamp), convert.image_from_msg(message)
    message = deserialize_message(cdr, CompressedImage)
    picture = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise BagError(
            f"a picture of {message.header.frame_id} in the bag ({message.format}) cannot be decoded"
        )
    return convert.time_from_msg(message.header.stamp), np.asarray(picture, np.uint8)


def picture_format(cdr: bytes) -> str:
    """How a sensor_msgs/CompressedImage is compressed, in its own words."""
    message: Any = deserialize_message(cdr, CompressedImage)
    return str(message.format)


def stamp_of(cdr: bytes) -> int:
    """Stamp in ns of a message that begins with a header, without reading the rest of it.

    Raises:
        BagError: it is too short to have one.
    """
    if len(cdr) < 12:  # 4 bytes say how it is encoded, 4 seconds, 4 nanoseconds
        raise BagError("a message in the bag is too short to have a time")
    order = "little" if cdr[1] & 1 else "big"
    seconds = int.from_bytes(cdr[4:8], order, signed=True)  # type: ignore[arg-type]
    return seconds * 1_000_000_000 + int.from_bytes(cdr[8:12], order)  # type: ignore[arg-type]
