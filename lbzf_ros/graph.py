"""The processes of the graph: the one list that `lbzf up` and the launch file start."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lbzf_ros.config.schema import Plant
from lbzf_ros.environment import picture_environment

PACKAGE = "lbzf"
NAMESPACE = "/lbzf"
DEMO_PLANT = "plant.yaml"
"""Plant file in config/ that runs when none is given."""
DATA_FOLDER = "data"
"""Where a run keeps everything when no folder is given, relative to the current one."""
LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")
LOG_LEVEL = "info"

SINGLE_NODES = (
    "persistence",
    "web_bridge",
    "detector",
    "roi_associator",
    "cycle_tracker",
    "recorder",
    "annotator",
)
"""Nodes of which there is one; beside them there is one camera_driver a camera. Started in this order: who has to
migrate the database or import most comes first."""

Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProcess:
    """One process with one node."""

    name: str
    """Name of the node in the graph, in /diagnostics and in the log; unique."""
    module: str
    """`python -m` starts it."""
    executable: str
    """`ros2 run lbzf` starts it."""
    parameters: dict[str, Value]
    environment: dict[str, str] = field(default_factory=dict)
    """What it needs beside `node_environment()`."""

    def arguments(self, log_level: str) -> list[str]:
        """Command line after the executable."""
        words = ["--ros-args", "--log-level", log_level, "--disable-external-lib-logs"]
        words += ["-r", f"__ns:={NAMESPACE}", "-r", f"__node:={self.name}"]
        for name, value in self.parameters.items():
            words += ["-p", f"{name}:={_yaml(value)}"]
        return words


def node_processes(
    plant: Plant,
    plant_file: Path,
    data: Path,
    *,
    detector: str | None = None,
    host: str | None = None,
    port: int | None = None,
    start_time: str | None = None,
    use_sim_time: bool = False,
) -> list[NodeProcess]:
    """Processes that run a plant.

    Args:
        plant: the content of `plant_file`.
        plant_file: the plant file, which every node reads.
        data: folder where the run keeps everything.
        detector: detector backend, instead of the plant file's.
        host: address of the page, instead of the plant file's.
        port: port of the page, instead of the plant file's.
        start_time: capture time of a file's first picture, instead of the plant file's.
        use_sim_time: take the time from /clock.
    """
    common: dict[str, Value] = {"plant": str(plant_file.resolve()), "data": str(data.resolve())}
    if use_sim_time:
        common["use_sim_time"] = True
    own: dict[str, dict[str, Value]] = {
        "web_bridge": _given({"host": host, "port": port}),
        "detector": _given({"backend": detector}),
    }
    return [
        *(
            _process(name, {**common, **own.get(name, {})})
            for name in SINGLE_NODES
            if name != "annotator" or plant.tools.annotator
        ),
        *(
            _driver(camera.label, {**common, **_given({"start_time": start_time})})
            for camera in plant.cameras
        ),
    ]


def node_names(plant: Plant) -> list[str]:
    """Names of all nodes that a plant needs."""
    return [process.name for process in node_processes(plant, Path(), Path())]


def _driver(camera: str, common: dict[str, Value]) -> NodeProcess:
    return NodeProcess(
        name=f"camera_driver_{camera}",
        module="lbzf_ros.nodes.camera_driver",
        executable="camera_driver",
        parameters={**common, "camera": camera},
        environment=picture_environment(),
    )


def _process(name: str, parameters: dict[str, Value]) -> NodeProcess:
    module = "web_bridge.bridge_node" if name == "web_bridge" else f"lbzf_ros.nodes.{name}"
    environment = picture_environment() if name == "annotator" else {}
    return NodeProcess(
        name=name, module=module, executable=name, parameters=parameters, environment=environment
    )


def _given(values: dict[str, Value | None]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None}


def _yaml(value: Value) -> str:
    """A value as rcl reads it: text in quotes, or a folder called 2026 would be a number."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)
