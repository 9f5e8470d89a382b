"""The same result twice: a run of the graph, recorded, and measured again from every step in every way."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from lbzf_ros.bags.reading import Bags, Origin
from lbzf_ros.bags.recordings import open_recording
from lbzf_ros.cli import claims
from lbzf_ros.cli.replay_steps import Replay, Wanted
from lbzf_ros.core.model import NS_PER_S
from test.bags.recorded import CAMERA, FPS, Run, command, complete, plant, record_run, rows

CYCLES = 2
LIVE_FPS = 10
LIVE_RUNS = 3
LEFT_OUT = {
    "cycle_events": {"id", "created_at", "source_video_path", "clock_kept"},
    "cycle_events_rejected": {"id", "created_at", "source_video_path", "clock_kept"},
    "cycle_explanations": set[str](),
}
"""What cannot be equal: the number of a row and when it was made; the segment of video, because a replay records none;
and whether a time server kept the clock, which only a live run knows. Everything else is compared, of complete,
rejected and aborted cycles, and why they were decided."""


def figures(data: Path) -> dict[str, list[dict[str, Any]]]:
    """Everything that was measured, in an order that does not depend on the database."""
    return {
        table: sorted(
            (
                {name: value for name, value in row.items() if name not in left_out}
                for row in rows(data, table)
            ),
            key=lambda row: str(row["event_uid"]),
        )
        for table, left_out in LEFT_OUT.items()
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return record_run(tmp_path_factory.mktemp("same"), cycles=CYCLES)


@pytest.fixture(scope="module")
def checksum(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    return checksum_of(run.data, tmp_path_factory.mktemp("pack"), run)


def checksum_of(data: Path, folder: Path, run: Run) -> str:
    """The checksum of the paper pack of a data folder, with one key of pseudonyms for all."""
    words = command("dataset", "--data", data, "--out", folder / "pack", "--key", run.data / "dataset.key")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.rsplit("Checksum: ", 1)[1].strip()


def test_the_run_has_something_to_compare(run: Run) -> None:
    measured = figures(run.data)
    assert complete(run.data) >= CYCLES
    assert {row["status"] for row in measured["cycle_events"]} == {"complete", "aborted"}
    assert len(measured["cycle_explanations"]) >= CYCLES


def test_every_picture_that_was_looked_at_is_in_the_bag(run: Run) -> None:
    bags = open_recording([run.bag])
    assert isinstance(bags, Bags)
    sizes = {origin: len(bags.wanted(origin, CAMERA)) for origin in Origin}
    assert len(set(sizes.values())) == 1
    assert sizes[Origin.images] > CYCLES * 10 * FPS


@pytest.mark.parametrize("way", ["--offline", "graph"])
@pytest.mark.parametrize("origin", ["images", "detections", "occupancy"])
def test_a_replay_measures_the_same(run: Run, checksum: str, tmp_path: Path, origin: str, way: str) -> None:
    options = [way] if way == "--offline" else []
    out = tmp_path / "replay"
    words = command("replay", run.bag, "--from", origin, "--out", out, *options)
    environment = {name: value for name, value in os.environ.items() if name != "ROS_DOMAIN_ID"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert figures(out) == figures(run.data)
    assert checksum_of(out, tmp_path, run) == checksum
    if origin == "images":
        # The recorder of the run may have been stopped before the last picture; the replay has them all.
        assert pictures(run.data).items() <= pictures(out).items()
        assert len(pictures(out)) == len(figures(out)["cycle_events"])


def pictures(data: Path) -> dict[str, bytes]:
    """The picture of each cycle's start."""
    return {path.name: path.read_bytes() for path in (data / "frames").rglob("*.jpg")}


@pytest.mark.parametrize("way", ["--offline", "graph"])
def test_a_replay_keeps_of_pictures_what_its_plant_file_allows(run: Run, tmp_path: Path, way: str) -> None:
    mask = [[0, 0], [640, 0], [640, 200], [0, 200]]
    plant_file = tmp_path / "plant.yaml"
    plant_file.write_text(yaml.safe_dump(plant(privacy={"masks_px": [mask]})), "utf-8")
    options = [way] if way == "--offline" else []
    words = command("replay", run.bag, "--plant", plant_file, "--out", tmp_path / "replay", *options)
    environment = {name: value for name, value in os.environ.items() if name != "ROS_DOMAIN_ID"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    found = pictures(tmp_path / "replay")
    assert found
    for content in found.values():
        picture = np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR))
        assert picture[:190].max() < 30  # what JPEG makes of black
        assert picture[210:].mean() > 30


def test_process_measures_the_same(run: Run, tmp_path: Path) -> None:
    bags = open_recording([run.bag])
    pictures = len(list(bags.items(Origin.occupancy, camera=CAMERA)))
    words = command(
        "process", "--plant", run.plant_file, "--data", tmp_path, "--seconds", str(pictures / FPS)
    )
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert figures(tmp_path) == figures(run.data)


@contextmanager
def somebody_else_at_work() -> Iterator[None]:
    """On every core."""
    start = multiprocessing.get_context("spawn").Process
    burners = [start(target=_burn, daemon=True) for _ in range(os.cpu_count() or 1)]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.join()


def _burn() -> None:
    while True:
        pass


def test_ten_replays_on_a_busy_machine_are_ten_times_the_same(run: Run, tmp_path: Path) -> None:
    expected = figures(run.data)
    origins = cycle([Origin.detections, Origin.occupancy])
    with somebody_else_at_work():
        for number, origin in zip(range(10), origins, strict=False):
            out = tmp_path / str(number)
            speed = 20.0 if number == 0 else None
            Replay(Wanted(str(run.bag), origin, speed, out, run.data, None, None)).offline()
            assert figures(out) == expected


def test_nothing_is_written_over_what_was_measured(run: Run) -> None:
    before = figures(run.data)
    words = command("replay", run.bag, "--from", "occupancy", "--offline", "--out", run.data, "--force")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nothing is written over what was measured" in done.stderr
    assert figures(run.data) == before


def test_force_takes_no_folder_away_from_who_plays_into_it(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "replay"
    words = command("replay", run.bag, "--from", "occupancy", "--offline", "--out", out)
    assert subprocess.run(words, check=False).returncode == 0
    with claims.data_folder(out):  # as one does who is playing
        done = subprocess.run([*words, "--force"], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "in use by another" in done.stderr
        assert figures(out) == figures(run.data)
    assert subprocess.run([*words, "--force"], check=False).returncode == 0
    assert figures(out) == figures(run.data)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run at the pace of a camera, which waits for nobody, with a detector that is too busy again and again.

    The recorder of a live camera may miss a picture that was looked at, on a busy machine mostly the first one: that
    bag does not hold the run, which `docs/bags.md` says. Another run is recorded then.
    """
    for _ in range(LIVE_RUNS):
        run = record_run(
            tmp_path_factory.mktemp("live"), cycles=1, halting=True, pace="realtime", fps=LIVE_FPS
        )
        bags = open_recording([run.bag])
        assert isinstance(bags, Bags)
        if len({len(bags.wanted(origin, CAMERA)) for origin in Origin}) == 1:
            return run
    pytest.fail(f"{LIVE_RUNS} bags of live cameras, and each lacks a picture that was looked at")


def test_the_live_run_left_pictures_out(live: Run) -> None:
    bags = open_recording([live.bag])
    assert isinstance(bags, Bags)
    stamps = [item.stamp_ns for item in bags.items(Origin.occupancy, camera=CAMERA)]
    assert len(stamps) > 10 * LIVE_FPS
    assert any(later - earlier > 1.5 * NS_PER_S / LIVE_FPS for earlier, later in pairwise(stamps))


@pytest.mark.parametrize("origin", ["images", "detections", "occupancy"])
def test_a_replay_of_a_live_run_measures_the_same(live: Run, tmp_path: Path, origin: str) -> None:
    words = command("replay", live.bag, "--from", origin, "--out", tmp_path / "replay", "--offline")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert figures(tmp_path / "replay") == figures(live.data)
