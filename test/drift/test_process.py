"""`lbzf process` keeps the view on which zones were drawn, as the recorder does, and compares with it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
import yaml

from lbzf_ros import __version__
from lbzf_ros.config.load import load_plant
from lbzf_ros.core.model import Drift, FrameDetections, RoiSet
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.drift.features import features_to_bytes, find_features
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.video.sources import FileSource
from test.drift.views import hall, knocked, seen, shift

HALL = hall()
FPS, SECONDS, KNOCK_S = 5, 8, 4
ZONES = {"work": {"kind": "work", "polygon_px": [[100, 100], [200, 100], [200, 200]]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording in which the camera is knocked, its plant file, and the data folder of one run."""
    made = tmp_path_factory.mktemp("process")
    video = cv2.VideoWriter(str(made / "hall.avi"), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (640, 480))
    for number in range(FPS * SECONDS):
        view = HALL if number < FPS * KNOCK_S else knocked(HALL, shift(15))
        video.write(seen(view, number))
    video.release()
    camera = {"label": "cam1", "source": "hall.avi", "start_time": "2026-07-15T08:00:00-05:00"}
    station = {"code": "PUESTO_01", "camera": "cam1", "zones": ZONES}
    module = {"code": "ANGELA", "cameras": [camera], "workstations": [station]}
    plant = {"modules": [module], "detector": {"backend": "background"}}
    (made / "plant.yaml").write_text(yaml.safe_dump(plant), "utf-8")
    process(made)
    return made


def process(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "lbzf_ros.cli", "process", "--plant", "plant.yaml", "--data", "data"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
        timeout=120,
        capture_output=True,
    )


def zones(folder: Path) -> RoiSet:
    engine = writing_engine(folder / "data" / DATABASE_NAME)
    plant = load_plant(folder / "plant.yaml")
    found = sync_plant(engine, plant, now_ns=2 * 10**18, software_version=__version__)["cam1"]
    engine.dispose()
    return found


def watched(folder: Path, rois: RoiSet) -> list[FrameDetections]:
    plant = load_plant(folder / "plant.yaml")
    finder = PeopleFinder(plant.detector, rois, plant.drift)
    return [finder(frame.image_bgr, frame.stamp_ns) for frame in FileSource(plant.cameras[0]).frames()]


def test_the_first_picture_is_kept_as_the_reference(folder: Path) -> None:
    rois = zones(folder)
    first = next(iter(FileSource(load_plant(folder / "plant.yaml").cameras[0]).frames()))
    assert [view.features for view in rois.references] == [features_to_bytes(find_features(first.image_bgr))]
    assert rois.references[0].roi_version_ids == rois.identity[1]
    (picture,) = (folder / "data" / "calibration").iterdir()
    assert picture.name.startswith("cam1_")


def test_the_run_that_chose_it_and_the_next_one_say_the_same(folder: Path) -> None:
    rois = zones(folder)
    first, again = watched(folder, replace(rois, references=())), watched(folder, rois)
    assert [found.shifts for found in first] == [found.shifts for found in again]
    states = [found.shifts[0].drift for found in again]
    assert states[: FPS * KNOCK_S] == [Drift.OK] * FPS * KNOCK_S
    assert states[FPS * (KNOCK_S + 2) :] == [Drift.DRIFTED] * FPS * (SECONDS - KNOCK_S - 2)


def test_the_background_goes_with_the_camera(folder: Path) -> None:
    """Right after the knock the whole hall looks different, and nobody is in it: nobody is found, then or later."""
    people = [len(found.boxes) for found in watched(folder, zones(folder))]
    assert len(people) > FPS * (KNOCK_S + 2)
    assert max(people[FPS * KNOCK_S :]) == 0


def test_a_second_run_changes_nothing(folder: Path) -> None:
    before = zones(folder)
    process(folder)
    assert zones(folder).references == before.references
