"""The figures of a cycle with the limits that they are held against, for `core.explanation`.

`core.rejection` and `core.quality` decide; here stands which figure each of them looks at, and against what. Tests
compare the verdicts with theirs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from lbzf_ros.core import quality, shift_hours
from lbzf_ros.core.explanation import Figure, Limit
from lbzf_ros.core.model import Drift, Quality, Workstation
from lbzf_ros.core.rejection import Finished

OK, NOT_TOLD = "ok", "unknown"
EVERY_HOUR = "every hour is worked"
"""Text of the shift where the plant has no hours."""


def figures(
    cycle: Finished,
    station: Workstation,
    *,
    start_slack_s: float,
    end_slack_s: float,
    place_error_s: float,
    uncertainty_s: float,
    observed_share: float,
    drift: Drift,
) -> tuple[Figure, ...]:
    """All figures of a cycle whose end was decided: how its uncertainty came about, its quality, what may reject it.

    Args:
        cycle: the figures that rejections are decided by.
        station: has their limits.
        start_slack_s: how long before its start the picture before was.
        end_slack_s: the same of its end.
        place_error_s: what people's places add (`core.uncertainty`).
        uncertainty_s: half width of the duration.
        observed_share: share of the expected pictures, 0..1.
        drift: the worst of the view.
    """
    return (
        *_rejections(cycle, station),
        Figure("start_slack_s", start_slack_s, (), OK),
        Figure("end_slack_s", end_slack_s, (), OK),
        Figure("place_error_s", place_error_s, (), OK),
        Figure("duration_uncertainty_s", uncertainty_s, (), OK),
        _rated("uncertainty_share", uncertainty_s / cycle.duration_s, *_UNCERTAINTY),
        _rated("observed_share", observed_share, *_OBSERVED),
        _rated("primary_dwell_ratio", cycle.primary_dwell_ratio, *_DWELL),
        _view(drift),
    )


def _rejections(cycle: Finished, station: Workstation) -> tuple[Figure, ...]:
    return (
        _held(
            "duration_s",
            cycle.duration_s,
            {
                "too_short": Limit("min_cycle_s", at_least=True, value=station.min_cycle_s),
                "too_long": Limit("max_cycle_s", at_least=False, value=station.max_cycle_s),
            },
        ),
        _held(
            "primary_dwell_ratio",
            cycle.primary_dwell_ratio,
            {"low_dwell": Limit("min_dwell_ratio", at_least=True, value=station.min_dwell_ratio)},
        ),
        _held(
            "mean_confidence",
            cycle.mean_confidence,
            {"confidence_drop": Limit("min_confidence", at_least=True, value=station.min_confidence)},
        ),
        _held(
            "drift_unknown_ratio",
            cycle.drift_unknown_ratio,
            {
                "drift_unknown": Limit(
                    "max_drift_unknown_ratio", at_least=False, value=station.max_drift_unknown_ratio
                )
            },
        ),
        _held(
            "longest_gap_s",
            cycle.longest_gap_s,
            {"gap_in_frames": Limit("max_gap_s", at_least=False, value=station.max_gap_s)},
        ),
        _held(
            "second_person_ratio",
            cycle.second_person_ratio,
            {
                "second_person": Limit(
                    "max_second_person_ratio", at_least=False, value=station.max_second_person_ratio
                )
            },
        ),
        _shift(cycle, station),
    )


def _held(name: str, value: float, limits: Mapping[str, Limit]) -> Figure:
    """A figure held against limits, by the code of the rejection when it does not keep to one."""
    known = None if math.isnan(value) else value
    broken = [code for code, limit in limits.items() if not limit.keeps(known)]
    verdict = broken[0] if broken else NOT_TOLD if known is None else OK
    return Figure(name, known, tuple(limits.values()), verdict)


def _shift(cycle: Finished, station: Workstation) -> Figure:
    hours = station.shift_hours
    found = shift_hours.shift_at(cycle.start_ns, cycle.time_zone, hours) if hours else None
    if found is not None:
        return Figure("shift", None, (), OK, shift_hours.in_words(found))
    known = ", ".join(map(shift_hours.in_words, hours))
    return Figure("shift", None, (), "out_of_shift" if hours else OK, known or EVERY_HOUR)


_OBSERVED = (quality.GREEN_OBSERVED_SHARE, quality.YELLOW_OBSERVED_SHARE, True)
_DWELL = (quality.GREEN_DWELL_RATIO, quality.YELLOW_DWELL_RATIO, True)
_UNCERTAINTY = (quality.GREEN_UNCERTAINTY, quality.YELLOW_UNCERTAINTY, False)


def _rated(name: str, value: float, green: float, yellow: float, at_least: bool) -> Figure:
    """A figure that the quality looks at; the worst of them is the quality."""
    limits = Limit("green", at_least, green), Limit("yellow", at_least, yellow)
    known = None if math.isnan(value) else value
    kept = [Quality(limit.name) for limit in limits if limit.keeps(known)]
    band = Quality.YELLOW if known is None else kept[0] if kept else Quality.RED
    return Figure(name, known, limits, band.value)


def _view(drift: Drift) -> Figure:
    band = Quality.YELLOW if drift in (Drift.DRIFTED, Drift.UNKNOWN) else Quality.GREEN
    return Figure("drift", None, (), band.value, drift.name.lower())
