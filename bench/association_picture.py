"""Draws docs/images/association.png: what the `Associator` itself says about four people at two stations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np

from lbzf_ros.core.association import Associator
from lbzf_ros.core.model import Boxes, Evidence, FrameDetections, ModelInfo
from test.support.occupancy import rois, station, zone

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "association.png"
ZONES = {
    "PUESTO_01": ((60.0, 60.0), (230.0, 60.0), (245.0, 260.0), (45.0, 260.0)),
    "PUESTO_02": ((225.0, 60.0), (400.0, 60.0), (415.0, 260.0), (238.0, 260.0)),
}
WALKS_X = ((125.0, 125.0), (100.0, 30.0), (180.0, 238.0), (480.0, 430.0))
"""Where the middle of each was before, and where it is now."""
HALF_PX = np.array([30.0, 75.0])
COLOURS = {Evidence.PRESENT: "black", Evidence.NEAR: "tab:green", Evidence.ABSENT: "0.5"}


def main() -> None:
    """Draw it."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.patches import Polygon, Rectangle

    figure, axis = plt.subplots(figsize=(7.6, 3.1), dpi=100)
    for colour, (name, corners) in zip(("tab:blue", "tab:orange"), ZONES.items(), strict=True):
        axis.add_patch(Polygon(corners, alpha=0.15, facecolor=colour))
        axis.add_patch(Polygon(corners, fill=False, edgecolor=colour))
        axis.plot(*np.mean(corners, axis=0), "x", color=colour)
        axis.text(corners[0][0], corners[0][1] - 5, name, color=colour, fontsize=8)
    for number, ((before, now), (evidence, text)) in enumerate(zip(WALKS_X, _said(), strict=True), 1):
        colour = COLOURS[evidence]
        axis.add_patch(Rectangle((now - 30, 85), 60, 150, fill=False, edgecolor=colour))
        axis.plot(now, 160, "o", color=colour)
        if before != now:
            axis.annotate(
                "", (now, 160), (before, 160), arrowprops={"arrowstyle": "->", "color": colour, "ls": ":"}
            )
        axis.text(now - 26, 98, str(number), color=colour)
        axis.text(490, 80 + 26 * number, f"{number}  {text}", color=colour, fontsize=8)
    axis.set(xlim=(-10, 690), ylim=(270, 40), aspect="equal")
    axis.axis("off")
    figure.tight_layout()
    figure.savefig(PICTURE)


def _said() -> list[tuple[Evidence, str]]:
    """What is said about each of the people, who come one after the other."""
    stations = [
        station(code=code, zones=[zone("work", polygon_px=corners)]) for code, corners in ZONES.items()
    ]
    said = []
    for walk in WALKS_X:
        associator = Associator(replace(rois(*stations), width_px=700))
        for stamp_ns, x in enumerate(walk):
            middle = np.array([[x, 160.0]])
            boxes = Boxes(
                np.hstack([middle - HALF_PX, middle + HALF_PX]).astype(np.float32), np.ones(1, np.float32)
            )
            people = FrameDetections(
                "cam1", stamp_ns, 700, 300, ModelInfo("", "", ""), boxes, np.zeros(1, np.int32)
            )
            found = associator.update(people)
        at = [
            (s.zones[0].evidence, s.workstation)
            for s in found.stations
            if s.zones[0].evidence != Evidence.ABSENT
        ]
        evidence, where = at[0] if at else (Evidence.ABSENT, "of no station")
        said.append((evidence, where if not at else f"{evidence.name} at {where}"))
    return said


if __name__ == "__main__":
    main()
