"""The truth file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lbzf_ros.simulator.scene import Scene
from lbzf_ros.simulator.truth import TruthWriter

START_NS = 1_784_120_400_000_000_000


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "truth" / "cam1.jsonl"


def test_finished_cycles_are_written_once_with_their_stamps(demo: dict[str, Scene], path: Path) -> None:
    writer = TruthWriter(path, demo["cam1"], start_ns=START_NS)
    written = sum(writer.write_until(t / 5) for t in range(600))
    cycles = demo["cam1"].true_cycles(119.8)
    assert written == len(rows(path)) == len(cycles) > 5
    first, cycle = rows(path)[0], cycles[0]
    assert first == {
        "module": "ANGELA",
        "camera": "cam1",
        "workstation": cycle.workstation,
        "rule": cycle.rule,
        "start_ns": START_NS + round(cycle.start_s * 1000) * 1_000_000,
        "end_ns": START_NS + round(cycle.end_s * 1000) * 1_000_000,
        "interrupted": False,
    }


@pytest.mark.parametrize("left_over", ["", '{"module": "ANGELA", "end_'], ids=["whole", "half-a-line"])
def test_a_restart_goes_on_where_the_file_ends(demo: dict[str, Scene], path: Path, left_over: str) -> None:
    TruthWriter(path, demo["cam1"], start_ns=START_NS).write_until(100.0)
    with path.open("a", encoding="utf-8") as file:
        file.write(left_over)
    TruthWriter(path, demo["cam1"], start_ns=START_NS).write_until(200.0)
    at_once = path.with_name("at_once.jsonl")
    TruthWriter(at_once, demo["cam1"], start_ns=START_NS).write_until(200.0)
    assert path.read_text("utf-8") == at_once.read_text("utf-8")


def test_cycles_that_began_before_the_camera_looked_are_left_out(demo: dict[str, Scene], path: Path) -> None:
    TruthWriter(path, demo["cam1"], start_ns=START_NS, from_s=300.0).write_until(400.0)
    starts_s = [(row["start_ns"] - START_NS) / 1e9 for row in rows(path)]
    assert len(starts_s) > 5
    assert min(starts_s) >= 300.0
