"""From a day and a plant file to the second set: what `lbzf remeasure` does, without its words."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import ConfigError, StoreError
from lbzf_ros.core.model import RoiSet
from lbzf_ros.disk import write_whole
from lbzf_ros.remeasure.crew import Task, WorkFailed, measure_all
from lbzf_ros.remeasure.day import LEAD_NS, Day
from lbzf_ros.remeasure.plan import Order, Run, key_of, runs_of
from lbzf_ros.remeasure.recording import pieces_of
from lbzf_ros.remeasure.second_set import FOLDER, open_second_set, write_events
from lbzf_ros.remeasure.worker import Progress, events_of, forget
from lbzf_ros.store.plant import roi_sets

_PLAN, _WORK = "plan.json", "work"
Report = Callable[[Run, Progress], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A second set, made or found.

    Attributes:
        folder: its data folder.
        engine: of its database.
        rois: the zones by camera.
        runs: what is measured.
        tasks: what of it has still to be done.
        notes: of earlier attempts: what is wrong with the recording.
    """

    folder: Path
    engine: Engine
    rois: dict[str, RoiSet]
    runs: tuple[Run, ...]
    tasks: tuple[Task, ...]
    notes: list[str]


@contextlib.contextmanager
def prepared(data: Path, first: Engine, plant: Plant, day: Day, cameras: Sequence[str]) -> Iterator[Prepared]:
    """Find what is to be measured, and make its set, or find the one of an earlier attempt; hold it meanwhile.

    Args:
        data: the data folder with the first set.
        first: `reading_engine` of the first set.
        plant: as it is measured now.
        day: which cycles.
        cameras: labels; empty: all of the plant.

    Raises:
        ConfigError: a camera is not in the plant, or there is nothing recorded.
        StoreError: a database cannot be read or written, or the set is being measured at this moment.
    """
    chosen = [camera for camera in plant.cameras if not cameras or camera.label in cameras]
    if unknown := sorted(set(cameras) - {camera.label for camera in chosen}):
        known = ", ".join(camera.label for camera in plant.cameras)
        raise ConfigError(f"--camera {unknown[0]}: no such camera; the plant file has {known}")
    span = day.from_ns - LEAD_NS, day.to_ns + LEAD_NS
    runs = tuple(
        run
        for camera in chosen
        for run in runs_of(camera.label, camera.fps, pieces_of(first, camera.label, *span), day)
    )
    if not runs:
        raise ConfigError(
            f"{day.date}: no video of {', '.join(camera.label for camera in chosen)} is kept in {data}; "
            "another day, or another folder with --data?"
        )
    hashes = {label: rois.parameter_hash for label, rois in roi_sets(plant).items()}
    folder = data / FOLDER / f"{day.date}_{key_of(day, runs, hashes)[:8]}"
    with _held(folder):
        is_new = not (folder / _PLAN).exists()
        engine, rois = open_second_set(folder, first, plant, is_new=is_new, now_ns=time.time_ns())
        try:
            plan = _plan(folder)
            if is_new:
                _write_plan(folder, plan)
            order = {
                label: Order(data, folder / _WORK, plant.detector, plant.drift, mine)
                for label, mine in rois.items()
            }
            (folder / _WORK).mkdir(exist_ok=True)
            tasks = tuple((order[run.camera], run) for run in runs if run.name not in plan["done"])
            yield Prepared(folder, engine, rois, runs, tasks, plan["notes"])
        finally:
            engine.dispose()


def measure_day(prepared: Prepared, day: Day, cores: int, report: Report) -> None:
    """Measure what is left, and write it into the set; what is written stays when this is interrupted.

    Raises:
        WorkFailed: a run failed again and again.
        StoreError: the set's database refused.
    """
    tasks = {run.name: (order, run) for order, run in prepared.tasks}

    def take(run: Run, progress: Progress) -> None:
        prepared.notes.extend(progress.notes)
        report(run, progress)
        if progress.is_done:
            _finish(prepared, day, tasks[run.name])

    left = []
    for order, run in prepared.tasks:  # measured, but not written when it was interrupted
        if events_of(order, run) is None:
            left.append((order, run))
        else:
            _finish(prepared, day, (order, run))
            report(run, Progress(run.end_ns, 0, 0, is_done=True))
    measure_all(left, cores, take)
    shutil.rmtree(prepared.folder / _WORK, ignore_errors=True)


def _finish(prepared: Prepared, day: Day, task: Task) -> None:
    order, run = task
    events = events_of(order, run)
    if events is None:
        raise WorkFailed(
            f"{run.name}: its events are not where its worker wrote them; start the command again"
        )
    write_events(prepared.engine, [e for e in events if day.from_ns <= e.start_ns < day.to_ns])
    plan = _plan(prepared.folder)
    plan["done"].append(run.name)
    plan["notes"] = list(dict.fromkeys(prepared.notes))
    _write_plan(prepared.folder, plan)
    forget(order, run)


def _plan(folder: Path) -> dict[str, list[str]]:
    try:
        plan: dict[str, list[str]] = json.loads((folder / _PLAN).read_text("utf-8"))
    except FileNotFoundError:
        return {"done": [], "notes": []}
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{folder / _PLAN}: cannot be read ({error}); remove {folder} and begin again"
        ) from None
    return plan


def _write_plan(folder: Path, plan: dict[str, list[str]]) -> None:
    write_whole(folder / _PLAN, json.dumps(plan, indent=1).encode())


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip() or "unknown"
            raise StoreError(
                f"{folder}: is being measured by another lbzf remeasure (process {who}); wait for it"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
