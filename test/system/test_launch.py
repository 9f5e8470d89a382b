"""The launch file, read and run by ROS's own launch tool."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lbzf_ros import graph
from lbzf_ros.config.load import load_plant
from lbzf_ros.resources import resource_path
from test.support.ports import free_port

WHY = "launch, launch_ros and launch_pytest are not on PyPI; a sourced ROS installation has them"
launch_pytest: Any = pytest.importorskip("launch_pytest", reason=WHY)
pytest.importorskip("launch_ros", reason=WHY)

import launch  # noqa: E402
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, RegisterEventHandler  # noqa: E402
from launch.event_handlers import OnProcessExit  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402
from launch.utilities import perform_substitutions  # noqa: E402

LAUNCH_FILE = resource_path("launch", "bringup.launch.py")
UP_WITHIN_S = 60.0


def arguments() -> dict[str, Any]:
    source = PythonLaunchDescriptionSource(str(LAUNCH_FILE))
    description = source.get_launch_description(launch.LaunchContext())
    return {item.name: item for item in description.entities if isinstance(item, DeclareLaunchArgument)}


def test_every_argument_is_described() -> None:
    found = arguments()
    assert set(found) == {"plant", "data", "detector", "use_sim_time", "log_level"}
    assert all(len(argument.description) > 20 for argument in found.values())


def test_defaults_are_those_of_lbzf_up() -> None:
    context = launch.LaunchContext()
    found = {name: perform_substitutions(context, item.default_value) for name, item in arguments().items()}
    plant = found.pop("plant")
    assert Path(plant).read_text("utf-8") == resource_path("config", graph.DEMO_PLANT).read_text("utf-8")
    assert found == {
        "data": graph.DATA_FOLDER,
        "detector": "",
        "use_sim_time": "false",
        "log_level": graph.LOG_LEVEL,
    }
    assert arguments()["log_level"].choices == list(graph.LOG_LEVELS)


@pytest.fixture(scope="module")
def plant_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo plant, with its page on a free port."""
    plant = yaml.safe_load(resource_path("config", graph.DEMO_PLANT).read_text("utf-8"))
    plant["web"] = {**plant.get("web", {}), "port": free_port()}
    file = tmp_path_factory.mktemp("launch") / "plant.yaml"
    file.write_text(yaml.safe_dump(plant), "utf-8")
    return file


@pytest.fixture(scope="module")
def ended() -> list[tuple[str, int]]:
    """Name and exit status of every process that has ended."""
    return []


@launch_pytest.fixture(scope="module")  # type: ignore[untyped-decorator]
def bringup(plant_file: Path, ended: list[tuple[str, int]]) -> Iterator[launch.LaunchDescription]:
    """The launch file with its arguments, and a note of every process that ends."""

    def note(event: Any, _context: Any) -> None:
        ended.append((event.process_name, event.returncode))

    options = {"plant": str(plant_file), "data": str(plant_file.with_name("data")), "log_level": "warn"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
        source = PythonLaunchDescriptionSource(str(LAUNCH_FILE))
        yield launch.LaunchDescription(
            [
                RegisterEventHandler(OnProcessExit(on_exit=note)),
                IncludeLaunchDescription(source, launch_arguments=options.items()),
                launch_pytest.actions.ReadyToTest(),
            ]
        )


@pytest.mark.launch(fixture=bringup)
def test_the_same_graph_comes_up(plant_file: Path) -> None:
    plant = load_plant(plant_file)
    health: dict[str, Any] = {}
    until_s = time.monotonic() + UP_WITHIN_S
    while not (health.get("status") == "up" and not health["missing"]):
        assert time.monotonic() < until_s, health
        time.sleep(0.2)
        health = ask(f"http://127.0.0.1:{plant.web.port}/healthz")
    assert {node["name"] for node in health["nodes"]} == set(graph.node_names(plant))


@pytest.mark.launch(fixture=bringup, shutdown=True)
def test_every_node_ends_cleanly(plant_file: Path, ended: list[tuple[str, int]]) -> None:
    assert len(ended) == len(graph.node_names(load_plant(plant_file)))
    assert {status for _, status in ended} == {0}, ended


def ask(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except OSError:
        return {}
