"""The scenes of the demo plant."""

from __future__ import annotations

from pathlib import Path

import pytest

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.simulator.model import SceneStation, Script, seed_of, stations_of
from lbzf_ros.simulator.scene import Scene

QUIET = Script(passer_chance=0.0, supervisor_chance=0.0, break_chance=0.0)
DEMO_PLANT = Path(__file__).parents[2] / "config" / "plant.yaml"


def demo_scene(plant: Plant, label: str, *, seed: int | None = None, script: Script | None = None) -> Scene:
    """The scene of one camera of the demo plant."""
    camera = next(camera for camera in plant.cameras if camera.label == label)
    width_px, height_px = camera.resolution_px
    return Scene(
        camera=label,
        stations=stations_of(plant, camera),
        width_px=width_px,
        height_px=height_px,
        seed=seed_of(camera.source) if seed is None else seed,
        script=script,
    )


@pytest.fixture(scope="session")
def plant() -> Plant:
    """The demo plant."""
    return load_plant(DEMO_PLANT)


@pytest.fixture(scope="session")
def demo(plant: Plant) -> dict[str, Scene]:
    """The demo's scenes by camera label."""
    return {camera.label: demo_scene(plant, camera.label) for camera in plant.cameras}


@pytest.fixture(scope="session")
def stations(plant: Plant) -> dict[str, SceneStation]:
    """All workstations of the demo by code."""
    return {station.code: station for camera in plant.cameras for station in stations_of(plant, camera)}
