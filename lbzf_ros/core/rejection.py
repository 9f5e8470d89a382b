"""Why a finished cycle does not count. Each rule gives its reason in words; all that apply are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lbzf_ros.core.model import Workstation


@dataclass(frozen=True, slots=True)
class Finished:
    """The figures of a cycle whose end was decided. Shares are 0..1, NaN where nothing is known."""

    duration_s: float
    primary_dwell_ratio: float
    observed_share: float


def too_short(cycle: Finished, station: Workstation) -> str | None:
    """Shorter than any unit of work can be."""
    if cycle.duration_s < station.min_cycle_s:
        return f"{cycle.duration_s:.2f} s < min_cycle_s {station.min_cycle_s:.2f} s"
    return None


def too_long(cycle: Finished, station: Workstation) -> str | None:
    """Longer than any unit of work can be."""
    if cycle.duration_s > station.max_cycle_s:
        return f"{cycle.duration_s:.2f} s > max_cycle_s {station.max_cycle_s:.2f} s"
    return None


def low_dwell(cycle: Finished, station: Workstation) -> str | None:
    """The primary operator was at the station for too little of it. Nobody tracked at all is unknown, not low."""
    ratio = cycle.primary_dwell_ratio
    if not math.isnan(ratio) and ratio < station.min_dwell_ratio:
        return f"{ratio:.2f} < min_dwell_ratio {station.min_dwell_ratio:.2f}"
    return None


RULES: Mapping[str, Callable[[Finished, Workstation], str | None]] = {
    "too_short": too_short,
    "too_long": too_long,
    "low_dwell": low_dwell,
}


def reasons(cycle: Finished, station: Workstation) -> dict[str, str]:
    """All reasons against a cycle: code to text. Empty: it counts."""
    return {code: text for code, rule in RULES.items() if (text := rule(cycle, station)) is not None}
