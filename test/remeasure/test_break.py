"""A recording with a long break in it: both sides measured at the same time are what one pass measures.

"One pass" is all of it by one process on one core, one side after the other. What could be carried over a break, and
is not: the detector's background, tracks and their numbers, open cycles, drift's view, slots of a thinned recording.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.remeasure.day import day_of
from lbzf_ros.remeasure.plan import PAUSE_NS, Run, runs_of
from lbzf_ros.remeasure.recording import Piece
from lbzf_ros.video.sources import Frame
from test.remeasure import days
from test.remeasure.test_remeasure import is_gone, started, wait_for_state
from test.support import visits

SECONDS = 30.0
TABLES = ("cycle_events", "cycle_events_rejected")
Figures = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The beginning of the footage, and after a break the same again: somebody is there at both ends of the break."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LBZF_VIDEO", str(visits.VIDEO))
        folder = tmp_path_factory.mktemp("break")
        data = folder / "data"
        segments = days.record(data, days.footage(SECONDS))
        plant = days.plant_file(folder, data / segments[0].path)
        days.lbzf(
            "process", "--plant", plant, "--data", data, "--seconds", 1
        )  # a first set: it does not matter here
        after_ns = PAUSE_NS + round((SECONDS + 1) * NS_PER_S)
        later = (Frame(frame.image_bgr, frame.stamp_ns + after_ns) for frame in days.footage(SECONDS))
        days.enter(data, [*segments, *days.record(data, later)])
        yield data, plant


def copy_of(day: tuple[Path, Path], folder: Path) -> Path:
    data = folder / "data"
    shutil.copytree(day[0], data, ignore=shutil.ignore_patterns("remeasured"))
    return data


def figures(data: Path) -> Figures:
    """Every row of the second set, in the order of its time."""
    second = days.second_set(data)
    return {table: days.rows(second, table) for table in TABLES} | {
        "cycle_explanations": [{uid: packed} for uid, packed in sorted(days.explanations(second).items())]
    }


def checksum(data: Path, key: Path) -> str:
    """Of the paper pack of the second set."""
    words = ("dataset", "--data", days.second_set(data), "--out", data / "pack", "--key", key)
    return days.lbzf(*words).stdout.rsplit("Checksum: ", 1)[1].strip()


@pytest.fixture(scope="module")
def one_pass(
    day: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Figures, dict[str, Any], str, Path]:
    """By one process: rows, what was said, checksum, key of pseudonyms."""
    folder = tmp_path_factory.mktemp("one")
    data = copy_of(day, folder)
    words = ("remeasure", days.DAY, "--data", data, "--plant", day[1], "--workers", 1, "--json")
    said = json.loads(days.lbzf(*words).stdout)
    return figures(data), said, checksum(data, folder / "key"), folder / "key"


@visits.needs_footage
def test_both_sides_are_measured_as_if_the_other_were_not_there(
    one_pass: tuple[Figures, dict[str, Any], str, Path],
) -> None:
    """Same pictures, same beginning: the same cycles, but for their time and what is made of it."""
    rows = one_pass[0]["cycle_events"] + one_pass[0]["cycle_events_rejected"]
    sides: list[list[tuple[Any, ...]]] = [[], []]
    middle = (days.BEGIN + (dt.timedelta(seconds=SECONDS + 60))).strftime("%Y-%m-%dT%H:%M:%S")
    for row in rows:
        sides[row["start_ts"] > middle].append(
            (row["status"], round(row["duration_seconds"] or 0.0, 3), row["quality"])
        )
    assert sides[0]
    assert sides[0] == sides[1]


@visits.needs_footage
@pytest.mark.parametrize("how", ["2 workers", "2 workers, killed and resumed"])
def test_two_workers_measure_what_one_does(
    day: tuple[Path, Path],
    one_pass: tuple[Figures, dict[str, Any], str, Path],
    tmp_path: Path,
    how: str,
) -> None:
    expected, said, pack, key = one_pass
    data = copy_of(day, tmp_path)
    if how != "2 workers":
        running = started(data, day[1], "--workers", "2")
        wait_for_state(data, 2)
        os.kill(running.pid, signal.SIGKILL)
        running.communicate(timeout=60)
        is_gone(running.pid)
        assert len(list(days.second_set(data).rglob("*.state"))) == 2  # it has been stopped in both
    words = ("remeasure", days.DAY, "--data", data, "--plant", day[1], "--workers", 2, "--json")
    again = json.loads(days.lbzf(*words).stdout)
    assert again["stations"] == said["stations"]
    assert figures(data) == expected
    assert checksum(data, key) == pack


@pytest.mark.parametrize(("shorter_ns", "runs"), [(0, 2), (1, 1)])
def test_a_break_is_ten_minutes_without_a_picture(shorter_ns: int, runs: int) -> None:
    first = Piece("a.mp4", days.BEGIN_NS, days.BEGIN_NS + NS_PER_S, 5)
    begin_ns = first.end_ns + PAUSE_NS - shorter_ns
    found: list[Run] = runs_of(
        "cam1", 5.0, [first, Piece("b.mp4", begin_ns, begin_ns + 1, 1)], day_of(days.DAY, "America/Bogota")
    )
    assert len(found) == runs
