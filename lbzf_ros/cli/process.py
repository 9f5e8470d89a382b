"""`lbzf process`: measure recordings without ROS."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from lbzf_ros import __version__
from lbzf_ros.config.load import load_plant, starting_at
from lbzf_ros.config.schema import START_TIME_HELP, Camera, Plant
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, FrameDetections, RoiSet

if TYPE_CHECKING:
    from sqlalchemy import Engine


def process(
    plant: Path = typer.Option(
        ..., "--plant", help="Plant file (YAML) whose cameras are files or the simulator."
    ),
    data: Path = typer.Option(
        ..., "--data", help="Folder that gets the database DIR/lbzf.db and the pictures."
    ),
    camera: list[str] = typer.Option(
        [], "--camera", help="Only this camera (cam1); may be given several times."
    ),
    start_time: str | None = typer.Option(
        None, "--start-time", help=START_TIME_HELP, show_default="the plant file's start_time"
    ),
    seconds: float | None = typer.Option(
        None, "--seconds", min=0.1, help="Stop after so many seconds of recording; the simulator needs it."
    ),
    mot: Path | None = typer.Option(
        None,
        "--mot",
        help="Folder that also gets the people and their tracks as MOT files, for scoring tools.",
    ),
) -> None:
    """Measure recordings offline: the steps of the running system, without ROS, as fast as the machine can.

    The same recording gives the same cycles as the running system does, to the millisecond. A run that was
    interrupted can be started again: what is already in the database stays as it is.
    """
    # Imported here: `lbzf up` needs neither OpenCV nor SQLAlchemy, and would start half a second later with them.
    from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
    from lbzf_ros.store.migrate import migrate
    from lbzf_ros.store.plant import sync_plant

    settings = load_plant(plant)
    chosen = [starting_at(camera, start_time) for camera in _choose(settings, camera, seconds)]
    now_ns = time.time_ns()
    migrate(data / DATABASE_NAME, now_ns=now_ns)
    engine = writing_engine(data / DATABASE_NAME)
    rois = sync_plant(engine, settings, now_ns=now_ns, software_version=__version__)
    console = Console()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        results = [_run(settings, c, rois[c.label], engine, data, seconds, mot, progress) for c in chosen]
    console.print(_table(results))
    console.print(f"Data: {data / DATABASE_NAME}")


@dataclass(frozen=True, slots=True)
class _Result:
    camera: str
    recorded_s: float
    took_s: float
    events: list[CycleEvent]


def _choose(plant: Plant, wanted: list[str], seconds: float | None) -> list[Camera]:
    from lbzf_ros.video.sources import SIMULATOR_SCHEME

    known = [camera.label for camera in plant.cameras]
    if unknown := [label for label in wanted if label not in known]:
        raise ConfigError(f"--camera {unknown[0]}: no such camera; the plant file has {', '.join(known)}")
    chosen = [camera for camera in plant.cameras if not wanted or camera.label in wanted]
    for camera in chosen:
        if "://" in camera.source:
            raise ConfigError(
                f"{camera.label}: {camera.source} is a live camera; process needs files (or use lbzf up)"
            )
        if camera.source.startswith(SIMULATOR_SCHEME) and seconds is None:
            raise ConfigError(f"{camera.label}: the simulator never ends; say how long with --seconds")
    return chosen


def _run(
    plant: Plant,
    camera: Camera,
    rois: RoiSet,
    engine: Engine,
    data: Path,
    seconds: float | None,
    mot: Path | None,
    progress: Progress,
) -> _Result:
    from lbzf_ros.detectors.mot import write_run
    from lbzf_ros.detectors.people_hog import use_threads
    from lbzf_ros.offline import process_camera
    from lbzf_ros.store.writer import EventWriter
    from lbzf_ros.store.zones import set_reference
    from lbzf_ros.video.ahead import Ahead
    from lbzf_ros.video.sources import SIMULATOR_SCHEME, open_source

    writer = EventWriter(engine)
    once = camera.model_copy(update={"at_end": "stop"})
    source = open_source(plant, once, data, clock_ns=time.time_ns, live=False)
    cores = len(os.sched_getaffinity(0))  # one camera after the other: each has them all
    use_threads(cores)
    if cores > 1 and not camera.source.startswith(
        SIMULATOR_SCHEME
    ):  # a drawing thread would only be in the way
        source = Ahead(source)
    length_s = source.length_s if seconds is None else min(seconds, source.length_s or seconds)
    task = progress.add_task(camera.label, total=length_s, note="")
    began_s, first_ns, last_ns = time.monotonic(), 0, 0
    events: list[CycleEvent] = []
    people: list[FrameDetections] = []
    on_people = people.append if mot else None
    for step in process_camera(plant, once, source, rois, data, until_s=seconds, on_people=on_people):
        first_ns, last_ns = first_ns or step.stamp_ns, step.stamp_ns
        if step.reference is not None:
            view = step.reference.view
            set_reference(engine, view.roi_version_ids, step.reference.path, view.features)
        if step.events:
            for event, error in writer.write(step.events):
                raise error.__class__(f"event {event.event_uid}: {error}")
            events += step.events
        done_s = (last_ns - first_ns) / NS_PER_S
        speed = done_s / max(1e-6, time.monotonic() - began_s)
        progress.update(
            task, completed=done_s, note=f"{done_s:.0f} s, {speed:.1f} x real time, {_ends(events)} cycles"
        )
    if mot and people:
        write_run(mot, camera.label, people, camera.fps)
    return _Result(camera.label, (last_ns - first_ns) / NS_PER_S, time.monotonic() - began_s, events)


def _ends(events: list[CycleEvent]) -> int:
    return sum(event.kind is EventKind.END for event in events)


def _table(results: list[_Result]) -> Table:
    table = Table(title="Cycles")
    for name in ("camera", "station", "complete", "rejected", "open at the end", "median s"):
        table.add_column(name, justify="left" if name in ("camera", "station") else "right")
    for result in results:
        stations = sorted({(event.module, event.workstation) for event in result.events})
        for station in stations:
            own = [event for event in result.events if (event.module, event.workstation) == station]
            durations = sorted(event.duration_s for event in own if event.kind is EventKind.END)
            median = f"{durations[len(durations) // 2]:.1f}" if durations else "–"
            counts = [
                sum(e.kind is kind for e in own)
                for kind in (EventKind.END, EventKind.REJECT, EventKind.ABORT)
            ]
            table.add_row(result.camera, "/".join(station), *map(str, counts), median)
        if not stations:
            table.add_row(result.camera, "no cycle", "0", "0", "0", "–")
    table.caption = "\n".join(_speed(result) for result in results)
    return table


def _speed(result: _Result) -> str:
    times = result.recorded_s / max(1e-6, result.took_s)
    return f"{result.camera}: {result.recorded_s:.0f} s in {result.took_s:.0f} s, {times:.1f} times real time"
