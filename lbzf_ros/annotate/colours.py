"""Colours of what is drawn, the same in pictures and in markers: told apart also by the colour-blind.

From M. Okabe and K. Ito, "Color universal design", 2008.
"""

from __future__ import annotations

from lbzf_ros.core.model import Activity, Evidence

Rgb = tuple[int, int, int]
"""Red, green, blue, 0..255."""

GREEN: Rgb = (0, 158, 115)
ORANGE: Rgb = (230, 159, 0)
BLUE: Rgb = (86, 180, 233)
PURPLE: Rgb = (204, 121, 167)
RED: Rgb = (213, 94, 0)
WHITE: Rgb = (255, 255, 255)
GREY: Rgb = (200, 200, 200)
DARK: Rgb = (40, 40, 40)

PERSON = BLUE
WARNING = RED

_EVIDENCE: dict[Evidence | None, Rgb] = {
    Evidence.PRESENT: GREEN,
    Evidence.NEAR: ORANGE,
    Evidence.ABSENT: GREY,
    Evidence.UNKNOWN: PURPLE,
    None: PURPLE,
}
_ACTIVITY: dict[Activity | None, Rgb] = {
    Activity.IN_CYCLE: GREEN,
    Activity.IDLE: DARK,
    Activity.UNKNOWN: PURPLE,
    None: PURPLE,
}


def of_evidence(evidence: Evidence | None) -> Rgb:
    """Of a zone."""
    return _EVIDENCE[evidence]


def of_activity(activity: Activity | None) -> Rgb:
    """Of a station."""
    return _ACTIVITY[activity]
