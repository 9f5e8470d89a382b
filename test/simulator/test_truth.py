"""The truth file."""

from __future__ import annotations

import json
import resource
import signal
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


def test_a_full_disk_ends_nothing_and_what_it_refused_is_written_later(
    demo: dict[str, Scene], path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = TruthWriter(path, demo["cam1"], start_ns=START_NS)
    assert writer.write_until(60.0) > 0
    whole = path.rename(path.with_name("whole.jsonl"))
    path.symlink_to("/dev/full")
    assert [writer.write_until(t) for t in (120.0, 180.0, 240.0)] == [0, 0, 0]
    assert caplog.text.count("cannot be written, true cycles wait: No space left on device") == 1
    whole.replace(path)
    writer.write_until(300.0)
    assert "is written again; 0 true cycles are lost" in caplog.text
    assert len(rows(path)) == len(demo["cam1"].true_cycles(300.0))


def test_what_a_disk_takes_only_in_part_is_taken_back(demo: dict[str, Scene], path: Path) -> None:
    """A limit on the size of a file stands for a disk with a few bytes left."""
    writer = TruthWriter(path, demo["cam1"], start_ns=START_NS)
    writer.write_until(60.0)
    before = path.read_bytes()
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
    try:
        assert writer.write_until(120.0) == 0
        assert path.read_bytes() == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    writer.write_until(180.0)
    assert len(rows(path)) == len(demo["cam1"].true_cycles(180.0))


def test_a_folder_that_cannot_be_made_ends_nothing_and_of_too_many_the_oldest_are_lost(
    demo: dict[str, Scene], path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.write_text("in its way", "utf-8")
    writer = TruthWriter(path, demo["cam1"], start_ns=START_NS)
    hours = 6
    assert writer.write_until(hours * 3600.0) == 0
    path.parent.unlink()
    assert writer.write_until(hours * 3600.0) == 1000
    cycles = demo["cam1"].true_cycles(hours * 3600.0)
    assert f"is written again; {len(cycles) - 1000} true cycles are lost" in caplog.text
    assert rows(path)[0]["start_ns"] == START_NS + round(cycles[-1000].start_s * 1000) * 1_000_000


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
