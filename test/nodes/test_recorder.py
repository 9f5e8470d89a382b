"""The recorder chooses the view with which zones are compared; a real process on real DDS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from lbzf_ros.core.model import NS_PER_S, ReferenceView
from lbzf_ros.drift.features import features_to_bytes, find_features
from lbzf_ros.ros import convert, topics
from test.drift.views import Image, hall, seen
from test.support.occupancy import rois, station
from test.support.ros import Listener, listener, node_process

ZONES = rois(station())
HALL, DARK = hall(), np.zeros((480, 640, 3), np.uint8)
START_NS, PERIOD_NS = 1_784_116_800 * NS_PER_S, NS_PER_S // 5


class Graph:
    """The other nodes, played by the test."""

    def __init__(self, ear: Listener) -> None:
        self.ear, self.number = ear, 0
        self.references = ear.listen(topics.REFERENCE_FRAME, "cam1")
        self.states = ear.listen(topics.DIAGNOSTICS)
        self.zones = ear.publisher(topics.ROI_SET, "cam1")
        self.images = ear.publisher(topics.image(lossless=True), "cam1")
        self.zones.publish(convert.rois_to_msg(ZONES))

    def show(self, view: Image, pictures: int) -> None:
        """Send pictures, each when the one before has arrived."""
        for _ in range(pictures):
            self.number += 1
            stamp_ns = START_NS + self.number * PERIOD_NS
            self.images.publish(convert.image_to_msg("cam1", stamp_ns, seen(view, self.number)))
            self.ear.wait_for("the picture has arrived", lambda: self.processed() >= self.number)

    def processed(self) -> int:
        statuses = [status for array in self.ear.heard[self.states] for status in array.status]
        found = [status for status in statuses if status.name == "recorder: cam1"]
        return int({v.key: v.value for v in found[-1].values}["processed"]) if found else 0

    def chosen(self) -> list[Any]:
        return self.ear.heard[self.references]


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    zones = {"work": {"kind": "work", "polygon_px": [[0, 0], [100, 0], [100, 100]]}}
    module = {
        "code": "ANGELA",
        "cameras": [{"label": "cam1", "source": "recording.mp4"}],
        "workstations": [{"code": "PUESTO_01", "camera": "cam1", "zones": zones}],
    }
    settings = {
        "recorder": {"video": False},
        "storage": {"reserve_gb": 0},
        "graph": {"diagnostics_period_s": 0.1},
    }
    (tmp_path / "plant.yaml").write_text(yaml.safe_dump({"modules": [module], **settings}), "utf-8")
    parameters = {"plant": str(tmp_path / "plant.yaml"), "data": str(tmp_path / "data")}
    with listener() as ear:
        playing = Graph(ear)
        with node_process("recorder", parameters, tmp_path / "log"):
            ear.wait_for("the recorder is there", lambda: bool(ear.heard[playing.states]))
            ear.wait_for("it hears", lambda: playing.images.get_subscription_count() > 0)
            yield playing


def test_the_first_picture_that_can_be_recognised_and_is_found_again(graph: Graph, tmp_path: Path) -> None:
    graph.show(DARK, 3)
    graph.show(HALL, 12)
    graph.ear.wait_for("the reference", lambda: bool(graph.chosen()))
    (found,) = graph.chosen()
    first = convert.time_from_msg(found.stamp)
    number = (first - START_NS) // PERIOD_NS
    assert 4 <= number <= 8, "within a second of when the light went on"
    assert bytes(found.features) == features_to_bytes(find_features(seen(HALL, number)))
    assert tuple(found.roi_version_ids) == ZONES.identity[1]
    assert (tmp_path / "data" / found.path).is_file()


def test_zones_that_have_one_need_none(graph: Graph) -> None:
    known = replace(ZONES, references=(ReferenceView(ZONES.identity[1], b"features"),))
    graph.zones.publish(convert.rois_to_msg(known))
    graph.show(DARK, 2)  # the zones have arrived by then
    graph.show(HALL, 8)
    assert graph.chosen() == []
