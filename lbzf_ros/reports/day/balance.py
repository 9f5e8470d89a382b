"""How even the work of the stations is (balanceo): Yamazumi figures against takt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.indicators.formulas import balance_efficiency, bottleneck, pace_percent
from lbzf_ros.core.indicators.spread import Spread, spread
from lbzf_ros.core.indicators.status import Thresholds
from lbzf_ros.core.model import Quality
from lbzf_ros.reports.day.values import Balance, ModuleTotals, StationBalance, StationFigures


def check_qualities(qualities: Sequence[str]) -> tuple[str, ...]:
    """Bands that are asked for, each once.

    Raises:
        InvalidValue: none, or an unknown one.
    """
    allowed = [quality.value for quality in Quality]
    if not qualities or any(quality not in allowed for quality in qualities):
        raise InvalidValue(
            f"qualities {', '.join(map(str, qualities))[:80]!r}: choose of {', '.join(allowed)}, one or several"
        )
    return tuple(quality for quality in allowed if quality in qualities)


def spreads(durations: Mapping[int, Sequence[float]]) -> dict[int, Spread]:
    """Median, P10 and P90 of durations, by station (row id)."""
    return {station: figures for station, values in durations.items() if (figures := spread(values))}


def balance_of(
    totals: ModuleTotals,
    stations: Sequence[StationFigures],
    measured: Mapping[str, Spread],
    thresholds: Thresholds,
    qualities: Sequence[str],
) -> Balance:
    """Put together what was measured.

    Args:
        totals: of the same time; gives the takt.
        stations: in line order.
        measured: durations by station code.
        thresholds: of the module.
        qualities: bands that were measured.
    """
    medians = {code: one.median_s for code, one in measured.items() if one.median_s > 0}
    standard = {one.workstation: one.sam_s for one in stations if one.sam_s is not None}
    complete = bool(standard) and len(standard) == len(stations)
    slowest = max(medians.values(), default=None)
    return Balance(
        module=totals.module,
        date=totals.date,
        shift=totals.shift,
        stations=tuple(
            _bar(one, measured.get(one.workstation), totals.takt_s, thresholds) for one in stations
        ),
        qualities=tuple(qualities),
        takt_s=totals.takt_s,
        measured=len(medians),
        bottleneck=bottleneck(medians),
        efficiency=balance_efficiency(list(medians.values())),
        line_units_per_hour=None if slowest is None else 3600 / slowest,
        sam_efficiency=balance_efficiency(list(standard.values())) if complete else None,
        sam_bottleneck=bottleneck(standard) if complete else None,
    )


def _bar(
    figures: StationFigures, measured: Spread | None, takt_s: float | None, thresholds: Thresholds
) -> StationBalance:
    pace = pace_percent(figures.sam_s, None if measured is None else measured.median_s)
    return StationBalance(
        workstation=figures.workstation,
        display_name=figures.display_name,
        operation=figures.operation,
        sequence_pos=figures.sequence_pos,
        sam_s=figures.sam_s,
        spread=measured,
        over_takt=None if measured is None or takt_s is None else measured.median_s > takt_s,
        pace_percent=pace,
        status=thresholds.pace(pace),
        coverage=figures.coverage,
    )
