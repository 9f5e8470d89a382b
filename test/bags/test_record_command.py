"""`lbzf record` by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
import yaml
from lbzf_interfaces.msg import DetectionArray, StationOccupancyArray
from rclpy.duration import Duration
from sensor_msgs.msg import Image

from lbzf_ros.bags.reading import Bags, Origin
from lbzf_ros.bags.recordings import open_recording
from lbzf_ros.nodes.flow import PatientPublisher
from lbzf_ros.ros import convert, topics
from test.bags.recorded import CAMERA, command, plant, recorder
from test.support.ros import DOMAIN_ID, listener

_FOUND_BY_BOTH_S = 1.0
"""A publisher that has found a listener may be unknown to it yet: what it says best effort is not heard."""
_STANDS_STILL_S = 0.5
_PICTURES = 40


def test_it_ends_in_order_though_nobody_reads_what_it_says(tmp_path: Path) -> None:
    plant_file, bag = tmp_path / "plant.yaml", tmp_path / "bag"
    plant_file.write_text(yaml.safe_dump(plant()), "utf-8")
    words = command("record", "--plant", plant_file, "--out", bag, "--seconds", "2")
    environment = {**os.environ, "ROS_DOMAIN_ID": str(DOMAIN_ID)}
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert "Recording into" in process.stderr.readline()
        process.stderr.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize(("pace", "of_before"), [("lockstep", 5), ("realtime", 0)])
def test_of_a_camera_that_waits_it_has_what_was_sent_before_it_was_found(
    tmp_path: Path, pace: str, of_before: int
) -> None:
    """A driver may find the detector a moment before the recorder; without its first picture a bag measures less."""
    plant_file, bag = tmp_path / "plant.yaml", tmp_path / "bag"
    plant_file.write_text(yaml.safe_dump(plant(pace=pace)), "utf-8")
    pictures = topics.image(lossless=pace == "lockstep")
    with listener() as graph:
        images = graph.publisher(pictures, CAMERA)
        people = graph.publisher(topics.DETECTIONS, CAMERA)
        occupied = graph.publisher(topics.OCCUPANCY, CAMERA)

        def send(stamp_ns: int) -> None:
            head = convert.header(CAMERA, stamp_ns)
            images.publish(Image(header=head, height=1, width=2, step=6, encoding="bgr8", data=bytes(6)))
            people.publish(DetectionArray(header=head))
            occupied.publish(StationOccupancyArray(header=head))

        def is_found() -> bool:
            return all(out.get_subscription_count() for out in (images, people, occupied))

        for number in range(1, 6):
            send(number)
        with recorder(bag, plant_file, "--images", "raw"):
            graph.wait_for("the recorder", is_found)
            time.sleep(_FOUND_BY_BOTH_S)
            send(6)
            time.sleep(_FOUND_BY_BOTH_S)
    kept = open_recording([bag])
    assert isinstance(kept, Bags)
    stamps, expected = kept.cameras[CAMERA].stamps, list(range(6 - of_before, 7))
    assert kept.wanted(Origin.images, CAMERA) == set(expected)
    assert stamps[Origin.images] == expected
    assert stamps[Origin.detections] == stamps[Origin.occupancy] == expected


@pytest.mark.parametrize("is_patient", [True, False])
def test_a_recorder_without_processor_time_misses_nothing_of_a_patient_publisher(
    tmp_path: Path, is_patient: bool
) -> None:
    """The other case shows what the patience is for."""
    plant_file, bag = tmp_path / "plant.yaml", tmp_path / "bag"
    plant_file.write_text(yaml.safe_dump(plant()), "utf-8")
    topic = topics.IMAGE_LOSSLESS
    with listener() as graph:
        plain = graph.publisher(topic, CAMERA)
        images = PatientPublisher(plain, topic.qos.depth) if is_patient else plain
        with recorder(bag, plant_file, "--images", "raw") as process:
            graph.wait_for("the recorder", lambda: images.get_subscription_count() > 0)
            time.sleep(_FOUND_BY_BOTH_S)
            process.send_signal(signal.SIGSTOP)
            wake = threading.Timer(_STANDS_STILL_S, process.send_signal, [signal.SIGCONT])
            wake.start()
            for number in range(1, _PICTURES + 1):
                head = convert.header(CAMERA, number)
                data = bytes(480 * 640 * 3)
                images.publish(
                    Image(header=head, height=480, width=640, step=640 * 3, encoding="bgr8", data=data)
                )
            wake.join()
            graph.wait_for("what was kept", lambda: bool(plain.wait_for_all_acked(Duration(seconds=0))))
            time.sleep(_FOUND_BY_BOTH_S)
    kept = open_recording([bag])
    assert isinstance(kept, Bags)
    stamps = sorted(kept.wanted(Origin.images, CAMERA))
    if is_patient:
        assert stamps == list(range(1, _PICTURES + 1))
    else:
        assert len(stamps) < _PICTURES
