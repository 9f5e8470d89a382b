"""Several cameras and several runs of each, by several workers: what one pass over each gives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, CycleEvent, RoiSet, Segment
from lbzf_ros.remeasure.crew import measure_all
from lbzf_ros.remeasure.day import day_of
from lbzf_ros.remeasure.plan import PAUSE_NS, Order, Run, runs_of
from lbzf_ros.remeasure.recording import Piece
from lbzf_ros.remeasure.worker import Progress, events_of
from lbzf_ros.resources import resource_path
from lbzf_ros.store.event_json import event_to_json
from lbzf_ros.store.plant import roi_sets
from lbzf_ros.video.simulated import SimulatedSource
from lbzf_ros.video.sources import FileSource, Frame
from test.remeasure.days import BEGIN, record

PICTURES = 75
"""Of each run: people come, and the first hands reach into a bin."""


def plant() -> Plant:
    return load_plant(resource_path("config", "plant.yaml"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Segment]]]:
    """Two simulated cameras, each twice, with a pause between."""
    data = tmp_path_factory.mktemp("data")
    found = {}
    for camera in plant().cameras:
        live = camera.model_copy(update={"start_time": BEGIN})
        source = SimulatedSource(plant(), live, data / "truth.jsonl", clock_ns=time.time_ns, live=False)
        frames = list(islice(source.frames(), 2 * PICTURES))
        found[camera.label] = record(data, paused(frames), camera.label)
    return data, found


def paused(frames: list[Frame]) -> Iterator[Frame]:
    """The second half so much later that everything begins anew."""
    for number, frame in enumerate(frames):
        yield frame if number < PICTURES else replace(frame, stamp_ns=frame.stamp_ns + PAUSE_NS)


def one_pass(data: Path, rois: RoiSet, segments: list[Segment], settings: Plant) -> list[list[CycleEvent]]:
    """What each recorded piece gives by itself, read by the reader of `lbzf process`."""
    from lbzf_ros.core.pipeline import CameraPipeline
    from lbzf_ros.detectors.finder import PeopleFinder

    camera = next(camera for camera in settings.cameras if camera.label == rois.camera)
    found = []
    for segment in segments:
        begin = BEGIN.fromtimestamp(segment.start_ns / NS_PER_S, BEGIN.tzinfo)
        file = camera.model_copy(update={"source": str(data / segment.path), "start_time": begin})
        steps = CameraPipeline(lambda: PeopleFinder(settings.detector, rois, settings.drift), rois)
        events = [
            e for frame in FileSource(file).frames() for e in steps.update(frame.image_bgr, frame.stamp_ns)
        ]
        found.append(events + steps.finish())
    return found


def test_workers_give_what_one_pass_gives(
    recorded: tuple[Path, dict[str, list[Segment]]], tmp_path: Path
) -> None:
    data, segments = recorded
    settings, rois = plant(), roi_sets(plant())
    tasks: list[tuple[Order, Run]] = []
    for label, mine in segments.items():
        pieces = [Piece(s.path, s.start_ns, s.end_ns, s.frames) for s in mine]
        runs = runs_of(label, 5.0, pieces, day_of("2026-07-15", settings.time_zone))
        assert len(runs) == 2
        order = Order(data, tmp_path, settings.detector, settings.drift, rois[label])
        tasks += [(order, run) for run in runs]
    last: dict[str, Progress] = {}
    measure_all(tasks, 2, lambda run, progress: last.update({run.name: progress}))
    assert all(progress.is_done and progress.pictures == PICTURES for progress in last.values())
    for label, mine in segments.items():
        expected = one_pass(data, rois[label], mine, settings)
        found = [events_of(order, run) or [] for order, run in tasks if run.camera == label]
        assert [[event_to_json(e) for e in events] for events in found] == [
            [event_to_json(e) for e in events] for events in expected
        ]
        assert sum(map(len, expected)) > 0
