"""What a scene accepts, and how it is read from a plant file."""

from __future__ import annotations

import pytest

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import ConfigError, InvalidValue
from lbzf_ros.core.model import Anchor, ZoneKind
from lbzf_ros.simulator.model import SceneStation, SceneZone, seed_of, stations_of

WORK = SceneZone(ZoneKind.WORK, ((200.0, 262.0), (300.0, 262.0), (300.0, 472.0), (200.0, 472.0)), Anchor.BODY)


@pytest.mark.parametrize(("source", "seed"), [("simulator:seed=22", 22), ("simulator:seed=0", 0)])
def test_the_source_names_the_seed(source: str, seed: int) -> None:
    assert seed_of(source) == seed


@pytest.mark.parametrize(
    "source",
    ["simulator:", "simulator:seed=", "simulator:seed=-1", "simulator:speed=3", "video.mp4", "seed=3"],
)
def test_another_source_is_refused_with_what_is_allowed(source: str) -> None:
    with pytest.raises(ConfigError, match=r"allowed is simulator:seed=N"):
        seed_of(source)


def test_a_scene_shows_the_stations_of_its_camera_in_the_plants_order(plant: Plant) -> None:
    shown = {
        camera.label: [station.code for station in stations_of(plant, camera)] for camera in plant.cameras
    }
    assert shown == {"cam1": ["PUESTO_01", "PUESTO_02", "PUESTO_03"], "cam2": ["PUESTO_04", "PUESTO_05"]}


def test_a_unit_takes_about_the_standard_time(plant: Plant) -> None:
    first = stations_of(plant, plant.cameras[0])[0]
    assert first.cycle_s == pytest.approx(plant.sam_s(plant.modules[0], plant.modules[0].workstations[0]))


def test_the_demo_covers_all_three_rules(stations: dict[str, SceneStation]) -> None:
    assert {station.rule for station in stations.values()} == {"presence", "trigger", "pick_drop"}


@pytest.mark.parametrize(
    ("rule", "cycle_s", "said"),
    [
        pytest.param("juggling", 20.0, "no work for rule 'juggling'", id="unknown-rule"),
        pytest.param("trigger", 20.0, "one zone of kind trigger", id="no-trigger-zone"),
        pytest.param("pick_drop", 20.0, "one zone of kind pick, drop", id="no-pick-and-drop"),
        pytest.param("presence", 2.0, "the simulator needs 8.0 s", id="too-fast-to-show"),
    ],
)
def test_a_station_that_cannot_be_shown_is_refused(rule: str, cycle_s: float, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        SceneStation("ANGELA", "PUESTO_01", rule, {"work": WORK}, cycle_s)
