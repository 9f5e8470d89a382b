"""Productive minutes, efficiency, takt, balance: the formulas, each in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lbzf_ros.core.errors import InvalidValue


def productive_minutes(units: float, sam_minutes: float | None) -> float | None:
    """Minutos productivos: units times standard minutes of one; None: there is no standard time."""
    return None if sam_minutes is None else units * sam_minutes


def percent(part: float | None, whole: float | None) -> float | None:
    """Part of a whole in percent; None: one of them is not known, or the whole is 0."""
    return None if part is None or not whole else part / whole * 100


def efficiency_percent(productive: float | None, operator_minutes: float | None) -> float | None:
    """Eficiencia: productive minutes of the operators' available ones.

    Args:
        productive: minutos productivos.
        operator_minutes: available minutes summed over operators (operators times minutes, when all are there all
            the time).
    """
    return percent(productive, operator_minutes)


def takt_s(available_s: float | None, target_units: float | None) -> float | None:
    """Seconds from one unit to the next that the target asks for; None: there is no target, or no time."""
    return None if not available_s or not target_units else available_s / target_units


def balance_efficiency(station_times_s: Sequence[float]) -> float | None:
    """Sum of station times / (stations x slowest station), 0 to 1; None: there is no station.

    Raises:
        InvalidValue: a time is not above 0.
    """
    if not station_times_s:
        return None
    if not all(time > 0 for time in station_times_s):
        raise InvalidValue("balance: every station time must be above 0 s")
    # A sum of many equal floats may be one rounding above the product.
    return min(1.0, sum(station_times_s) / (len(station_times_s) * max(station_times_s)))


def bottleneck(station_times_s: Mapping[str, float]) -> str | None:
    """The slowest station (cuello de botella); of equally slow ones the first; None: there is none."""
    return max(station_times_s, key=station_times_s.__getitem__) if station_times_s else None


def pace_percent(sam_s: float | None, measured_s: float | None) -> float | None:
    """How fast a station works: standard time / measured time, in percent; above 100 is faster than the SAM."""
    return percent(sam_s, measured_s)
