"""Start the whole graph: `ros2 launch lbzf bringup.launch.py`.

Not in the folder of the sources: there `ros2 launch` takes the file `lbzf` for what is to be launched; use
`ros2 launch launch/bringup.launch.py`.

It composes what `lbzf nodes` lists. It asks the command and does not import the list, because `ros2 launch` may run
with another Python than the one in which the project's libraries are installed.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_prefix
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction, SetEnvironmentVariable
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

PACKAGE = "lbzf"
RESPAWN_DELAY_S = 2.0


def generate_launch_description() -> LaunchDescription:
    """The arguments, then one process for each node of the plant."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "plant",
                default_value=PathJoinSubstitution([FindPackageShare(PACKAGE), "config", "plant.yaml"]),
                description="Plant file (YAML); by default the demo plant with simulated cameras.",
            ),
            DeclareLaunchArgument(
                "data",
                default_value="data",
                description="Folder where the run keeps everything: database, pictures, video.",
            ),
            DeclareLaunchArgument(
                "detector",
                default_value="",
                description="How people are found; empty: as the plant file says (detector.backend).",
            ),
            DeclareLaunchArgument(
                "use_sim_time",
                default_value="false",
                choices=["true", "false"],
                description="Take the time from /clock.",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="info",
                choices=["debug", "info", "warn", "error", "fatal"],
                description="Least severity in the log.",
            ),
            OpaqueFunction(function=_graph),
        ]
    )


def _graph(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def argument(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    data = Path(argument("data")).resolve()
    data.mkdir(parents=True, exist_ok=True)
    command = [str(Path(get_package_prefix(PACKAGE), "lib", PACKAGE, "lbzf")), "nodes", "--json"]
    command += ["--plant", argument("plant"), "--data", str(data)]
    command += ["--detector", argument("detector")] if argument("detector") else []
    command += ["--use-sim-time"] if argument("use_sim_time") == "true" else []
    answer = subprocess.run(command, env=context.environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(answer.stderr.strip())
    listed = json.loads(answer.stdout)
    return [
        *(SetEnvironmentVariable(name, value) for name, value in listed["environment"].items()),
        *(_node(node, listed["namespace"], argument("log_level")) for node in listed["nodes"]),
        LogInfo(msg=f"Page: {listed['page']}  Data: {data}"),
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
        respawn=True,
        respawn_delay=RESPAWN_DELAY_S,
    )
