"""Nodes and page apart, as compose.yaml runs them: `lbzf up --without web_bridge`, and deploy/bridge beside it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

from lbzf_ros.graph import DEMO_PLANT
from lbzf_ros.resources import resource_path
from test.support.graph import READY_WITHIN_S, answers
from test.support.ports import free_port

_DOMAIN = "93"


def test_the_page_of_its_own_hears_every_node(tmp_path: Path) -> None:
    plant, data, port = tmp_path / "plant.yaml", tmp_path / "data", free_port()
    settings = yaml.safe_load(resource_path("config", DEMO_PLANT).read_text("utf-8")) | {
        "web": {"port": port}
    }
    plant.write_text(yaml.safe_dump(settings), "utf-8")
    bridge = [str(resource_path("deploy", "bridge")), str(plant), str(data), "127.0.0.1"]
    nodes = [sys.executable, "-m", "lbzf_ros.cli", "up", "--without", "web_bridge"]
    nodes += ["--plant", str(plant), "--data", str(data)]
    environment = os.environ | {"ROS_DOMAIN_ID": _DOMAIN}
    running: list[subprocess.Popen[bytes]] = []
    try:
        running += [
            subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
            for command in (nodes, bridge)
        ]
        until_s = time.monotonic() + READY_WITHIN_S
        while not answers(f"http://127.0.0.1:{port}/healthz"):
            assert time.monotonic() < until_s
            assert [process.poll() for process in running] == [None, None]
            time.sleep(0.2)
        health = [str(resource_path("deploy", "healthy")), f"http://127.0.0.1:{port}/healthz"]
        assert subprocess.run(health, check=False, capture_output=True).returncode == 0
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(15)
    assert subprocess.run(health, check=False, capture_output=True).returncode == 1


def test_a_node_that_does_not_exist_cannot_be_left_out(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lbzf_ros.cli", "up", "--data", str(tmp_path), "--without", "bridge"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no such node; there are: persistence, web_bridge" in done.stderr
