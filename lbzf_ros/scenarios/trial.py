"""One run of a scenario: the steps of `lbzf process` on a scene's pictures, with what is true beside what came out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.geometry import inside
from lbzf_ros.core.model import (
    NS_PER_S,
    Boxes,
    CycleEvent,
    FrameDetections,
    FrameOccupancy,
    ModelInfo,
    RoiSet,
    Workstation,
    ZoneKind,
)
from lbzf_ros.core.order import Order, Turn
from lbzf_ros.core.pipeline import CameraPipeline
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.detectors.mot import write_sequence
from lbzf_ros.scenarios.disturbance import Shot
from lbzf_ros.scenarios.model import CAMERA, Scenario, Way
from lbzf_ros.scenarios.visibility import Fate, Seen, fates
from lbzf_ros.simulator.model import TrueCycle, stations_of
from lbzf_ros.simulator.randomness import generator
from lbzf_ros.simulator.scene import Scene
from lbzf_ros.store.plant import roi_sets

START_NS = 1_784_120_400 * NS_PER_S
"""Capture time of a scene's second 0: 2026-07-15T08:00:00-05:00."""
_LOOK_ON_S = 600.0
"""How long after a run true cycles are looked for that are open at its end."""
_LEAST_VISIBLE = 0.3
"""Of a person's box that lies in the picture, for the true boxes to have him."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to run.

    Attributes:
        seed: of the scene and of the disturbance.
        fps: pictures a second.
        minutes: how long it looks.
        ways: who finds the people; each gets the same pictures.
    """

    scenario: Scenario
    seed: int
    fps: float
    minutes: float
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A true cycle, and what must become of it. Times as the camera's clock says them."""

    cycle: TrueCycle
    fate: Fate
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the pictures said about one zone: int8 (n,), values of `core.model.Evidence`."""

    station: str
    zone: str
    values: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What came out of a run in one way.

    Attributes:
        truth: true cycles that touch the run, by station and time.
        events: all decisions, in order.
        times_s: of the pictures that were taken, seconds of the scene, (n,).
        hidden: bool (n,): the picture tells nothing.
        evidence: of each zone in each of these pictures.
    """

    job: Job
    way: Way
    rois: RoiSet
    truth: tuple[Judged, ...]
    events: tuple[CycleEvent, ...]
    times_s: NDArray[np.float64]
    hidden: NDArray[np.bool_]
    evidence: tuple[Evidence, ...]

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.job.scenario.name}, seed {self.job.seed}, {self.job.fps:g} fps, {self.way}"

    def scene_s(self, stamp_ns: int) -> float:
        """Second of the scene at which the camera's clock said a time."""
        said_s = (stamp_ns - START_NS) / NS_PER_S
        clock = self.job.scenario.disturbance
        offsets_s = {clock.stamp_s(time_s) - time_s for time_s in (0.0, *clock.jumps_s)}
        times_s = [said_s - offset_s for offset_s in offsets_s]
        fitting = [t for t in times_s if t <= self.times_s[-1] and abs(clock.stamp_s(t) - said_s) < 1e-6]
        return max(fitting, default=said_s)


def run(job: Job, progress: Callable[[float], None] = lambda _: None) -> list[Trial]:
    """Run a scenario once, in each of the ways, on the same pictures.

    Args:
        job: what to run.
        progress: gets the seconds of the scene that are done.
    """
    scenario = job.scenario
    plant = scenario.plant(job.fps)
    scene = scene_of(scenario, plant, job.seed)
    shots = _shots(job)
    taken = _taken(shots)
    rois = roi_sets(plant)[CAMERA]
    with tempfile.TemporaryDirectory() as folder:
        people = _people(scene, taken, rois)
        recorded = Path(folder) / "true_boxes"  # its name is the version of the model
        recorded.mkdir()
        write_sequence(recorded, people, "det", job.fps)
        ways = {way: _Way(plant, _settings(plant, way, recorded), rois) for way in job.ways}
        for number, shot in enumerate(shots):
            picture = scene.render(shot.scene_s)
            for way in ways.values():
                way.take(picture, stamp_ns(shot.stamp_s))
            if number % 25 == 0:
                progress(shot.scene_s - scenario.from_s)
    times_s = np.array([shot.scene_s for shot in taken])
    hidden = np.array([scene.hidden(shot.scene_s) for shot in taken], bool)
    truth = _truth(job, scene, rois, times_s, hidden, [frame.boxes for frame in people])
    return [
        Trial(job, name, rois, truth, way.finish(), times_s, hidden, way.evidence(rois))
        for name, way in ways.items()
    ]


def scene_of(scenario: Scenario, plant: Plant, seed: int) -> Scene:
    """What the camera of a scenario sees."""
    camera = plant.cameras[0]
    width_px, height_px = camera.resolution_px
    return Scene(
        camera=CAMERA,
        stations=stations_of(plant, camera),
        width_px=width_px,
        height_px=height_px,
        seed=seed,
        script=scenario.script,
    )


def stamp_ns(stamp_s: float) -> int:
    """A second of the scene as a stamp, to the millisecond."""
    return START_NS + round(stamp_s * 1000) * (NS_PER_S // 1000)


class _Way:
    """The steps with one way to find people."""

    def __init__(self, plant: Plant, settings: DetectorSettings, rois: RoiSet) -> None:
        self._pipeline = CameraPipeline(lambda: PeopleFinder(settings, rois, plant.drift), rois)
        self._events: list[CycleEvent] = []
        self._seen: list[FrameOccupancy] = []

    def take(self, picture: NDArray[np.uint8], stamp_ns: int) -> None:
        before = self._pipeline.occupancy
        self._events += self._pipeline.update(picture, stamp_ns)
        now = self._pipeline.occupancy
        if now is not None and now is not before:
            self._seen.append(now)

    def finish(self) -> tuple[CycleEvent, ...]:
        return tuple(self._events + self._pipeline.finish())

    def evidence(self, rois: RoiSet) -> tuple[Evidence, ...]:
        return tuple(
            Evidence(
                station.code,
                zone.name,
                np.array([frame.stations[i].zones[j].evidence for frame in self._seen], np.int8),
            )
            for i, station in enumerate(rois.workstations)
            for j, zone in enumerate(station.zones)
        )


def _shots(job: Job) -> list[Shot]:
    scenario, period_ms = job.scenario, 1000 / job.fps
    count = round(job.minutes * 60 * job.fps)
    times_s = [scenario.from_s + round(i * period_ms) / 1000 for i in range(count)]
    return scenario.disturbance.shots(times_s, generator(job.seed, scenario.name, "disturbance"))


def _taken(shots: Sequence[Shot]) -> list[Shot]:
    """The pictures that the first step takes."""
    order, taken = Order(), []
    for shot in shots:
        stamp = stamp_ns(shot.stamp_s)
        if order.judge(stamp) in (Turn.NEW, Turn.RESTART):
            order.took(stamp)
            taken.append(shot)
    return taken


def _settings(plant: Plant, way: Way, recording: Path) -> DetectorSettings:
    if way == "detector":
        return plant.detector
    recorded = plant.detector.recorded.model_copy(update={"file": str(recording / "det" / "det.txt")})
    return plant.detector.model_copy(update={"backend": "recorded", "recorded": recorded})


def _people(scene: Scene, shots: Sequence[Shot], rois: RoiSet) -> list[FrameDetections]:
    """The true boxes of the pictures, as a recording of detections has them."""
    frames = []
    for shot in shots:
        boxes = [box.xyxy for box in scene.true_boxes(shot.scene_s) if box.visible_share >= _LEAST_VISIBLE]
        frames.append(
            FrameDetections(
                camera=rois.camera,
                stamp_ns=stamp_ns(shot.stamp_s),
                width_px=rois.width_px,
                height_px=rois.height_px,
                model=ModelInfo("true boxes", "1", "none"),
                boxes=Boxes(np.array(boxes, np.float32).reshape(-1, 4), np.ones(len(boxes), np.float32)),
                track_ids=np.full(len(boxes), -1, np.int32),
            )
        )
    return frames


def _truth(
    job: Job,
    scene: Scene,
    rois: RoiSet,
    times_s: NDArray[np.float64],
    hidden: NDArray[np.bool_],
    people: Sequence[Boxes],
) -> tuple[Judged, ...]:
    """True cycles that touch the run. What comes after it is looked at too: a cycle open at its end."""
    scenario = job.scenario
    clock, end_s = scenario.disturbance, scenario.from_s + job.minutes * 60
    seen = Seen(times_s[~hidden].tolist(), clock.jumps_s, 1 / job.fps, times_s[hidden].tolist())
    cycles = [cycle for cycle in scene.true_cycles(end_s + _LOOK_ON_S) if cycle.end_s > scenario.from_s]
    found: list[Judged] = []
    for station in rois.workstations:
        own = sorted((c for c in cycles if c.workstation == station.code), key=lambda c: c.start_s)
        manned_s = times_s[_is_manned(station, people)]
        dwell = [float(np.sum((manned_s >= c.start_s) & (manned_s < c.end_s))) for c in own]
        pictures = [float(np.sum((times_s >= c.start_s) & (times_s < c.end_s))) for c in own]
        shares = [here / max(1.0, of) for here, of in zip(dwell, pictures, strict=True)]
        judged = fates(own, shares, seen, station)
        found += [
            Judged(cycle, fate, stamp_ns(clock.stamp_s(cycle.start_s)), stamp_ns(clock.stamp_s(cycle.end_s)))
            for cycle, fate in zip(own, judged, strict=True)
            if cycle.start_s < end_s
        ]
    return tuple(found)


def _is_manned(station: Workstation, people: Sequence[Boxes]) -> NDArray[np.bool_]:
    """In which pictures somebody is in a work zone of a station: bool (n,)."""
    zones = [zone.polygon_px for zone in station.zones if zone.kind is ZoneKind.WORK]
    middles = [np.float32(0.5) * (boxes.xyxy[:, :2] + boxes.xyxy[:, 2:]) for boxes in people]
    return np.array([any(inside(zone, points).any() for zone in zones) for points in middles], np.bool_)
