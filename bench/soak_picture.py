"""Draws the memory of a soak over time: each process, and all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from bench.soak_verdict import fitted
from bench.soak_watch import Sample


def draw(samples: Sequence[Sample], file: Path) -> None:
    """Write a PNG; the span over which growth is judged is shaded."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    minutes = [one.at_s / 60 for one in samples]
    names = sorted(set.intersection(*(set(one.memory) for one in samples)))
    figure, (whole, each) = plt.subplots(2, 1, figsize=(7.6, 6.0), dpi=100, sharex=True, height_ratios=(1, 2))
    whole.plot(
        minutes, [sum(m.rss_mb for m in one.memory.values()) for one in samples], label="resident, sum"
    )
    own = [sum(m.own_mb for m in one.memory.values()) for one in samples]
    shared = [sum(m.shared_part_mb for m in one.memory.values()) for one in samples]
    judged = [sum(both) for both in zip(own, shared, strict=True)]
    whole.plot(minutes, judged, label="the same, shared memory counted once")
    whole.plot(minutes, shared, label="shared memory, counted once")
    drivers = 0
    for name in names:
        is_driver = name.startswith("camera_driver")
        style = {"color": "0.6", "linewidth": 0.8} if is_driver else {"linewidth": 1.4}
        label = name
        if is_driver:
            drivers += 1
            label = "camera_driver, each" if drivers == 1 else "_"
        each.plot(minutes, [one.memory[name].own_mb for one in samples], label=label, **style)
    for axis in (whole, each):
        axis.axvspan(fitted(samples)[0].at_s / 60, minutes[-1], color="0.95", zorder=0)
        axis.set_ylim(bottom=0)
        axis.set_ylabel("MB")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7, loc="lower right", ncols=2)
    each.set_title("Each process, without shared memory", fontsize=9)
    each.set_xlabel("minutes; shaded: where growth is judged")
    whole.set_title("Memory of the whole graph during the soak", fontsize=10)
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
