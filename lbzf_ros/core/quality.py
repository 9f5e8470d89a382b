"""How far a cycle can be trusted: green, yellow or red.

The worst of four figures decides: the share of the cycle that was looked at, the share in which its operator was seen
at the station, how uncertain its duration is, and whether the camera had moved. A share that is not known makes a cycle
yellow at best, and so does a camera that has moved or that shows a view nobody recognises.
"""

from __future__ import annotations

import math

from lbzf_ros.core.model import Drift, Quality

GREEN_OBSERVED_SHARE = 0.9
YELLOW_OBSERVED_SHARE = 0.7
GREEN_DWELL_RATIO = 0.8
YELLOW_DWELL_RATIO = 0.6
GREEN_UNCERTAINTY = 0.05
YELLOW_UNCERTAINTY = 0.15
"""Half width of the duration's interval, as a share of the duration."""


def quality(
    *, observed_share: float, primary_dwell_ratio: float, uncertainty_share: float, drift: Drift
) -> Quality:
    """Rate a cycle by its observed share, dwell ratio and uncertainty share (0..1 or NaN) and its view."""
    bands = (
        _band(observed_share, GREEN_OBSERVED_SHARE, YELLOW_OBSERVED_SHARE),
        _band(primary_dwell_ratio, GREEN_DWELL_RATIO, YELLOW_DWELL_RATIO),
        _band(-uncertainty_share, -GREEN_UNCERTAINTY, -YELLOW_UNCERTAINTY),
        Quality.YELLOW if drift in (Drift.DRIFTED, Drift.UNKNOWN) else Quality.GREEN,
    )
    for worst in (Quality.RED, Quality.YELLOW):
        if worst in bands:
            return worst
    return Quality.GREEN


def _band(share: float, green: float, yellow: float) -> Quality:
    if math.isnan(share):
        return Quality.YELLOW
    return Quality.GREEN if share >= green else Quality.YELLOW if share >= yellow else Quality.RED
