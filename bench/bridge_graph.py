"""The bridge and persistence of the big plant as real processes, before a scripted line; beside them the real demo.

The demo plant's whole graph (two simulated cameras, a detector on the processor) runs in a ROS domain of its own: it
takes the processor time that a graph takes.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.bridge_line import Line
from bench.bridge_plant import Place
from bench.demo import answers, running_demo
from lbzf_ros.cli.claims import ros_domain
from lbzf_ros.environment import node_environment
from lbzf_ros.graph import NodeProcess, node_processes

CORES = 2
WHAT = (
    "persistence and web_bridge of a plant of 4 modules and 84 stations are the product's processes; what the other "
    "nodes say is scripted (bench/bridge_line.py), a cycle at each station every 35 to 174 s"
)
WITH_DEMO = "; the demo plant's whole graph (2 simulated cameras at 5 fps) runs beside it"
_UP_WITHIN_S = 300.0
_STOPS_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Running:
    """What runs."""

    url: str
    bridge: psutil.Process
    line: Line
    place: Place
    log: Path


def say(text: str) -> None:
    """A line of progress with the time of day."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def keep_to_cores() -> None:
    """From now on this process and all that it starts have two cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


@contextmanager
def running_bridge(place: Place, *, demo: bool) -> Iterator[Running]:
    """Start it, wait until it is up, stop it at the end.

    Raises:
        TimeoutError: it was not up in time; the end of its log is in the message.
    """
    os.environ.update(node_environment())
    set_back_ns = time.time_ns() - place.now_ns
    log = place.data / "bench.log"
    log.unlink(missing_ok=True)
    with ExitStack() as stack:
        domain = stack.enter_context(ros_domain(None))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        environment = {"ROS_DOMAIN_ID": str(domain), "LBZF_BENCH_SET_BACK_NS": str(set_back_ns)}
        started = {}
        for process in node_processes(place.plant, place.plant_file, place.data, port=port):
            if process.name in ("persistence", "web_bridge"):
                started[process.name] = stack.enter_context(_started(process, environment, log))
        line = stack.enter_context(Line(place, domain, set_back_ns))
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url, started, log)
        if demo:
            stack.enter_context(running_demo())
        say("all is up")
        yield Running(url, psutil.Process(started["web_bridge"].pid), line, place, log)


@contextmanager
def _started(
    process: NodeProcess, environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    module = "bench.bridge_started" if process.name == "web_bridge" else process.module
    with log.open("ab") as output:
        node = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "TERM",
                "--",
                sys.executable,
                "-m",
                module,
                *process.arguments("warn"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **process.environment, **environment},
        )
    try:
        yield node
    finally:
        node.terminate()
        try:
            node.wait(_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            node.kill()
            node.wait()


def _wait_until_up(url: str, started: dict[str, subprocess.Popen[bytes]], log: Path) -> None:
    until_s = time.monotonic() + _UP_WITHIN_S
    while not answers(f"{url}/healthz"):
        ended = [name for name, process in started.items() if process.poll() is not None]
        if ended or time.monotonic() > until_s:
            words = "\n".join(log.read_text("utf-8", "replace").splitlines()[-25:])
            raise TimeoutError(f"the bridge is not up ({', '.join(ended) or 'all run'}):\n{words}")
        time.sleep(0.2)
