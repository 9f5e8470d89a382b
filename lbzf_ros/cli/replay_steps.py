"""What `lbzf replay` does: finds the recording, prepares a folder, plays, writes the rest, says what came out."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lbzf_ros import graph
from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.offline import replay_offline
from lbzf_ros.bags.plant import for_replay, plant_in_bag
from lbzf_ros.bags.playing import Playing, player, processes
from lbzf_ros.bags.prepare import MARKER, Prepared, check_free, finish, prepare
from lbzf_ros.bags.reading import Bags, Origin
from lbzf_ros.bags.recordings import Recording, find, open_recording
from lbzf_ros.cli import claims
from lbzf_ros.cli.plant_file import plant_of, remember_plant
from lbzf_ros.cli.process_manager import ProcessManager
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import GraphError
from lbzf_ros.core.model import NS_PER_S, RoiSet
from lbzf_ros.environment import node_environment
from lbzf_ros.stop_signals import StopSignals

_TICK_S = 0.1
_CHECK_EVERY_TICKS = 10
_EXIT_CONFIG = 2
_EXIT_INTERRUPTED = 130
_FOLDER = "replays"


@dataclass(frozen=True)
class Wanted:
    """What the command line says; see there."""

    what: str
    origin: Origin
    speed: float | None
    out: Path | None
    data: Path
    plant: Path | None
    detector: str | None
    force: bool = False
    page: bool = False
    port: int | None = None


class Replay:
    """One replay."""

    def __init__(self, wanted: Wanted) -> None:
        """Nothing is done yet."""
        self._wanted = wanted
        self._console = Console(stderr=True)

    @cached_property
    def paths(self) -> list[Path]:
        """Where the recording lies."""
        data = self._wanted.data
        return find(self._wanted.what, data, self._day_plant().time_zone)

    @cached_property
    def recording(self) -> Recording:
        """The recording."""
        fps = {camera.label: camera.fps for camera in self._plant.cameras}
        return open_recording(self.paths, fps)

    @cached_property
    def folder(self) -> Path:
        """The data folder of the replay."""
        name = f"{self.paths[0].resolve().stem}_{self._wanted.origin.value}"
        return (self._wanted.out or self._wanted.data / _FOLDER / name).resolve()

    def offline(self) -> None:
        """Measure without ROS.

        Raises:
            LbzfError: it cannot be done.
        """
        began_s = time.monotonic()
        first: dict[str, int] = {}
        with self._held_folder(), self._progress() as show:
            prepared = self._prepare()

            def on_picture(camera: str, stamp_ns: int) -> None:
                show(camera, (stamp_ns - first.setdefault(camera, stamp_ns)) / NS_PER_S)

            try:
                replay_offline(
                    prepared,
                    self._wanted.origin,
                    lambda label: self.recording.items(self._wanted.origin, camera=label),
                    known_views=[label for label, rois in self._references().items() if rois.references],
                    speed=self._wanted.speed,
                    progress=on_picture,
                )
            except KeyboardInterrupt:
                raise typer.Exit(_EXIT_INTERRUPTED) from None
            finish(prepared.folder, self._references())
        self._report(prepared, time.monotonic() - began_s)

    def through_the_graph(self) -> None:
        """Play to nodes.

        Raises:
            LbzfError: it cannot be done, or a node cannot run as it is configured.
        """
        began_s = time.monotonic()
        stop = StopSignals()
        with self._held_folder(), claims.ros_domain(os.environ.get("ROS_DOMAIN_ID")) as domain:
            prepared = self._prepare()
            os.environ["ROS_DOMAIN_ID"] = str(domain)
            self._play(prepared, stop)
            # When all have ended: what the tracker has decided last may have found nobody to write it.
            finish(prepared.folder, self._references())
        if stop.is_set():
            raise typer.Exit(_EXIT_INTERRUPTED)
        self._report(prepared, time.monotonic() - began_s)

    def as_json(self) -> str:
        """What the launch file starts, after the folder has been prepared."""
        wanted, prepared = self._wanted, self._prepare()
        nodes = processes(prepared, wanted.origin, page=wanted.page, port=wanted.port)
        nodes.append(player(prepared, wanted.origin, self.paths, wanted.speed))
        changed = {name: value for name, value in node_environment().items() if os.environ.get(name) != value}
        rows = [
            {
                "name": node.name,
                "executable": node.executable,
                "parameters": node.parameters,
                "environment": node.environment,
            }
            for node in nodes
        ]
        return json.dumps(
            {
                "environment": changed,
                "nodes": rows,
                "namespace": graph.NAMESPACE,
                "data": str(prepared.folder),
            }
        )

    def finish(self) -> None:
        """Write what the nodes of a replay have left."""
        if not (self.folder / MARKER).is_file():
            raise BagError(f"{self.folder}: holds no replay")
        finish(self.folder, self._references())

    # ---- the parts

    def _day_plant(self) -> Plant:
        return plant_of(self._wanted.data, self._wanted.plant)[1]

    @cached_property
    def _plant(self) -> Plant:
        wanted = self._wanted
        if wanted.plant is not None:
            return for_replay(load_plant(wanted.plant), where=str(wanted.plant), detector=wanted.detector)
        recorded = plant_in_bag(self.paths[0])
        if recorded is not None:
            return for_replay(recorded, where=f"plant in {self.paths[0]}", detector=wanted.detector)
        file, plant = plant_of(wanted.data, None)
        return for_replay(plant, where=str(file), detector=wanted.detector)

    def _zones(self) -> dict[str, RoiSet]:
        if not isinstance(self.recording, Bags):
            return {}
        return {label: heard.zones for label, heard in self.recording.cameras.items() if heard.zones}

    def _references(self) -> dict[str, RoiSet]:
        if not isinstance(self.recording, Bags):
            return {}
        return {
            label: heard.references for label, heard in self.recording.cameras.items() if heard.references
        }

    @contextmanager
    def _held_folder(self) -> Iterator[None]:
        """Nobody else plays into it, and --force does not take it away from somebody who does."""
        check_free(self.folder, replace=self._wanted.force)
        with claims.data_folder(self.folder, option="--out"):
            yield

    def _prepare(self) -> Prepared:
        wanted, recording = self._wanted, self.recording
        if isinstance(recording, Bags):
            self._check(recording)
        elif wanted.origin is not Origin.images:
            raise BagError(
                f"--from {wanted.origin.value}: segments of video hold pictures only; use --from images"
            )
        prepared = prepare(
            self.folder,
            self._plant,
            self._zones(),
            played={"recording": ", ".join(map(str, self.paths)), "from": wanted.origin.value},
            other_parameters=wanted.plant is not None or wanted.detector is not None,
            replace=wanted.force,
        )
        remember_plant(prepared.folder, prepared.plant_file)
        return prepared

    def _check(self, bags: Bags) -> None:
        origin = self._wanted.origin
        counts = {label: len(bags.wanted(origin, label)) for label in bags.cameras}
        if not any(counts.values()):
            there = [kind.value for kind in Origin if any(bags.wanted(kind, label) for label in counts)]
            raise BagError(
                f"{self.paths[0]}: holds no {origin.value}; it can be played --from {' or '.join(there) or 'nothing'}"
            )
        for label, heard in bags.cameras.items():
            if heard.other_zones_ns is not None and self._wanted.plant is None:
                raise BagError(
                    f"{label}: its zones or rules were changed while it was recorded; name the plant file to measure "
                    "with, with --plant"
                )
            if origin is Origin.images and (missing := bags.missing_pictures(label)):
                self._note(
                    f"{label}: {missing} pictures that were looked at are not in the bag: cycles may differ"
                )
            if origin is Origin.images and bags.has_lossy_pictures(label):
                self._note(
                    f"{label}: pictures were recorded as jpeg: cycles may differ a little; png and raw do not"
                )

    def _play(self, prepared: Prepared, stop: StopSignals) -> None:
        wanted, level = self._wanted, graph.LOG_LEVEL
        nodes = processes(prepared, wanted.origin, page=wanted.page, port=wanted.port)
        process = player(prepared, wanted.origin, self.paths, wanted.speed)
        first_ns: list[int] = []
        with self._progress() as show:

            def on_progress(stamp_ns: int, pictures: int) -> None:
                if stamp_ns:
                    first_ns[:] = first_ns or [stamp_ns]
                    show(f"{pictures} pictures", (stamp_ns - first_ns[0]) / NS_PER_S)

            with (
                ProcessManager(nodes, prepared.folder, level) as manager,
                Playing(process, manager.logs / "player.log", level, on_progress) as playing,
            ):
                ticks = 0
                while not stop.wait(_TICK_S) and not playing.is_over:
                    ticks += 1
                    manager.check()
                    if ticks % _CHECK_EVERY_TICKS == 0:
                        _check_configuration(manager)

    @contextmanager
    def _progress(self) -> Iterator[Callable[[str, float], None]]:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task("preparing", total=None, note="")
            began_s = time.monotonic()

            def show(doing: str, done_s: float) -> None:
                speed = done_s / max(1e-6, time.monotonic() - began_s)
                total = self._length_s or None
                note = f"{done_s:.0f} s, {speed:.1f} x real time"
                progress.update(task, description=doing, completed=done_s, total=total, note=note)

            yield show

    @cached_property
    def _length_s(self) -> float:
        if not isinstance(self.recording, Bags):
            return 0.0
        origin = self._wanted.origin
        wanted = [self.recording.wanted(origin, label) for label in self.recording.cameras]
        spans = [max(stamps) - min(stamps) for stamps in wanted if stamps]
        return max(spans, default=0) / NS_PER_S

    def _note(self, text: str) -> None:
        self._console.print(f"Note: {text}", soft_wrap=True, highlight=False)

    def _report(self, prepared: Prepared, took_s: float) -> None:
        counts = ", ".join(f"{count} {status}" for status, count in prepared.counts().items())
        typer.echo(f"{prepared.folder}: {counts or 'no cycles'} ({took_s:.1f} s)")


def _check_configuration(manager: ProcessManager) -> None:
    for name in manager.exits_with(_EXIT_CONFIG):
        raise GraphError(f"{name} cannot run; its log says why: {manager.logs / name}.log")
