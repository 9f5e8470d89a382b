"""A network camera is recorded as it comes, and every second that is not is explained; real nodes, camera, database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import yaml

from lbzf_ros.ros import topics
from test.support import rtsp
from test.support.ros import Listener, listener, node_process


class Plant:
    """One camera and its data folder."""

    def __init__(self, folder: Path, source: str, **settings_of_camera: object) -> None:
        zones = {"work": {"kind": "work", "polygon_px": [[0, 0], [60, 0], [60, 60]]}}
        camera = {"label": "cam1", "source": source, "offline_after_s": 2, "retry_s": 0.5}
        camera |= settings_of_camera
        module = {
            "code": "ANGELA",
            "cameras": [camera],
            "workstations": [{"code": "PUESTO_01", "camera": "cam1", "zones": zones}],
        }
        settings = {"storage": {"reserve_gb": 0}, "streams": {"stall_s": 2, "open_within_s": 2}}
        self.data, self.file = folder / "data", folder / "plant.yaml"
        self.file.write_text(yaml.safe_dump({"modules": [module], **settings}), "utf-8")
        self.parameters = {"plant": str(self.file), "data": str(self.data)}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if not (self.data / "lbzf.db").exists():
            return []
        with closing(sqlite3.connect(self.data / "lbzf.db")) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'video_gaps'").fetchone():
                return []  # it is being made
            return database.execute(query).fetchall()

    def causes(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT cause FROM video_gaps ORDER BY start_ts")]

    def gaps(self) -> tuple[int, list[dict[str, Any]]]:
        """Exit status of `lbzf video gaps`, and its ledger from the first picture on."""
        command = [sys.executable, "-m", "lbzf_ros.cli", "video", "gaps", "--json"]
        command += ["--data", str(self.data), "--plant", str(self.file)]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        stretches = json.loads(said.stdout)["cameras"]["cam1"]
        while stretches and not stretches[0]["recorded"]:
            del stretches[0]
        return said.returncode, stretches


def played(path: Path) -> int:
    count = 0
    try:
        with av.open(str(path)) as container:
            for _ in container.decode(video=0):
                count += 1
    except av.FFmpegError:
        return count
    return count


def files(plant: Plant) -> int:
    return len(list(plant.data.rglob("*.mp4")))


def newest(data: Path) -> Path | None:
    return max(data.rglob("*.mp4"), default=None, key=lambda path: path.stat().st_mtime_ns)


def wait(ear: Listener, what: str, condition: Callable[[], bool]) -> None:
    ear.wait_for(what, condition, 40)


def test_every_second_is_recorded_or_explained(tmp_path: Path) -> None:
    with rtsp.RtspCamera() as camera, listener() as ear:
        plant = Plant(tmp_path, camera.url)
        driver = {**plant.parameters, "camera": "cam1"}
        log = tmp_path / "log"
        with node_process("persistence", plant.parameters, log):
            wait(ear, "a database", lambda: bool(plant.rows("SELECT 1 FROM cameras")))
            with node_process("camera_driver", driver, log) as process:
                wait(ear, "three seconds on disk", lambda: played(newest(plant.data) or tmp_path) >= 30)
                process.kill()
                process.wait()
            killed = newest(plant.data)
            assert killed is not None
            assert played(killed) >= 30
            assert plant.rows("SELECT path FROM video_segments") == []
            time.sleep(3)  # a gap is more than 2.5 s
            with node_process("camera_driver", driver, log):
                wait(
                    ear,
                    "the killed file has a row",
                    lambda: len(plant.rows("SELECT 1 FROM video_segments")) == 1,
                )
                assert plant.rows("SELECT path, codec FROM video_segments") == [
                    (str(killed.relative_to(plant.data)), "h264")
                ]
                wait(ear, "why nothing was recorded", lambda: plant.causes() == ["restart"])
                wait(
                    ear,
                    "the second file",
                    lambda: played(newest(plant.data) or tmp_path) > 0 and files(plant) == 2,
                )
                camera.switch_off()
                wait(ear, "the camera is missed", lambda: plant.causes() == ["restart", "camera"])
                camera.switch_on()
                wait(ear, "another file", lambda: files(plant) == 3)
                wait(ear, "pictures in it", lambda: played(newest(plant.data) or tmp_path) >= 10)
            wait(ear, "its end", lambda: len(plant.rows("SELECT 1 FROM video_segments")) == 3)
            time.sleep(3)
            status, ledger = plant.gaps()
            assert status == 3
            assert [one["cause"] for one in ledger] == [None, "restart", None, "camera", None, "maintenance"]
            assert all(a["to"] == b["from"] for a, b in pairwise(ledger))
            assert "cannot be opened" in ledger[3]["detail"] or "stopped delivering" in ledger[3]["detail"]
            with node_process("camera_driver", {**driver, "reserve_gb": "9999.0"}, log):
                wait(ear, "the disk is the reason", lambda: plant.causes()[2:] == ["maintenance", "disk"])
            assert files(plant) == 3


def test_what_a_camera_without_h264_sends_is_encoded_once(tmp_path: Path) -> None:
    with rtsp.RtspCamera("jpeg") as camera, listener() as ear:
        plant = Plant(tmp_path, camera.url)
        log = tmp_path / "log"
        with node_process("persistence", plant.parameters, log):
            wait(ear, "a database", lambda: bool(plant.rows("SELECT 1 FROM cameras")))
            with node_process("camera_driver", {**plant.parameters, "camera": "cam1"}, log):
                # Long enough for driver and persistence to have found each other: else the next start enters the file.
                wait(ear, "pictures on disk", lambda: played(newest(plant.data) or tmp_path) >= 60)
            wait(ear, "its row", lambda: bool(plant.rows("SELECT 1 FROM video_segments")))
        (file,) = plant.data.rglob("*.mp4")
        ((path, frames, codec),) = plant.rows("SELECT path, frames, codec FROM video_segments")
        assert (path, codec) == (str(file.relative_to(plant.data)), "h264")
        assert played(file) == frames
        with av.open(str(file)) as container:
            assert container.streams.video[0].codec_context.name == "h264"


def test_of_a_private_camera_its_own_packets_never_reach_the_disk(tmp_path: Path) -> None:
    """They show what nobody may see; its pictures go to the recorder, which changes them (test_recorder_privacy)."""
    with rtsp.RtspCamera() as camera, listener() as ear:
        plant = Plant(tmp_path, camera.url, privacy={"masks_px": [[[0, 0], [60, 0], [60, 60]]]})
        live = ear.listen(topics.IMAGE_LIVE, "cam1")
        with node_process("camera_driver", {**plant.parameters, "camera": "cam1"}, tmp_path / "log"):
            wait(ear, "pictures", lambda: len(ear.heard[live]) >= 30)
        assert [path for path in plant.data.rglob("*") if path.suffix in (".mp4", ".jpg", ".h264")] == []
