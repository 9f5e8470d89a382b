"""The process manager: restarts what dies, stops what should stop, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import yaml

from lbzf_ros.cli import process_manager
from lbzf_ros.cli.process_manager import ProcessManager
from lbzf_ros.core.errors import GraphError
from lbzf_ros.graph import NodeProcess
from lbzf_ros.resources import resource_path
from test.support import standins

STOPS_WITHIN_S = 5.0


def standin(kind: str) -> NodeProcess:
    return NodeProcess(name=kind, module="test.support.standins", executable="", parameters={"kind": kind})


def wait_until(condition: Callable[[], bool], within_s: float = 15.0) -> None:
    until_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.05)


def pids(manager: ProcessManager) -> dict[str, int]:
    return {process.name: process.pid for process in manager.states() if process.pid}


def said(manager: ProcessManager, name: str) -> str:
    file = manager.logs / f"{name}.log"
    return file.read_text("utf-8") if file.exists() else ""


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.fixture(autouse=True)
def _standins_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(resource_path()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "a folder, 100% odd; #1 %(x)s ; 'quoted'"


def test_parameters_arrive_as_they_are(data: Path) -> None:
    node = standin(standins.OBEDIENT)
    with ProcessManager(
        [replace(node, parameters={**node.parameters, "data": str(data)})], data, "info"
    ) as manager:
        wait_until(lambda: "runs" in said(manager, standins.OBEDIENT))
        words = psutil.Process(pids(manager)[standins.OBEDIENT]).cmdline()
    assert yaml.safe_load(words[-1].removeprefix("data:=")) == str(data)


def test_a_killed_process_is_started_again(data: Path) -> None:
    with ProcessManager([standin(standins.OBEDIENT)], data, "info") as manager:
        wait_until(lambda: "runs" in said(manager, standins.OBEDIENT))
        first = pids(manager)[standins.OBEDIENT]
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: pids(manager).get(standins.OBEDIENT, first) != first)


def test_what_ignores_the_request_to_stop_is_killed_in_time(data: Path) -> None:
    kinds = (standins.STUBBORN, standins.OBEDIENT)
    with ProcessManager([standin(kind) for kind in kinds], data, "info") as manager:
        wait_until(lambda: all("runs" in said(manager, kind) for kind in kinds))
        running = [*pids(manager).values(), *(child.pid for child in psutil.Process().children())]
        began_s = time.monotonic()
    assert time.monotonic() - began_s < STOPS_WITHIN_S
    assert all(gone(pid) for pid in running)


def test_pauses_between_restarts_grow(data: Path) -> None:
    def starts_s() -> list[float]:
        lines = (manager.logs / "supervisord.log").read_text("utf-8").splitlines()
        times = [line.split(" ")[1] for line in lines if "spawned: 'short'" in line]
        return [
            int(h) * 3600 + int(m) * 60 + float(s.replace(",", "."))
            for h, m, s in (t.split(":") for t in times)
        ]

    with ProcessManager([standin(standins.SHORT)], data, "info") as manager:
        wait_until(lambda: said(manager, standins.SHORT).count("runs") >= 4)
        first, second, third, fourth = starts_s()[:4]
    assert (fourth - third) % 86400 > (second - first) % 86400


def test_a_folder_that_cannot_be_written_is_said_in_one_line(data: Path) -> None:
    data.mkdir()
    (data / "run").write_text("a file where a folder has to be")
    with pytest.raises(GraphError, match=r"run.*: cannot be written"):
        ProcessManager([standin(standins.OBEDIENT)], data, "info").__enter__()


def test_what_is_given_up_is_started_anew(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no pause becomes longer than the longest, however often the start has failed."""
    monkeypatch.setattr(process_manager, "LONGEST_PAUSE_S", 1)

    def runs_after_given_up() -> bool:
        manager.check()
        log = (manager.logs / "supervisord.log").read_text("utf-8")
        return "spawned" in log.partition("entered FATAL state")[2]

    with ProcessManager([standin(standins.SHORT)], data, "info") as manager:
        wait_until(lambda: "runs" in said(manager, standins.SHORT))
        wait_until(runs_after_given_up)


def test_its_own_violent_end_leaves_no_process_behind(data: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from test.cli.test_process_manager import ProcessManager, standin\n"
        "with ProcessManager([standin('obedient'), standin('stubborn')], Path(sys.argv[1]), 'info'): time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script, str(data)])
    logs = [data / "logs" / f"{kind}.log" for kind in ("obedient", "stubborn")]
    wait_until(lambda: all(log.exists() and "runs" in log.read_text("utf-8") for log in logs))
    family = [child.pid for child in psutil.Process(owner.pid).children(recursive=True)]
    assert len(family) == 3
    owner.kill()
    owner.wait()
    wait_until(lambda: all(gone(pid) for pid in family), within_s=STOPS_WITHIN_S + 2)


def test_the_end_of_supervisor_ends_its_processes_and_is_noticed(data: Path) -> None:
    with ProcessManager([standin(standins.STUBBORN)], data, "info") as manager:
        wait_until(lambda: "runs" in said(manager, standins.STUBBORN))
        node = pids(manager)[standins.STUBBORN]
        supervisor = psutil.Process(node).parent()
        assert supervisor is not None
        supervisor.kill()
        wait_until(lambda: gone(node))
        with pytest.raises(GraphError, match="process manager has ended"):
            manager.check()


def test_who_has_ended_with_a_status_since_the_start(data: Path) -> None:
    processes = [standin(standins.MISCONFIGURED), standin(standins.SHORT)]
    with ProcessManager(processes, data, "info") as manager:
        wait_until(lambda: standins.MISCONFIGURED in manager.exits_with(2))
        assert standins.SHORT not in manager.exits_with(2)
    with ProcessManager([standin(standins.OBEDIENT)], data, "info") as manager:
        wait_until(lambda: bool(pids(manager)))
        assert manager.exits_with(2) == []
