"""Cameras that take their passwords and deliver: nothing on the machine but the driver's memory holds one.

Looked at while everything runs: the command line and the environment of every process (what `ps` shows), then logs,
database, video, diagnostics, status and a recorded bag.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import psutil
import pytest
import yaml
from rcl_interfaces.msg import Log

from lbzf_ros.ros import topics
from test.bags.recorded import recorder
from test.support.graph import running_graph
from test.support.ros import DOMAIN_ID, listener
from test.support.rtsp import RtspCamera

IN_ENVIRONMENT, IN_FILE = "hunter2env", "hunter2file"
DECODER = "h264parse ! openh264dec"
"""A decoder in a process of its own: what it is given is looked at too."""
CAMERA = "rtsp_server.py"
"""The cameras themselves know what they ask for."""


def plant_file(folder: Path, one: RtspCamera, two: RtspCamera) -> Path:
    secret = folder / "cam2.secret"
    secret.write_text(f"user=viewer\npassword={IN_FILE}\n", "utf-8")
    secret.chmod(0o600)
    cameras = [
        {"label": "cam1", "source": f"rtsp://viewer:${{CAM1_PASSWORD}}@{one.address}/live"},
        {"label": "cam2", "source": two.url, "credentials_file": secret.name},
    ]
    zones = {"work": {"kind": "work", "polygon_px": [[0, 0], [60, 0], [60, 60]]}}
    stations = [{"code": f"PUESTO_0{number}", "camera": f"cam{number}", "zones": zones} for number in (1, 2)]
    plant = {
        "streams": {"decoder_pipeline": DECODER},
        "modules": [{"code": "ANGELA", "cameras": cameras, "workstations": stations}],
    }
    path = folder / "plant.yaml"
    path.write_text(yaml.safe_dump(plant), "utf-8")
    return path


def processes(name: str) -> Iterator[tuple[int, str, str]]:
    """Number, command line and `name` ("environ") of every process that may be looked at."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            yield (
                int(folder.name),
                words.decode("utf-8", "replace"),
                (folder / name).read_text("utf-8", "replace"),
            )


def decoders(process: int) -> list[psutil.Process]:
    children = psutil.Process(process).children(recursive=True)
    return [child for child in children if child.name().startswith("gst-launch")]


def test_a_password_is_nowhere_while_cameras_deliver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(DOMAIN_ID))
    data, bag = tmp_path / "data", tmp_path / "bag"
    with (
        RtspCamera(login=f"viewer:{IN_ENVIRONMENT}") as one,
        RtspCamera(login=f"viewer:{IN_FILE}") as two,
        listener() as ear,
    ):
        plant = plant_file(tmp_path, one, two)
        monkeypatch.setenv("CAM1_PASSWORD", IN_ENVIRONMENT)
        ear.listen(topics.DIAGNOSTICS)
        pictures = [ear.listen(topics.image(lossless=False), label) for label in ("cam1", "cam2")]
        status = [ear.listen(topics.CAMERA_STATUS, label) for label in ("cam1", "cam2")]
        ear.node.create_subscription(Log, "/rosout", ear.heard["/rosout"].append, 100)
        with recorder(bag, plant), running_graph(plant, data, "--log-level", "debug") as graph:
            ear.wait_for("both deliver", lambda: all(len(ear.heard[name]) > 5 for name in pictures), 90)
            started = psutil.Process().children(recursive=True)
            mine = decoders(graph.process.pid)
            assert len(mine) == 2
            listed = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
            environments = list(processes("environ"))
            log = graph.log()
        heard = {name: messages for name, messages in ear.heard.items() if name not in pictures}
    assert all(heard[name] for name in status)
    for secret in (IN_ENVIRONMENT, IN_FILE):
        assert secret not in listed + log + str(heard)
        assert [words for _, words, _ in environments if secret in words] == []
        files = {
            path: path.read_bytes() for folder in (data, bag) for path in folder.rglob("*") if path.is_file()
        }
        assert len([path for path in files if path.suffix in {".mcap", ".db", ".log", ".mp4"}]) >= 4
        assert [path for path, content in files.items() if secret.encode() in content] == []
    who = [(number, words) for number, words, text in environments if IN_FILE in text and CAMERA not in words]
    assert who == []
    # Whoever was started with it by the user has the other one; a decoder, which is none of these, has not.
    family = {child.pid for child in started}
    having = {
        number for number, words, text in environments if IN_ENVIRONMENT in text and CAMERA not in words
    }
    assert having
    assert having <= family - {child.pid for child in mine}
    with closing(connect(data / "lbzf.db")) as database:
        sources = [row[0] for row in database.execute("SELECT rtsp_url FROM cameras ORDER BY label")]
    assert "${CAM1_PASSWORD}" in sources[0]
