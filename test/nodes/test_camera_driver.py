"""The camera driver: pictures with their capture time for ever, whatever the camera does."""

import functools
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from lbzf_interfaces.msg import CameraStatus, StationStateArray

from lbzf_ros.ros import convert, topics
from test.support import rtsp
from test.support.ports import free_port
from test.support.ros import DOMAIN_ID, Listener, listener, node_process
from test.support.video import write_video

OFFLINE_AFTER_S = 2.0


def plant_file(folder: Path, *cameras: Mapping[str, object]) -> dict[str, str]:
    """Parameters of a driver for a plant with these cameras."""
    zones = {"work": {"kind": "work", "polygon_px": [[0, 0], [60, 0], [60, 60]]}}
    module = {
        "code": "ANGELA",
        "cameras": [dict(camera) for camera in cameras],
        "workstations": [{"code": "PUESTO_01", "camera": "cam1", "zones": zones}],
    }
    path = folder / "plant.yaml"
    path.write_text(yaml.safe_dump({"modules": [module]}), "utf-8")
    return {"plant": str(path), "data": str(folder / "data")}


def states(ear: Listener, camera: str) -> list[int]:
    return [status.state for status in ear.heard[topics.CAMERA_STATUS.of(camera)]]


def is_on_line(ear: Listener, camera: str) -> bool:
    return CameraStatus.ONLINE in states(ear, camera)


def stamps_of(ear: Listener, images: str) -> set[int]:
    return {convert.time_from_msg(message.header.stamp) for message in ear.heard[images]}


@pytest.fixture
def ear() -> Iterator[Listener]:
    with listener() as listening:
        yield listening


def test_a_camera_that_is_switched_off_is_off_line_and_comes_back(tmp_path: Path, ear: Listener) -> None:
    """Two real RTSP cameras: one is switched off and on again, the other must not notice."""
    with rtsp.RtspCamera() as one, rtsp.RtspCamera() as two:
        cameras = [
            {"label": label, "source": camera.url, "offline_after_s": OFFLINE_AFTER_S, "retry_s": 0.5}
            for label, camera in (("cam1", one), ("cam2", two))
        ]
        parameters = plant_file(tmp_path, *cameras)
        for label in ("cam1", "cam2"):
            ear.listen(topics.CAMERA_STATUS, label)
            ear.listen(topics.image(lossless=False), label)
        log = tmp_path / "driver.log"
        with (
            node_process("camera_driver", {**parameters, "camera": "cam1"}, log),
            node_process("camera_driver", {**parameters, "camera": "cam2"}, log),
        ):
            for label in ("cam1", "cam2"):
                ear.wait_for(f"{label} on line", functools.partial(is_on_line, ear, label))
            before = len(states(ear, "cam2"))
            one.switch_off()
            took_s = ear.wait_for("cam1 off line", lambda: states(ear, "cam1")[-1] == CameraStatus.OFFLINE)
            assert took_s < OFFLINE_AFTER_S + 5
            status = ear.heard[topics.CAMERA_STATUS.of("cam1")][-1]
            assert "cam1" in status.detail
            pictures_of_two = len(ear.heard[topics.IMAGE_LIVE.of("cam2")])
            ear.wait_for(
                "cam2 goes on", lambda: len(ear.heard[topics.IMAGE_LIVE.of("cam2")]) > pictures_of_two + 5
            )
            assert set(states(ear, "cam2")[before:]) == {CameraStatus.ONLINE}
            one.switch_on()
            ear.wait_for("cam1 on line again", lambda: states(ear, "cam1")[-1] == CameraStatus.ONLINE)
    stamps = [convert.time_from_msg(m.header.stamp) for m in ear.heard[topics.IMAGE_LIVE.of("cam1")]]
    assert stamps == sorted(set(stamps))


def test_a_short_interruption_is_taken_back(tmp_path: Path, ear: Listener) -> None:
    """It is over before the camera counts as off line, and nothing may go on saying that it does not deliver."""

    def said() -> list[str]:
        found = (one for message in ear.heard[topics.DIAGNOSTICS.path] for one in message.status)
        return [one.message for one in found if one.name.endswith("cam1 stream")]

    with rtsp.RtspCamera() as one:
        camera = {"label": "cam1", "source": one.url, "offline_after_s": 60, "retry_s": 0.5}
        ear.listen(topics.DIAGNOSTICS)
        ear.listen(topics.CAMERA_STATUS, "cam1")
        with node_process(
            "camera_driver", {**plant_file(tmp_path, camera), "camera": "cam1"}, tmp_path / "log"
        ):
            ear.wait_for("it delivers", lambda: said()[-1:] == ["delivers"])
            one.switch_off()
            ear.wait_for("it does not", lambda: said()[-1] != "delivers")
            one.switch_on()
            ear.wait_for("it delivers again", lambda: said()[-1] == "delivers")
            assert set(states(ear, "cam1")) <= {CameraStatus.ONLINE, CameraStatus.STARTING}


def test_a_camera_that_says_nothing_is_off_line_in_time(tmp_path: Path, ear: Listener) -> None:
    """A real socket that accepts and never answers blocks the read."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/live"
        camera = {"label": "cam1", "source": source, "offline_after_s": OFFLINE_AFTER_S, "retry_s": 0.5}
        ear.listen(topics.CAMERA_STATUS, "cam1")
        with node_process(
            "camera_driver", {**plant_file(tmp_path, camera), "camera": "cam1"}, tmp_path / "log"
        ):
            ear.wait_for("a status", lambda: bool(states(ear, "cam1")))
            took_s = ear.wait_for("off line", lambda: states(ear, "cam1")[-1] == CameraStatus.OFFLINE)
            assert took_s < OFFLINE_AFTER_S + 5
            ear.wait_for(
                "it is tried again", lambda: ear.heard[topics.CAMERA_STATUS.of("cam1")][-1].retries >= 2
            )


def test_a_recording_waits_for_the_graph_and_loses_nothing(tmp_path: Path, ear: Listener) -> None:
    video = write_video(tmp_path / "a.mp4", seconds=4)
    camera = {"label": "cam1", "source": str(video), "pace": "lockstep", "start_time": "2025-07-15T12:00:00Z"}
    images = ear.listen(topics.IMAGE_LOSSLESS, "cam1")
    ear.listen(topics.CAMERA_STATUS, "cam1")
    answers = ear.publisher(topics.STATION_STATES, "cam1")
    with node_process("camera_driver", {**plant_file(tmp_path, camera), "camera": "cam1"}, tmp_path / "log"):
        ear.wait_for("a picture is lost, and comes again", lambda: len(ear.heard[images]) >= 3)
        assert len(stamps_of(ear, images)) == 1  # no other one until it is answered
        for number in range(20):
            ear.wait_for("another picture", lambda: len(stamps_of(ear, images)) > number)  # noqa: B023
            answers.publish(StationStateArray(header=ear.heard[images][-1].header))
        ear.wait_for("the end", lambda: CameraStatus.ENDED in states(ear, "cam1"))
    stamps = sorted(stamps_of(ear, images))
    assert len(stamps) == 20
    assert {b - a for a, b in pairwise(stamps)} == {200_000_000}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("camera_driver.open_source", "the thread that reads it has ended"),
        ("camera_driver.VideoAnnouncer.begin", "the thread that records it has ended"),
    ],
)
def test_a_thread_that_ends_unexpectedly_ends_the_node(tmp_path: Path, broken: str, said: str) -> None:
    """Its process manager starts it again; else its camera would be off line for as long as the process lives."""
    program = (
        "from unittest import mock\n"
        "from lbzf_ros.nodes import camera_driver\n"
        f"with mock.patch('lbzf_ros.nodes.{broken}', side_effect=LookupError('nobody thought of it')):\n"
        "    camera_driver.main()\n"
    )
    camera = {"label": "cam1", "source": f"rtsp://127.0.0.1:{free_port()}/live"}
    parameters = {**plant_file(tmp_path, camera), "camera": "cam1"}
    words = [word for key, value in parameters.items() for word in ("-p", f"{key}:={value}")]
    ended = subprocess.run(
        [sys.executable, "-c", program, "--ros-args", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN_ID)},
    )
    assert ended.returncode == 1  # 2 would say that it is of no use to start it again
    assert f"cam1: {said}: LookupError('nobody thought of it')" in ended.stderr
    assert ended.stderr.count("Traceback") == 2  # of the error, and of the node that ends with it


def test_a_wrong_camera_is_one_clear_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    camera = {"label": "cam1", "source": "a.mp4"}
    with node_process("camera_driver", {**plant_file(tmp_path, camera), "camera": "cam7"}, log) as process:
        assert process.wait(20) == 2
    assert "error: camera_driver: parameter 'camera' is 'cam7'; the plant file has cam1" in log.read_text(
        "utf-8"
    )
