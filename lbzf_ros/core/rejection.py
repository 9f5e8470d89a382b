"""Why a finished cycle does not count. Each rule gives its reason in words; all that apply are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lbzf_ros.core import shift_hours
from lbzf_ros.core.model import Workstation


@dataclass(frozen=True, slots=True)
class Finished:
    """The figures of a cycle whose end was decided. Ratios are 0..1, NaN where nothing is known."""

    start_ns: int
    time_zone: str
    duration_s: float
    primary_dwell_ratio: float
    second_person_ratio: float
    mean_confidence: float
    longest_gap_s: float
    drift_unknown_ratio: float


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


# A ratio that is not known is NaN, which is neither less nor more than a limit: unknown is not low.


def low_dwell(cycle: Finished, station: Workstation) -> str | None:
    """The operator was at the station for too little of it."""
    if cycle.primary_dwell_ratio < station.min_dwell_ratio:
        return f"{cycle.primary_dwell_ratio:.2f} < min_dwell_ratio {station.min_dwell_ratio:.2f}"
    return None


def confidence_drop(cycle: Finished, station: Workstation) -> str | None:
    """The detector was hardly sure of the people that it saw."""
    if cycle.mean_confidence < station.min_confidence:
        return f"mean {cycle.mean_confidence:.2f} < min_confidence {station.min_confidence:.2f}"
    return None


def drift_unknown(cycle: Finished, station: Workstation) -> str | None:
    """The view could not be recognised: the zones may lie anywhere."""
    if cycle.drift_unknown_ratio > station.max_drift_unknown_ratio:
        return (
            f"view not recognised in {cycle.drift_unknown_ratio:.2f} of it "
            f"> max_drift_unknown_ratio {station.max_drift_unknown_ratio:.2f}"
        )
    return None


def gap_in_frames(cycle: Finished, station: Workstation) -> str | None:
    """Nothing could be seen for so long that its end, or another cycle, may be hidden."""
    if cycle.longest_gap_s > station.max_gap_s:
        return f"{cycle.longest_gap_s:.2f} s not seen > max_gap_s {station.max_gap_s:.2f} s"
    return None


def second_person(cycle: Finished, station: Workstation) -> str | None:
    """For too much of it somebody else was at the station, and its operator was not."""
    if cycle.second_person_ratio > station.max_second_person_ratio:
        return (
            f"somebody else alone in {cycle.second_person_ratio:.2f} of it "
            f"> max_second_person_ratio {station.max_second_person_ratio:.2f}"
        )
    return None


def out_of_shift(cycle: Finished, station: Workstation) -> str | None:
    """It began when nobody is at work."""
    hours = station.shift_hours
    if not hours or shift_hours.shift_at(cycle.start_ns, cycle.time_zone, hours):
        return None
    began = shift_hours.local_time(cycle.start_ns, cycle.time_zone)
    return f"began {began:%a %H:%M}, shifts: {', '.join(map(shift_hours.in_words, hours))}"


RULES: Mapping[str, Callable[[Finished, Workstation], str | None]] = {
    "too_short": too_short,
    "too_long": too_long,
    "low_dwell": low_dwell,
    "confidence_drop": confidence_drop,
    "drift_unknown": drift_unknown,
    "gap_in_frames": gap_in_frames,
    "second_person": second_person,
    "out_of_shift": out_of_shift,
}
"""By the code of the reason; the first that applies is the one that a column names."""


def reasons(cycle: Finished, station: Workstation) -> dict[str, str]:
    """All reasons against a cycle: code to text. Empty: it counts."""
    return {code: text for code, rule in RULES.items() if (text := rule(cycle, station)) is not None}
