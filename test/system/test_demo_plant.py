"""The demo plant: what is measured from its pixels agrees with what the simulator really drew."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lbzf_ros.resources import resource_path
from lbzf_ros.store.timestamps import from_text
from test.support.visits import Span, temporal_iou

SECONDS = 180
NS_PER_S = 1_000_000_000
STATIONS = {"PUESTO_01", "PUESTO_02", "PUESTO_03", "PUESTO_04", "PUESTO_05"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder after three minutes of both cameras, measured offline."""
    folder = tmp_path_factory.mktemp("demo")
    plant = str(resource_path("config", "plant.yaml"))
    command = [sys.executable, "-m", "lbzf_ros.cli", "process", "--plant", plant, "--data", str(folder)]
    # A fixed start: the same pictures, stamps and cycles in every run.
    command += ["--seconds", str(SECONDS), "--start-time", "2026-07-15T07:00:00-05:00"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def measured(data: Path, status: str = "complete") -> list[tuple[str, Span]]:
    query = (
        "SELECT code, start_ts, end_ts FROM cycle_events JOIN workstations ON workstations.id = workstation_id "
        "WHERE status = ?"
    )
    with sqlite3.connect(data / "lbzf.db") as database:
        rows = database.execute(query, (status,)).fetchall()
    return [(code, (from_text(start) / NS_PER_S, from_text(end) / NS_PER_S)) for code, start, end in rows]


def truth(data: Path) -> list[tuple[str, Span]]:
    lines = [
        line for file in (data / "truth").glob("*.jsonl") for line in file.read_text("utf-8").splitlines()
    ]
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [
        (row["workstation"], (row["start_ns"] / NS_PER_S, row["end_ns"] / NS_PER_S))
        for row in rows
        if not row["interrupted"]
    ]


def test_all_five_stations_have_cycles(data: Path) -> None:
    assert {code for code, _ in measured(data)} == STATIONS


def test_what_is_measured_agrees_with_what_was_drawn(data: Path) -> None:
    drawn = truth(data)
    told_until_s = max(end for _, (_, end) in drawn)  # the truth file is written every few seconds
    found = [(code, span) for code, span in measured(data) if span[1] <= told_until_s]
    assert len(drawn) > 25
    hits = sum(
        any(code == own and temporal_iou(span, true) >= 0.5 for own, span in found) for code, true in drawn
    )
    right = sum(
        any(code == own and temporal_iou(span, true) >= 0.5 for own, true in drawn) for code, span in found
    )
    assert hits / len(drawn) >= 0.9, (hits, len(drawn))
    assert right / len(found) >= 0.9, (right, len(found))
