"""Which person is in which zone: our look-up against supervision's PolygonZone and shapely's contains_xy.

All of them get the same boxes and zones in the same run, in turn, and answer the same question: the zones that hold the
middle of each box. Times are CPU microseconds a frame, of one thread: medians over rounds of many calls; a ratio is the
median of the rounds' ratios. What each does:

- `ours`: `ZoneMap.look_up`, as `Associator` calls it: boxes to one label a person, which names a set of zones.
- `polygon_zone`: `PolygonZone.trigger` for each zone; the `Detections` are made beforehand and not counted.
- `shapely_each`: anchors by numpy, then `contains_xy` for each (prepared) polygon.
- `shapely_at_once`: anchors by numpy, then one `contains_xy` over all (prepared) polygons and all points.
- `shapely_at_once_points_given`: the same without computing the anchors.
- `label_image`: anchors by numpy, then the label of their pixel by fancy indexing; no clipping.
- `even_odd`: the rule that was used before, `geometry.inside` for each zone.
- `whole_update`: all of `Associator.update`: the look-up, who belongs to whom, and the values that are published.
"""

from __future__ import annotations

import os
import statistics
import time
import timeit
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
import supervision
from numpy.typing import NDArray

from bench import report
from lbzf_ros.core import geometry
from lbzf_ros.core.association import Associator
from lbzf_ros.core.model import Anchor, Boxes, FrameDetections, ModelInfo
from lbzf_ros.core.zone_map import ZoneMap
from test.support.occupancy import rois, station, zone

CASES = ((5, 2), (20, 6), (100, 20))
WIDTH_PX, HEIGHT_PX = 640, 480
ROUNDS, CALLS = 41, 200
RIVALS = ("polygon_zone", "shapely_each", "shapely_at_once")
Polygon = tuple[tuple[float, float], ...]


def main() -> None:
    """Time every case."""
    figures = {f"{boxes} boxes, {zones} zones": _case(boxes, zones) for boxes, zones in CASES}
    report.write(
        "association",
        {
            "what": f"CPU microseconds a frame, {ROUNDS} rounds of {CALLS} calls in turn, one thread, "
            f"zones with 4 corners, {WIDTH_PX} x {HEIGHT_PX} px",
            "versions": {"supervision": supervision.__version__, "shapely": shapely.__version__},
            "machine_load_1_5_15_min": os.getloadavg(),
            "cases": figures,
        },
    )


def _case(boxes: int, zones: int) -> dict[str, Any]:
    rng = np.random.default_rng(boxes)
    polygons = [_polygon(x, y) for x, y in rng.uniform((70, 300), (570, 370), (zones, 2)).tolist()]
    middles = rng.uniform((40, 200), (600, 400), (boxes, 2))
    half = np.array([30, 80])
    xyxy = np.hstack([middles - half, middles + half]).astype(np.float32)
    ways, answers = _ways(polygons, xyxy)
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            rounds[name].append(timeit.timeit(way, number=CALLS, timer=time.thread_time) / CALLS * 1e6)
    return {
        "us": {name: report.spread(values) for name, values in rounds.items()},
        "times_faster_than": {name: _ratio(rounds[name], rounds["ours"]) for name in ways if name != "ours"},
        "times_faster_than_the_fastest_of_supervision_and_shapely": round(
            statistics.median(
                min(times) / own
                for *times, own in zip(*(rounds[name] for name in RIVALS), rounds["ours"], strict=True)
            ),
            1,
        ),
        "answers": f"{int((answers['ours'] != answers['shapely']).sum())} of {boxes * zones} differ from shapely's",
    }


def _ratio(values: list[float], own: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(values, own, strict=True)), 1)


def _polygon(x: float, y: float) -> Polygon:
    """A zone as in the demo plant: a little wider below."""
    return (x - 55, y - 105), (x + 55, y - 105), (x + 61, y + 105), (x - 61, y + 105)


def _ways(
    polygons: list[Polygon], xyxy: NDArray[np.float32]
) -> tuple[dict[str, Callable[[], object]], dict[str, NDArray[np.bool_]]]:
    """What is timed, by name; and who is where (n, zones) by us and by shapely."""
    zone_map = ZoneMap(dict(enumerate(polygons)), Anchor.BODY, WIDTH_PX, HEIGHT_PX)
    detections = supervision.Detections(xyxy=xyxy)
    centre = (supervision.Position.CENTER,)
    zones = [supervision.PolygonZone(np.array(p), triggering_anchors=centre) for p in polygons]
    shapes = np.array([shapely.Polygon(polygon) for polygon in polygons])
    shapely.prepare(shapes)
    points = _middles(xyxy)
    x, y = points.T.astype(np.float64)
    label_of = zone_map._labels.reshape(-1, zone_map._stride)[: 2 * HEIGHT_PX : 2, : 2 * WIDTH_PX : 2].copy()

    def label_image() -> list[int]:
        pixels = _middles(xyxy).astype(np.intp)
        labels: list[int] = label_of[pixels[:, 1], pixels[:, 0]].tolist()
        return labels

    def each() -> list[NDArray[np.bool_]]:
        px, py = _middles(xyxy).T
        return [shapely.contains_xy(shape, px, py) for shape in shapes]

    def at_once() -> NDArray[np.bool_]:
        px, py = _middles(xyxy).T
        return shapely.contains_xy(shapes[:, None], px, py)

    associator, frame = _associator(polygons, xyxy)
    ours = np.array([[k in zone_map.sets[i] for k in range(len(polygons))] for i in zone_map.look_up(xyxy)])
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: zone_map.look_up(xyxy),
        "polygon_zone": lambda: [zone.trigger(detections) for zone in zones],
        "shapely_each": each,
        "shapely_at_once": at_once,
        "shapely_at_once_points_given": lambda: shapely.contains_xy(shapes[:, None], x, y),
        "label_image": label_image,
        "even_odd": lambda: [geometry.inside(polygon, _middles(xyxy)) for polygon in polygons],
        "whole_update": lambda: associator.update(frame),
    }
    return ways, {"ours": ours, "shapely": at_once().T}


def _middles(xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    middles: NDArray[np.float32] = (xyxy[:, :2] + xyxy[:, 2:]) * np.float32(0.5)
    return middles


def _associator(polygons: list[Polygon], xyxy: NDArray[np.float32]) -> tuple[Associator, FrameDetections]:
    """One station a zone, and the boxes as tracked people."""
    stations = [
        station(code=f"P{i}", zones=[zone("work", polygon_px=polygon)]) for i, polygon in enumerate(polygons)
    ]
    people = FrameDetections(
        "cam1",
        1,
        WIDTH_PX,
        HEIGHT_PX,
        ModelInfo("bench", "1", "none"),
        Boxes(xyxy, np.full(len(xyxy), 0.7, np.float32)),
        np.arange(len(xyxy), dtype=np.int32),
    )
    return Associator(replace(rois(*stations), width_px=WIDTH_PX, height_px=HEIGHT_PX)), people


if __name__ == "__main__":
    main()
