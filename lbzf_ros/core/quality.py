"""How far a cycle can be trusted: green, yellow or red.

The worst of two figures decides: the share of the cycle that was looked at, and the share in which the primary
operator was seen at the station. A figure that is not known makes a cycle yellow at best.
"""

from __future__ import annotations

import math

from lbzf_ros.core.model import Quality

GREEN_OBSERVED_SHARE = 0.9
YELLOW_OBSERVED_SHARE = 0.7
GREEN_DWELL_RATIO = 0.8
YELLOW_DWELL_RATIO = 0.6


def quality(*, observed_share: float, primary_dwell_ratio: float) -> Quality:
    """Rate a cycle by its observed share and its dwell ratio, both 0..1 or NaN."""
    bands = (
        _band(observed_share, GREEN_OBSERVED_SHARE, YELLOW_OBSERVED_SHARE),
        _band(primary_dwell_ratio, GREEN_DWELL_RATIO, YELLOW_DWELL_RATIO),
    )
    for worst in (Quality.RED, Quality.YELLOW):
        if worst in bands:
            return worst
    return Quality.GREEN


def _band(share: float, green: float, yellow: float) -> Quality:
    if math.isnan(share):
        return Quality.YELLOW
    return Quality.GREEN if share >= green else Quality.YELLOW if share >= yellow else Quality.RED
