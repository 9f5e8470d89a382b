"""The bridge as a real process: it hears real DDS, reads a real database, serves, and stops at once."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from lbzf_interfaces.msg import CameraStatus, CycleEventAck, PlantInfo

from lbzf_ros.cli.process_manager import STOP_S
from lbzf_ros.core.model import NS_PER_S, Activity, StationState
from lbzf_ros.nodes.base import EXIT_CONFIG
from lbzf_ros.ros import convert, topics
from test.support.ports import free_port
from test.support.ros import DOMAIN_ID, Listener, listener
from test.web.factory import MORNING_NS, Line

STOPS_WITHIN_S = float(STOP_S)  # then it would be killed
START_S = 30.0
VIEW = {"camera": "cam1", "drift": "drifted", "shift_px": "15.2"}


@pytest.fixture
def graph() -> Iterator[Listener]:
    with listener() as node:
        yield node


@pytest.fixture
def port() -> int:
    return free_port()


def start(line: Line, folder: Path, port: int) -> subprocess.Popen[bytes]:
    plant = folder / "plant.yaml"
    plant.write_text(yaml.safe_dump(line.plant.model_dump(mode="json", exclude_none=True)), "utf-8")
    parameters = {"plant": plant, "data": line.data, "host": "127.0.0.1", "port": port}
    words = [word for key, value in parameters.items() for word in ("-p", f"{key}:={value}")]
    with (folder / "bridge.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "web_bridge.bridge_node", "--ros-args", *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN_ID)},
        )


@pytest.fixture
def bridge(line: Line, tmp_path: Path, port: int, graph: Listener) -> Iterator[subprocess.Popen[bytes]]:
    process = start(line, tmp_path, port)
    try:
        graph.wait_for("the bridge listens", lambda: answers(process, port), START_S)
        yield process
    finally:
        process.kill()
        process.wait()


def answers(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, "the bridge has ended"
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v1/live", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def get(port: int, path: str) -> tuple[int, Any]:
    answer = httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5)
    return answer.status_code, answer.json()


def plant_info(*nodes: str) -> PlantInfo:
    return PlantInfo(
        name="LBZF", time_zone="America/Bogota", modules=["ANGELA"], nodes=nodes, software_version="0.1.0"
    )


def test_what_the_graph_says_is_what_the_api_says(
    line: Line, graph: Listener, port: int, bridge: subprocess.Popen[bytes]
) -> None:
    diagnostics = graph.publisher(topics.DIAGNOSTICS)
    status, health = get(port, "/healthz")
    assert (status, health["missing"]) == (503, ["plant_info"])

    graph.publisher(topics.PLANT_INFO).publish(plant_info("web_bridge", "detector"))
    graph.wait_for(
        "only the detector is missing", lambda: get(port, "/healthz")[1]["missing"] == ["detector"]
    )
    assert [s["code"] for s in get(port, "/api/v1/live")[1]["plant"]["stations"]] == [
        "PUESTO_01",
        "PUESTO_02",
    ]

    def healthy() -> bool:
        failing = DiagnosticStatus(level=DiagnosticStatus.ERROR, name="detector: cam1", message="too dark")
        slow = DiagnosticStatus(level=DiagnosticStatus.WARN, name="detector: speed", message="too slow")
        diagnostics.publish(DiagnosticArray(status=[failing, slow]))
        return get(port, "/healthz")[0] == 200

    graph.wait_for("every node is heard", healthy)
    nodes = {node["name"]: node["errors"] for node in get(port, "/healthz")[1]["nodes"]}
    assert nodes == {"web_bridge": {}, "detector": {"cam1": "too dark"}}
    warnings = {node["name"]: node["warnings"] for node in get(port, "/healthz")[1]["nodes"]}
    assert warnings == {"web_bridge": {}, "detector": {"speed": "too slow"}}

    online = CameraStatus(
        camera="cam1", state=CameraStatus.ONLINE, last_frame=convert.time_to_msg(MORNING_NS), fps=5.0
    )
    graph.publisher(topics.CAMERA_STATUS, "cam1").publish(online)
    running = StationState("ANGELA", "PUESTO_01", Activity.IN_CYCLE, True, "u", MORNING_NS - 7 * NS_PER_S)
    graph.publisher(topics.STATION_STATES, "cam1").publish(
        convert.states_to_msg("cam1", MORNING_NS, [running])
    )
    graph.wait_for(
        "the station's cycle runs since 7 s of its own time",
        lambda: (get(port, "/api/v1/live")[1]["states"][0]["running"] or {}).get("elapsed_s") == 7.0,
    )
    graph.wait_for(
        "the camera is on line", lambda: get(port, "/api/v1/live")[1]["cameras"][0]["state"] == "online"
    )

    line.write(line.cycle(1, MORNING_NS, 17.2))
    ack = CycleEventAck(event_uids=["u"], kinds=["END"])
    graph.publisher(topics.CYCLE_EVENTS_ACK).publish(ack)
    graph.wait_for(
        "the committed cycle is shown",
        lambda: [c["duration_s"] for c in get(port, "/api/v1/live")[1]["cycles"][0]["cycles"]] == [17.2],
    )


def test_a_moved_camera_of_which_the_detector_tells(
    line: Line, graph: Listener, port: int, bridge: subprocess.Popen[bytes]
) -> None:
    diagnostics, cameras = graph.publisher(topics.DIAGNOSTICS), graph.publisher(topics.CAMERA_STATUS, "cam1")
    graph.publisher(topics.PLANT_INFO).publish(plant_info("web_bridge", "detector"))
    values = [KeyValue(key=key, value=value) for key, value in VIEW.items()]
    moved = DiagnosticStatus(level=DiagnosticStatus.WARN, name="detector: cam1 drift", values=values)

    def told() -> bool:
        diagnostics.publish(DiagnosticArray(status=[moved]))
        cameras.publish(CameraStatus(camera="cam1", state=CameraStatus.ONLINE, fps=5.0))
        seen = [(camera["view"], camera["shift_px"]) for camera in get(port, "/api/v1/live")[1]["cameras"]]
        return ("drifted", 15.0) in seen

    graph.wait_for("it is told", told)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_it_stops_at_once_though_a_page_is_open(
    port: int, bridge: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    page = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    page.request("GET", "/api/v1/live/stream")
    stream = page.getresponse()
    assert stream.readline() == b"event: snapshot\n"

    began_s = time.monotonic()
    bridge.send_signal(number)
    assert bridge.wait(STOPS_WITHIN_S) == 0
    assert time.monotonic() - began_s < STOPS_WITHIN_S
    page.close()


def test_a_taken_port_is_said_in_one_line(line: Line, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        process = start(line, tmp_path, port)
        assert process.wait(START_S) == EXIT_CONFIG
    log = (tmp_path / "bridge.log").read_text("utf-8")
    assert f"error: web_bridge: cannot listen on 127.0.0.1 port {port}: Address already in use" in log
    assert "Traceback" not in log


def test_the_database_may_come_later(tmp_path: Path, line: Line, graph: Listener, port: int) -> None:
    """Nodes start in any order: without a database the API says so, and the live state is empty, not wrong."""
    line.data = tmp_path / "later"
    process = start(line, tmp_path, port)
    try:
        graph.wait_for("the bridge listens", lambda: answers(process, port), START_S)
        status, problem = get(port, "/api/v1/events")
        assert (status, problem["status"]) == (503, 503)
        assert str(tmp_path) not in json.dumps(problem)
        assert get(port, "/api/v1/live")[1]["plant"]["known"] is False
    finally:
        process.kill()
        process.wait()
