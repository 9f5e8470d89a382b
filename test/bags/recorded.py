"""A run of the whole graph on a simulated line, recorded by `lbzf record` as a user starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from lbzf_ros.bags.prepare import finish
from test.support.graph import running_graph
from test.support.ros import DOMAIN_ID

CAMERA = "cam1"
FPS = 5.0
_DRAINS_WITHIN_S = 3.0
_HALTS_S, _WORKS_S = 0.7, 1.5
_STATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "PUESTO_01": (
        "presence",
        {"work": {"kind": "work", "polygon_px": [[18, 262], [132, 262], [138, 472], [12, 472]]}},
    ),
    "PUESTO_02": (
        "trigger",
        {
            "work": {"kind": "work", "polygon_px": [[227, 262], [337, 262], [341, 472], [223, 472]]},
            "bin": {"kind": "trigger", "polygon_px": [[352, 266], [396, 266], [396, 312], [352, 312]]},
        },
    ),
    "PUESTO_03": (
        "pick_drop",
        {
            "work": {"kind": "work", "polygon_px": [[473, 262], [583, 262], [587, 472], [469, 472]]},
            "pick": {"kind": "pick", "polygon_px": [[414, 266], [458, 266], [458, 312], [414, 312]]},
            "drop": {"kind": "drop", "polygon_px": [[594, 266], [636, 266], [636, 312], [594, 312]]},
        },
    ),
}


def plant(**camera: object) -> dict[str, Any]:
    """One simulated camera with a station of each rule, in lock-step: as fast as the machine can."""
    return {
        "time_zone": "America/Bogota",
        "modules": [
            {
                "code": "ANGELA",
                "cameras": [
                    {
                        "label": CAMERA,
                        "source": "simulator:seed=2",
                        "fps": FPS,
                        "pace": "lockstep",
                        "start_time": "2026-07-15T08:00:00-05:00",
                        **camera,
                    }
                ],
                "workstations": [
                    {"code": code, "camera": CAMERA, "sequence_pos": n, "rule": rule, "zones": zones}
                    for n, (code, (rule, zones)) in enumerate(_STATIONS.items(), 1)
                ],
            }
        ],
    }


@dataclass(frozen=True)
class Run:
    """A run that was recorded.

    Attributes:
        data: its data folder.
        bag: what was recorded of it.
        plant_file: what it ran with.
    """

    data: Path
    bag: Path
    plant_file: Path


def command(*words: str | Path) -> list[str]:
    """`lbzf` as a user starts it."""
    return [sys.executable, "-m", "lbzf_ros.cli", *map(str, words)]


@contextmanager
def recorder(bag: Path, plant_file: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`lbzf record` in the tests' domain, told to stop at the end of the block."""
    environment = {**os.environ, "ROS_DOMAIN_ID": str(DOMAIN_ID)}
    words = command("record", "--plant", plant_file, "--out", bag, *options)
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert "Recording into" in process.stderr.readline()
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=60)[1]
            assert process.returncode in (0, -signal.SIGKILL), said


def record_run(
    folder: Path, *, cycles: int, images: str = "raw", halting: bool = False, **camera: object
) -> Run:
    """Run the graph until so many cycles are complete, and record it from its beginning.

    `halting`: the detector stands still for a moment again and again, as on a machine that has too much to do.
    """
    run = Run(folder / "live", folder / "bag", folder / "plant.yaml")
    run.plant_file.write_text(yaml.safe_dump(plant(**camera)), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", str(DOMAIN_ID))
        with (
            recorder(run.bag, run.plant_file, "--images", images),
            running_graph(run.plant_file, run.data) as running,
        ):

            def is_enough() -> bool:
                if halting:
                    _halt()
                return complete(run.data) >= cycles

            running.wait_for("the first cycle", lambda: bool(rows(run.data, "cycle_events")), 240)
            running.wait_for("cycles", is_enough, 240)
            _let_it_drain()
    finish(run.data, {})  # what the next start does: the outbox delivers what was decided last
    return run


def _let_it_drain() -> None:
    """Let everything under way arrive: what a publisher still holds when it ends is heard by some, not by all.

    Without the detector nothing new is decided, and the camera waits for its answer.
    """
    _detector().suspend()
    time.sleep(_DRAINS_WITHIN_S)


def _halt() -> None:
    detector = _detector()
    detector.suspend()
    time.sleep(_HALTS_S)
    detector.resume()
    time.sleep(_WORKS_S)


def _detector() -> psutil.Process:
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # one that has ended meanwhile
            if "lbzf_ros.nodes.detector" in child.cmdline():
                found.append(child)
    assert len(found) == 1
    return found[0]


def complete(data: Path) -> int:
    """How many cycles are complete."""
    return sum(row["status"] == "complete" for row in rows(data, "cycle_events"))


def rows(data: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    with closing(sqlite3.connect(data / "lbzf.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
