"""Recorded detections from a bag that was written with our message definitions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from lbzf_ros.config.detectors import RecordedSettings
from lbzf_ros.core.errors import DetectorError, InvalidValue
from lbzf_ros.core.model import FrameDetections
from lbzf_ros.ros import convert, topics
from test.detectors.test_mot import frame, walk
from test.detectors.test_recorded import PICTURE, make

DEFINITIONS = Path(__file__).parents[2] / "lbzf_interfaces" / "msg"
TYPE = "lbzf_interfaces/msg/DetectionArray"


def write_bag(
    folder: Path, cameras: dict[str, list[FrameDetections]], storage: StoragePlugin = StoragePlugin.MCAP
) -> Path:
    """Write what each camera's detector published, as `ros2 bag record` does."""
    types = get_typestore(Stores.ROS2_JAZZY)
    for file in DEFINITIONS.glob("*.msg"):
        types.register(get_types_from_msg(file.read_text("utf-8"), f"lbzf_interfaces/msg/{file.stem}"))
    with Writer(folder, version=9, storage_plugin=storage) as bag:
        for camera, frames in cameras.items():
            connection = bag.add_connection(topics.DETECTIONS.of(camera), TYPE, typestore=types)
            for item in frames:
                content = serialize_message(convert.detections_to_msg(replace(item, camera=camera)))
                bag.write(connection, item.stamp_ns + 40_000_000, content)
        status = bag.add_connection(
            "/chatter", "std_msgs/msg/String", typestore=get_typestore(Stores.ROS2_JAZZY)
        )
        bag.write(status, cameras["cam1"][0].stamp_ns, b"\x00\x01\x00\x00\x03\x00\x00\x00hi\x00")
    return folder


def pictures() -> list[FrameDetections]:
    """Somebody walks through, then nobody, then two."""
    two = frame(9, [(5, 5, 9, 9, 0.5), (50, 5, 90, 90, 0.7)], [1, 2])
    return [*walk(4), frame(4, [], []), two]


@pytest.mark.parametrize("storage", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_each_camera_gets_its_own_boxes_by_stamp(tmp_path: Path, storage: StoragePlugin) -> None:
    frames = pictures()
    others = [replace(item, stamp_ns=item.stamp_ns + 7) for item in frames[:2]]
    path = write_bag(tmp_path / "morning", {"cam1": frames, "cam2": others}, storage)
    detector = make(path)
    for item in reversed(frames):
        found = detector.detect(PICTURE, item.stamp_ns)
        assert np.array_equal(found.xyxy, item.boxes.xyxy)
        assert np.array_equal(found.confidence, item.boxes.confidence)
    assert len(make(path, "cam2").detect(PICTURE, others[0].stamp_ns)) == len(others[0].boxes)
    with pytest.raises(InvalidValue, match=r"has no picture of 5 ns; the bag has 2 stamps"):
        make(path, "cam2").detect(PICTURE, 5)


def test_a_single_file_is_a_bag_too(tmp_path: Path) -> None:
    folder = write_bag(tmp_path / "morning", {"cam1": pictures()})
    (file,) = folder.glob("*.mcap")
    assert len(make(file).detect(PICTURE, pictures()[-1].stamp_ns)) == 2


def test_a_picture_that_was_answered_twice_counts_once(tmp_path: Path) -> None:
    once = make(write_bag(tmp_path / "once", {"cam1": pictures()})).info
    twice = make(write_bag(tmp_path / "twice", {"cam1": [*pictures(), pictures()[0]]})).info
    assert (once.name, once.version, once.framework) == ("recorded", "once", "rosbag2")
    assert len(once.weights_hash) == 64
    assert once.weights_hash == twice.weights_hash


def test_the_topic_is_the_one_that_is_published() -> None:
    assert RecordedSettings().topic == topics.DETECTIONS.path


def test_a_bag_without_this_camera_says_which_it_has(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "morning", {"cam1": pictures()})
    with pytest.raises(
        DetectorError, match=r"no .*DetectionArray on /lbzf/cam7/.* one of: /lbzf/cam1/detections"
    ):
        make(path, "cam7")


def test_a_damaged_bag_is_refused(tmp_path: Path) -> None:
    folder = write_bag(tmp_path / "morning", {"cam1": pictures()})
    (file,) = folder.glob("*.mcap")
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(DetectorError, match=r"is no bag that can be read .* reindex"):
        make(folder)


def test_a_bag_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match=r"no\.mcap: is not there; set detector\.recorded\.file"):
        make(tmp_path / "no.mcap")


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_bag(tmp_path / "morning", {"cam1": pictures()})
    monkeypatch.setitem(__import__("sys").modules, "rosbags.highlevel.anyreader", None)
    with pytest.raises(DetectorError, match=r"needs the package rosbags.* pip install 'lbzf\[recorded\]'"):
        make(path)
