"""Real people at a real table: six visits, six cycles, offline and through the whole graph."""

import datetime as dt
import json
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import RoiSet
from lbzf_ros.store.engine import writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from test.support import visits
from test.support.graph import RunningGraph, running_graph

pytestmark = visits.needs_footage


@pytest.fixture(autouse=True)
def _video(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBZF_VIDEO", str(visits.VIDEO))


@pytest.mark.parametrize("variant", visits.VARIANTS, ids=lambda variant: variant.name)
def test_the_same_settings_find_the_six_visits_in_every_variant(
    tmp_path: Path, variant: visits.Variant
) -> None:
    def rois(plant: Plant) -> RoiSet:
        database = tmp_path / "lbzf.db"
        migrate(database, now_ns=0)
        return sync_plant(writing_engine(database), plant, now_ns=0, software_version="test")["cam1"]

    found, _ = visits.measure(variant, tmp_path, rois)
    visits.assert_agrees(found)


def rows(data: Path, table: str = "cycle_events") -> list[dict[str, Any]]:
    with sqlite3.connect(data / "lbzf.db") as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY start_ts")]


def figures(data: Path) -> list[dict[str, Any]]:
    """What the same recording must give whichever way it is measured.

    Left out: row id and created_at (when the row was written), and source_video_path (offline nothing is recorded,
    the recording is already there).
    """
    left_out = {"id", "created_at", "source_video_path"}
    return [{key: value for key, value in row.items() if key not in left_out} for row in rows(data)]


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of one `lbzf process` run, as a user starts it."""
    data = tmp_path_factory.mktemp("offline")
    command = [
        sys.executable,
        "-m",
        "lbzf_ros.cli",
        "process",
        "--plant",
        str(visits.PLANT_FILE),
        "--data",
        str(data),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LBZF_VIDEO", str(visits.VIDEO))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return data


def seconds_of(data: Path) -> list[visits.Span]:
    """The complete cycles, seconds after the first picture."""
    start_s = visits.VIDEO.stat().st_mtime_ns // 1_000_000 / 1000
    complete = [row for row in rows(data) if row["status"] == "complete"]
    return [(epoch_s(row["start_ts"]) - start_s, epoch_s(row["end_ts"]) - start_s) for row in complete]


def epoch_s(text: str) -> float:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_process_finds_the_six_visits(offline: Path) -> None:
    visits.assert_agrees(seconds_of(offline))


def test_process_keeps_the_picture_of_each_start(offline: Path) -> None:
    paths = [offline / row["source_frame_path"] for row in rows(offline)]
    assert len(paths) >= 6
    assert all(path.read_bytes()[:2] == b"\xff\xd8" for path in paths)


def play(folder: Path, meanwhile: Callable[[RunningGraph], None]) -> Path:
    """Play the footage through the whole graph (real nodes, real DDS) in lock-step; give the data folder."""
    plant = yaml.safe_load(visits.PLANT_FILE.read_text("utf-8"))
    plant["modules"][0]["cameras"][0]["pace"] = "lockstep"
    (folder / "plant.yaml").write_text(yaml.safe_dump(plant), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LBZF_VIDEO", str(visits.VIDEO))
        with running_graph(folder / "plant.yaml", folder / "data") as running:
            meanwhile(running)
            running.wait_for("the footage has been played", lambda: camera_state(running.url) == "ended", 240)
            running.wait_until_written()
    return folder / "data"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder after an undisturbed run."""
    return play(tmp_path_factory.mktemp("graph"), lambda running: None)


def camera_state(url: str) -> str:
    try:
        with urllib.request.urlopen(f"{url}/api/v1/live", timeout=5) as response:
            cameras = json.load(response)["cameras"]
    except OSError:  # the bridge may be restarting
        return "unknown"
    return str(cameras[0]["state"]) if cameras else "unknown"


def test_the_graph_finds_the_six_visits(graph: Path) -> None:
    visits.assert_agrees(seconds_of(graph))


def test_the_graph_and_process_give_the_same_rows(graph: Path, offline: Path) -> None:
    assert figures(graph) == figures(offline)
    assert len(rows(graph, "cycle_events_rejected")) == len(rows(offline, "cycle_events_rejected"))


def test_the_graph_records_pictures_and_video(graph: Path) -> None:
    events = rows(graph)
    assert all((graph / row["source_frame_path"]).stat().st_size > 1000 for row in events)
    assert all((graph / row["source_video_path"]).exists() for row in events)


KILLED = ("cycle_tracker", "persistence", "roi_associator", "recorder", "camera_driver", "web_bridge")
"""Nodes whose work on a cycle does not depend on the pictures before."""


def test_killed_nodes_change_no_cycle(tmp_path: Path, offline: Path) -> None:
    """Each of them is killed with SIGKILL while the footage plays; the process manager starts it again."""

    def kill_one_after_the_other(running: RunningGraph) -> None:
        for number, name in enumerate(KILLED, 1):
            running.wait_for(f"cycle {number}", lambda number=number: len(rows(running.data)) >= number, 120)  # type: ignore[misc]
            running.kill(name)

    data = play(tmp_path, kill_one_after_the_other)
    without_pictures = [{**row, "source_frame_path": None} for row in figures(data)]
    assert without_pictures == [{**row, "source_frame_path": None} for row in figures(offline)]
