"""Play a recording to the graph: `ros2 launch lbzf replay.launch.py recording:=BAG`.

Every node takes its time from /clock, which the player publishes from the recording. It composes what `lbzf replay
--list` prepares and lists (see bringup.launch.py for why the command is asked), ends by itself when everything has been
answered, and then writes what the nodes have left.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_prefix
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.events.process import ShutdownProcess
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

PACKAGE = "lbzf"
PLAYER = "player"
TRACKER = "cycle_tracker"
_PASSED_ON = {
    "from": "--from",
    "speed": "--speed",
    "out": "--out",
    "plant": "--plant",
    "port": "--port",
    "data": "--data",
}


def generate_launch_description() -> LaunchDescription:
    """The arguments, then the nodes that the replay needs and the player."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "recording",
                description="A bag, a segment of video or a folder of them, or a day of the data folder (YYYY-MM-DD).",
            ),
            DeclareLaunchArgument(
                "from",
                default_value="images",
                choices=["images", "detections", "occupancy"],
                description="What is taken from the recording; the steps after it are measured again.",
            ),
            DeclareLaunchArgument(
                "speed", default_value="1", description="Times real time, or max: as fast as the nodes can."
            ),
            DeclareLaunchArgument(
                "out",
                default_value="",
                description="Data folder of the replay; empty: replays/NAME_FROM in data.",
            ),
            DeclareLaunchArgument(
                "data", default_value="data", description="Data folder in which a day is looked for."
            ),
            DeclareLaunchArgument(
                "plant",
                default_value="",
                description="Plant file to measure with; empty: as it was recorded.",
            ),
            DeclareLaunchArgument(
                "port", default_value="", description="Port of the page; empty: the plant's."
            ),
            DeclareLaunchArgument(
                "page",
                default_value="true",
                choices=["true", "false"],
                description="Show the page meanwhile.",
            ),
            DeclareLaunchArgument(
                "force",
                default_value="false",
                choices=["true", "false"],
                description="Replace an earlier replay there.",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="info",
                choices=["debug", "info", "warn", "error", "fatal"],
                description="Least severity in the log.",
            ),
            OpaqueFunction(function=_replay),
        ]
    )


def _replay(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def argument(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    command = [
        str(Path(get_package_prefix(PACKAGE), "lib", PACKAGE, "lbzf")),
        "replay",
        argument("recording"),
    ]
    for name, option in _PASSED_ON.items():
        command += [option, argument(name)] if argument(name) else []
    flags = [f"--{name}" for name in ("page", "force") if argument(name) == "true"]
    answer = subprocess.run(
        [*command, *flags, "--list"], env=context.environment, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise RuntimeError(answer.stderr.strip())
    listed = json.loads(answer.stdout)
    nodes = {
        node["name"]: _node(node, listed["namespace"], argument("log_level")) for node in listed["nodes"]
    }
    tracker = nodes[TRACKER]
    # The tracker gives up what still runs when it ends; the others are there to write it down.
    rest = ExecuteProcess(cmd=[*command, "--finish"], output="screen")
    return [
        *(SetEnvironmentVariable(name, value) for name, value in listed["environment"].items()),
        *nodes.values(),
        RegisterEventHandler(
            OnProcessExit(
                target_action=nodes[PLAYER],
                on_exit=[EmitEvent(event=ShutdownProcess(process_matcher=lambda action: action is tracker))],
            )
        ),
        RegisterEventHandler(OnProcessExit(target_action=tracker, on_exit=[rest])),
        RegisterEventHandler(
            OnProcessExit(
                target_action=rest,
                on_exit=[EmitEvent(event=Shutdown(reason="the recording has been played"))],
            )
        ),
        LogInfo(msg=f"Data: {listed['data']}"),
    ]


def _node(node: dict[str, Any], namespace: str, log_level: str) -> Node:
    return Node(
        package=PACKAGE,
        executable=node["executable"],
        name=node["name"],
        namespace=namespace,
        parameters=[node["parameters"]],
        additional_env=node["environment"],
        ros_arguments=["--log-level", log_level, "--disable-external-lib-logs"],
        output="screen",
    )
