"""How far the duration of a cycle can be trusted."""

from __future__ import annotations

import math

from lbzf_ros.core.model import EvidenceKind, Workstation, ZoneKind
from lbzf_ros.core.rules import RULES

PLACE_ERROR_S = {EvidenceKind.PERSON: 0.15, EvidenceKind.MOTION: 0.0}
"""By how much a crossing is misplaced because a person or hand is not found just where it is, 95 % of the time.

From the simulated lines with the default detector (docs/cycles.md); a box that is 20 cm off moves the crossing of
somebody who walks at 1.3 m/s by so much. A hand's motion is seen where it is.
"""


def place_error_s(station: Workstation) -> float:
    """The part of a duration's uncertainty that comes from where people are found, for all cycles of a station."""
    rule = RULES[station.rule]
    return math.hypot(
        *(PLACE_ERROR_S[_evidence(station, kind)] for kind in (rule.opens_on[0], rule.closes_on[0]))
    )


def duration_uncertainty_s(start_slack_s: float, end_slack_s: float, place_s: float) -> float:
    """Half width of the interval around a duration that holds the true one 95 % of the time.

    Start and end each lie between two pictures and are dated to the second: one error lengthens the cycle, the other
    shortens it, so the larger bounds both. The error of place has nothing to do with it: the two add as squares
    (JCGM 100:2008, 5.1.2).
    """
    return math.hypot(max(start_slack_s, end_slack_s), place_s)


def _evidence(station: Workstation, kind: ZoneKind) -> EvidenceKind:
    return next(zone.evidence for zone in station.zones if zone.kind is kind)
