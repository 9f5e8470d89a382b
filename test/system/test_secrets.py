"""A whole plant whose cameras refuse their passwords: nothing that it writes, shows or answers holds one."""

from __future__ import annotations

import json
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Log, ParameterEvent

from lbzf_ros.ros import topics
from test.support.graph import running_graph
from test.support.ros import DOMAIN_ID, listener, node_process
from test.support.rtsp_refusing import RefusingCamera

SECRETS = ("hunter2env", "hunter2file")


def plant_file(folder: Path, address: str) -> Path:
    """Two cameras: one takes its password from the environment, one from a credentials file."""
    secret = folder / "cam2.secret"
    secret.write_text("user=viewer\npassword=hunter2file/@\n", "utf-8")
    secret.chmod(0o600)
    common = {"offline_after_s": 1, "retry_s": 0.5}
    cameras = [
        {"label": "cam1", "source": f"rtsp://viewer:${{CAM1_PASSWORD}}@{address}/live", **common},
        {"label": "cam2", "source": f"rtsp://{address}/live", "credentials_file": secret.name, **common},
    ]
    zones = {"work": {"kind": "work", "polygon_px": [[0, 0], [60, 0], [60, 60]]}}
    stations = [{"code": f"PUESTO_0{number}", "camera": f"cam{number}", "zones": zones} for number in (1, 2)]
    path = folder / "plant.yaml"
    module = {"code": "ANGELA", "cameras": cameras, "workstations": stations}
    path.write_text(yaml.safe_dump({"modules": [module]}), "utf-8")
    return path


def every_answer(url: str) -> str:
    """All that the page and the API answer, by the API's own description."""
    paths = json.loads(fetched(f"{url}/api/v1/openapi.json"))["paths"]
    plain = [path for path, methods in paths.items() if "get" in methods and "{" not in path]
    endless = [path for path in plain if path.endswith("/stream")]
    return "\n".join(fetched(url + path) for path in ["/", *plain] if path not in endless)


def fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read(2_000_000).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:  # its body is an answer too
        return error.read().decode("utf-8", "replace")


def test_no_password_in_anything_that_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM1_PASSWORD", "hunter2env")
    monkeypatch.setenv("ROS_DOMAIN_ID", str(DOMAIN_ID))
    data = tmp_path / "data"
    with RefusingCamera() as camera, listener() as ear:
        diagnostics = ear.listen(topics.DIAGNOSTICS)
        status = [ear.listen(topics.CAMERA_STATUS, label) for label in ("cam1", "cam2")]
        for kind, name in ((Log, "/rosout"), (ParameterEvent, "/parameter_events")):
            ear.node.create_subscription(kind, name, ear.heard[name].append, 100)
        plant = plant_file(tmp_path, camera.address)
        with running_graph(plant, data, "--log-level", "debug") as graph:
            ear.wait_for(
                "both cameras have failed",
                lambda: all(any("cannot be opened" in m.detail for m in ear.heard[name]) for name in status),
                60,
            )
            ear.wait_for("a diagnostic of it", lambda: failing(ear.heard[diagnostics]), 30)
            answers, log = every_answer(graph.url), graph.log()
        heard = str(dict(ear.heard))
    assert "cam2" in answers  # the cameras are among what was asked for
    # First that the search would find something: the passwords did reach the camera.
    assert {"viewer:hunter2env", "viewer:hunter2file/@"} <= set(camera.passwords)
    assert "401" in heard or "Unauthorized" in heard
    with closing(sqlite3.connect(data / "lbzf.db")) as database:
        rows = database.execute("SELECT rtsp_url, credentials_file FROM cameras ORDER BY label").fetchall()
        (data / "backups").mkdir(exist_ok=True)
        with closing(sqlite3.connect(data / "backups" / "copy.db")) as backup:
            database.backup(backup)
    assert [("${CAM1_PASSWORD}" in url, file) for url, file in rows] == [
        (True, None),
        (False, str(tmp_path / "cam2.secret")),
    ]
    files = {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert any(name.endswith("camera_driver_cam1.log") for name in files)
    for secret in SECRETS:
        assert secret not in answers + log + heard
        assert [name for name, content in files.items() if secret.encode() in content] == []


def failing(arrays: list[DiagnosticArray]) -> bool:
    return any("cannot be opened" in status.message for array in arrays for status in array.status)


def test_a_password_on_a_nodes_command_line_is_refused_before_anybody_hears_it(tmp_path: Path) -> None:
    zones = {"work": {"kind": "work", "polygon_px": [[0, 0], [60, 0], [60, 60]]}}
    module = {
        "code": "ANGELA",
        "cameras": [{"label": "cam1", "source": "simulator:seed=1"}],
        "workstations": [{"code": "PUESTO_01", "camera": "cam1", "zones": zones}],
    }
    plant, log = tmp_path / "plant.yaml", tmp_path / "driver.log"
    plant.write_text(yaml.safe_dump({"modules": [module]}), "utf-8")
    parameters = {"plant": str(plant), "data": str(tmp_path), "camera": "cam1"}
    with listener() as ear:
        name = "/parameter_events"
        ear.node.create_subscription(ParameterEvent, name, ear.heard[name].append, 100)
        with node_process(
            "camera_driver", {**parameters, "source": "rtsp://viewer:hunter2@10.0.0.5/sub"}, log
        ) as process:
            ear.wait_for("it ends", lambda: process.poll() is not None, 30)
        assert process.returncode == 2
        assert "hunter2" not in str(ear.heard[name])
    assert "error: parameter source of camera_driver" in log.read_text("utf-8")
    assert "hunter2" not in log.read_text("utf-8")
