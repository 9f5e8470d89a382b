"""The launch file of replays, read and run by ROS's own launch: the same result as the run that was recorded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lbzf_ros.resources import resource_path
from test.bags.recorded import record_run
from test.bags.test_same_twice import figures
from test.support.ros import DOMAIN_ID

WHY = "launch and launch_ros are not on PyPI; a sourced ROS installation has them"
launch: Any = pytest.importorskip("launch", reason=WHY)
pytest.importorskip("launch_ros", reason=WHY)

from launch.actions import DeclareLaunchArgument  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402

LAUNCH_FILE = resource_path("launch", "replay.launch.py")
RUN = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
given = dict(word.split(":=", 1) for word in sys.argv[2:]).items()
service = LaunchService()
file = PythonLaunchDescriptionSource(sys.argv[1])
service.include_launch_description(LaunchDescription([IncludeLaunchDescription(file, launch_arguments=given)]))
sys.exit(service.run())
"""


def test_every_argument_is_described() -> None:
    description = PythonLaunchDescriptionSource(str(LAUNCH_FILE)).get_launch_description(
        launch.LaunchContext()
    )
    found = {item.name: item for item in description.entities if isinstance(item, DeclareLaunchArgument)}
    assert set(found) == {
        *("recording", "from", "speed", "out", "data", "plant", "port", "page", "force", "log_level")
    }
    assert all(len(argument.description) > 20 for argument in found.values())


@pytest.mark.timeout(400)
def test_a_replay_measures_the_same_and_ends_by_itself(tmp_path: Path) -> None:
    run = record_run(tmp_path, cycles=1)
    out = tmp_path / "replay"
    given = {"recording": run.bag, "from": "detections", "speed": "max", "out": out, "page": "false"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(LAUNCH_FILE), *(f"{name}:={value}" for name, value in given.items())],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN_ID)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "process has died" not in done.stdout + done.stderr
    assert figures(out) == figures(run.data)
