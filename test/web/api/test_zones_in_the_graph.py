"""Zones drawn in the browser are what the graph measures by, without a restart: real processes, real DDS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lbzf_ros.ros import convert, topics
from test.support.ros import Listener, listener, node_process
from test.web.api.test_zones import NEW, SQUARE
from test.web.factory import Line
from test.web.test_bridge_node import START_S, answers, port, start

__all__ = ["port"]  # a fixture


@pytest.fixture
def graph() -> Iterator[Listener]:
    with listener() as node:
        yield node


@pytest.fixture
def persistence(line: Line, tmp_path: Path, bridge: str) -> Iterator[None]:
    parameters = {"plant": str(tmp_path / "plant.yaml"), "data": str(line.data)}
    with node_process("persistence", parameters, tmp_path / "persistence.log"):
        yield


@pytest.fixture
def bridge(line: Line, tmp_path: Path, port: int, graph: Listener) -> Iterator[str]:
    process = start(line, tmp_path, port)
    try:
        graph.wait_for("the bridge listens", lambda: answers(process, port), START_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def test_the_graph_takes_them_over(graph: Listener, bridge: str, persistence: None) -> None:
    heard = graph.heard[graph.listen(topics.ROI_SET, "cam1")]
    graph.wait_for("zones are in force", lambda: bool(heard), START_S)
    url = f"{bridge}/api/v1/workstations/ANGELA/PUESTO_01/zones"
    answer = httpx.put(url, json=NEW, timeout=30)
    assert answer.status_code == 200, answer.text
    ids = answer.json()["versions"]

    def told() -> bool:
        zone = convert.rois_from_msg(heard[-1]).workstations[0].zones[0]
        return zone.roi_version_id == ids[0] and [list(corner) for corner in zone.polygon_px] == SQUARE

    graph.wait_for("the new zone is what the graph measures by", told)
    again = httpx.put(url, json={**NEW, "replaces": ids}, timeout=30)
    assert again.json() == {"versions": ids, "in_use": True}
