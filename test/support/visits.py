"""The labelled footage of real people, variants of it, and how well cycles agree with its labels."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, RoiSet
from lbzf_ros.offline import process_camera
from lbzf_ros.resources import resource_path
from lbzf_ros.video.sources import FileSource, Frame

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "station_visits"
VIDEO = Path(os.environ.get("LBZF_VIDEO", FOLDER / "visits.mp4"))
PLANT_FILE = resource_path("config", "station_visits.yaml")

needs_footage = pytest.mark.skipif(
    not (FOLDER / "ground_truth.json").exists() or not VIDEO.exists(),
    reason=f"the labelled footage is not beside the project ({FOLDER.name} in shared/data)",
)

Image = NDArray[np.uint8]
Span = tuple[float, float]


def labels() -> list[Span]:
    """Arrival and departure of each visit, seconds after the first picture."""
    truth = json.loads((FOLDER / "ground_truth.json").read_text("utf-8"))
    return [(visit["arrive_s"], visit["depart_s"]) for visit in truth["visits"]]


@dataclass(frozen=True)
class Variant:
    """The footage as another camera might have seen it: the labels stay true."""

    name: str
    fps: float = 5.0
    mirrored: bool = False
    gain: float = 1.0
    noise_sigma: float = 0.0

    def picture(self, image: Image, noise: np.random.Generator) -> Image:
        """The picture of this variant."""
        changed = image[:, ::-1].astype(np.float32) if self.mirrored else image.astype(np.float32)
        changed *= self.gain
        if self.noise_sigma:
            changed += noise.standard_normal(changed.shape, np.float32) * self.noise_sigma
        return np.ascontiguousarray(np.clip(np.rint(changed), 0, 255).astype(np.uint8))


VARIANTS = [
    Variant("as-it-is"),
    Variant("mirrored", mirrored=True),
    Variant("darkened-by-half", gain=0.5),
    Variant("noisy", noise_sigma=10.0),
    Variant("3-fps", fps=3.0),
    Variant("mirrored-dark-noisy-3-fps", fps=3.0, mirrored=True, gain=0.5, noise_sigma=8.0),
]


def plant_of(variant: Variant) -> Plant:
    """The shipped plant file, looked at with the variant's rate and mirrored with its pictures."""
    plant = load_plant(PLANT_FILE)
    module = plant.modules[0]
    camera = module.cameras[0].model_copy(update={"fps": variant.fps})
    stations = module.workstations
    if variant.mirrored:
        width = camera.resolution_px[0]
        stations = [
            station.model_copy(
                update={
                    "zones": {
                        name: zone.model_copy(
                            update={"polygon_px": [(width - 1 - x, y) for x, y in zone.polygon_px]}
                        )
                        for name, zone in station.zones.items()
                    }
                }
            )
            for station in stations
        ]
    return plant.model_copy(
        update={"modules": [module.model_copy(update={"cameras": [camera], "workstations": stations})]}
    )


class VariantSource:
    """The footage with every picture changed."""

    live = False
    length_s = None

    def __init__(self, plant: Plant, variant: Variant) -> None:
        self._source, self._variant = FileSource(plant.cameras[0]), variant

    def frames(self) -> Iterator[Frame]:
        """The changed pictures with the stamps of the footage."""
        noise = np.random.default_rng(1)
        for frame in self._source.frames():
            yield replace(frame, image_bgr=self._variant.picture(frame.image_bgr, noise))


def measure(
    variant: Variant, data: Path, rois: Callable[[Plant], RoiSet]
) -> tuple[list[Span], list[CycleEvent]]:
    """Run all steps on a variant; give the complete cycles in seconds, and every event."""
    plant = plant_of(variant)
    steps = list(process_camera(plant, plant.cameras[0], VariantSource(plant, variant), rois(plant), data))
    events = [event for step in steps for event in step.events]
    start_ns = steps[0].stamp_ns
    return spans(events, start_ns), events


def spans(events: Sequence[CycleEvent], start_ns: int) -> list[Span]:
    """The complete cycles, seconds after the first picture."""
    return [
        ((event.start_ns - start_ns) / NS_PER_S, (event.end_ns - start_ns) / NS_PER_S)
        for event in events
        if event.kind is EventKind.END and event.end_ns is not None
    ]


def temporal_iou(one: Span, two: Span) -> float:
    """Common time over time covered by either."""
    common = min(one[1], two[1]) - max(one[0], two[0])
    return max(0.0, common) / (max(one[1], two[1]) - min(one[0], two[0]))


def agreement(found: Sequence[Span]) -> dict[str, Any]:
    """Compare cycles with the labels, in order of time.

    The visits are far apart, so when there are as many cycles as visits, the n-th belongs to the n-th.
    """
    truth = labels()
    pairs = list(zip(sorted(found), truth, strict=False))
    return {
        "cycles": len(found),
        "iou": [round(temporal_iou(a, b), 3) for a, b in pairs],
        "start_error_s": float(np.median([abs(a[0] - b[0]) for a, b in pairs])) if pairs else float("nan"),
        "end_error_s": float(np.median([abs(a[1] - b[1]) for a, b in pairs])) if pairs else float("nan"),
    }


def assert_agrees(found: Sequence[Span]) -> None:
    """Six cycles, one for each visit, within the limits that the project has set itself."""
    result = agreement(found)
    assert result["cycles"] == len(labels()), result
    assert min(result["iou"]) >= 0.80, result
    assert result["start_error_s"] <= 0.5, result
    assert result["end_error_s"] <= 0.5, result
