"""`lbzf up`, as a user starts and stops it."""

import fcntl
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil

from lbzf_ros.cli import claims
from test.support.graph import READY_WITHIN_S, answers, running_graph
from test.support.ports import free_port

STOPS_WITHIN_S = 5.0


def up(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lbzf_ros.cli", "up", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def wait_until(condition: Callable[[], bool], within_s: float) -> None:
    until_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.05)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def family(pid: int) -> list[int]:
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def test_a_second_start_on_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    with claims.data_folder(tmp_path):
        done = up("--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"error: {tmp_path}: is in use by another lbzf up (process {os.getpid()}). Stop that one, or choose another "
        "folder with --data."
    )


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = up("--data", str(tmp_path), "--port", str(port))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"127.0.0.1:{port}" in done.stderr


def test_a_wrong_plant_file_is_refused_before_anything_starts(tmp_path: Path) -> None:
    plant = tmp_path / "plant.yaml"
    plant.write_text("modules: []\nfrist: 1\n")
    done = up("--data", str(tmp_path / "data"), "--plant", str(plant))
    assert done.returncode == 1
    assert "plant.yaml: modules" in done.stderr
    assert "plant.yaml: frist" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_node_that_cannot_run_as_configured_ends_it_all(tmp_path: Path) -> None:
    port = free_port()
    done = up("--data", str(tmp_path), "--port", str(port), "--detector", "crystal_ball")
    assert done.returncode == 1
    assert "detector cannot run as it is configured" in done.stderr
    assert "crystal_ball" in done.stdout


def test_it_keeps_the_demo_plant_running_and_stops_it_whole(tmp_path: Path) -> None:
    with running_graph(None, tmp_path / "data") as running:
        # The page may answer a moment before the command has said so.
        running.wait_for("the address is printed", lambda: f"Page  {running.url}" in running.log(), 10)
        running.wait_for("the folder is printed", lambda: f"Data  {running.data}" in running.log(), 10)
        before = family(running.process.pid)
        victim = next(pid for pid in before if "lbzf_ros.nodes.recorder" in psutil.Process(pid).cmdline())
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(family(running.process.pid)) == len(before) and gone(victim), within_s=10)
        everything = family(running.process.pid)
        began_s = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0
        assert time.monotonic() - began_s < STOPS_WITHIN_S
    assert all(gone(pid) for pid in everything)


def test_it_stops_though_nobody_reads_what_it_says(tmp_path: Path) -> None:
    port = free_port()
    ours, its = os.pipe()
    fcntl.fcntl(its, fcntl.F_SETPIPE_SZ, 4096)
    os.write(its, b"x" * 4096)  # full from the beginning
    command = [sys.executable, "-m", "lbzf_ros.cli", "up", "--data", str(tmp_path), "--port", str(port)]
    with subprocess.Popen(command, stdout=its) as process:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), READY_WITHIN_S)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    for end in (ours, its):
        os.close(end)


def test_a_node_that_cannot_start_later_is_tried_again_and_the_others_go_on(tmp_path: Path) -> None:
    with running_graph(None, tmp_path / "data") as running:
        log = running.data / "logs" / "supervisord.log"
        failed = "exited: persistence (exit status 2"
        with closing(sqlite3.connect(running.data / "lbzf.db", isolation_level=None)) as somebody:
            somebody.execute("BEGIN EXCLUSIVE")
            running.kill("persistence")
            running.wait_for("it fails for the second time", lambda: log.read_text().count(failed) > 1, 60)
        running.wait_for("it works again", lambda: answers(f"{running.url}/healthz"), READY_WITHIN_S)


def test_its_violent_end_leaves_no_process_behind(tmp_path: Path) -> None:
    with running_graph(None, tmp_path / "data") as running:
        everything = family(running.process.pid)
        assert len(everything) == 10  # supervisor, seven nodes of which there is one, two cameras
        running.process.kill()
        wait_until(lambda: all(gone(pid) for pid in everything), within_s=STOPS_WITHIN_S + 2)
