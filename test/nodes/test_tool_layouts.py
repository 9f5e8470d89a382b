"""The layouts for rviz, Foxglove and rqt name only what is in the graph.

These programs cannot run here: whether they like the layouts is not tested, but that each topic is there, with the type
that the panel takes.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lbzf_ros.config.load import load_plant
from lbzf_ros.resources import resource_path
from lbzf_ros.ros import convert_tools, tool_topics, topics
from test.support.ros import Listener, listener, node_process


@pytest.fixture
def ear() -> Iterator[Listener]:
    with listener() as listening:
        yield listening


def test_every_topic_of_the_layouts_is_in_the_graph(tmp_path: Path, ear: Listener) -> None:
    plant_file = resource_path("config", "plant.yaml")
    cameras = [camera.label for camera in load_plant(plant_file).cameras]
    others = {topics.CYCLE_EVENTS.path: "lbzf_interfaces/msg/CycleEvent"}
    with node_process("annotator", {"plant": str(plant_file)}, tmp_path / "log"):

        def offered() -> dict[str, str]:
            ours = ear.node.get_publisher_names_and_types_by_node("annotator", "/")
            return {name: kind for name, (kind,) in ours}

        def whole() -> bool:
            try:
                return {tool_topics.ANNOTATED.of(camera) for camera in cameras} <= offered().keys()
            except RuntimeError:  # the node is not known yet
                return False

        ear.wait_for("its topics", whole)
        there = {**others, **offered()}
    asked = {**rviz_topics(), **foxglove_topics(), **rqt_topics()}
    assert len(asked) >= 8
    for name, kind in asked.items():
        assert there.get(name) == kind, name
    if importlib.util.find_spec("vision_msgs") is None:
        assert "/lbzf/cam1/detections_2d" not in there


KINDS = {
    "rviz_default_plugins/Image": "sensor_msgs/msg/Image",
    "rviz_default_plugins/MarkerArray": "visualization_msgs/msg/MarkerArray",
}


def rviz_topics() -> dict[str, str]:
    """Topics of the rviz layout, and the type that each display takes."""
    layout = yaml.safe_load(resource_path("config", "rviz", "lbzf.rviz").read_text("utf-8"))
    manager = layout["Visualization Manager"]
    assert manager["Global Options"]["Fixed Frame"] == convert_tools.PICTURES_FRAME
    return {display["Topic"]["Value"]: KINDS[display["Class"]] for display in manager["Displays"]}


def foxglove_topics() -> dict[str, str]:
    """The same of Foxglove's layout, whose panels must all be placed."""
    layout = json.loads(resource_path("config", "foxglove", "lbzf.json").read_text("utf-8"))
    found: dict[str, str] = {}
    for panel, config in layout["configById"].items():
        assert panel in placed(layout["layout"])
        kind = panel.partition("!")[0]
        if kind == "Image":
            found[config["imageMode"]["imageTopic"]] = "sensor_msgs/msg/CompressedImage"
        elif kind == "3D":
            assert config["followTf"] == convert_tools.PICTURES_FRAME
            found |= dict.fromkeys(config["topics"], "visualization_msgs/msg/MarkerArray")
        elif kind == "DiagnosticSummary":
            found[config["topicToRender"]] = "diagnostic_msgs/msg/DiagnosticArray"
        else:
            assert kind == "RawMessages"
            found[config["topicPath"]] = "lbzf_interfaces/msg/CycleEvent"
    return found


def placed(layout: Any) -> list[str]:
    """Names of the panels that are on the screen."""
    return [layout] if isinstance(layout, str) else [*placed(layout["first"]), *placed(layout["second"])]


def rqt_topics() -> dict[str, str]:
    """The same of rqt's perspective."""
    perspective = json.loads(resource_path("config", "rqt", "lbzf.perspective").read_text("utf-8"))
    manager = perspective["groups"]["pluginmanager"]
    running = yaml.safe_load(manager["keys"]["running-plugins"]["repr"])
    assert len(running["rqt_image_view/ImageView"]) == len(manager["groups"])
    plugins = [group["groups"]["plugin"]["keys"] for group in manager["groups"].values()]
    return {yaml.safe_load(keys["topic"]["repr"]): "sensor_msgs/msg/Image" for keys in plugins}
