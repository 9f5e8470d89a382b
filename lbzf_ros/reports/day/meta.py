"""The target (meta) of each hour: entered for the hour, else its part of the day's, else the plant file's rate."""

from __future__ import annotations

from collections import defaultdict

from lbzf_ros.core.indicators.spans import minutes
from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.shifts import DayPlan, PlannedHour
from lbzf_ros.reports.day.values import MetaSource

Meta = tuple[float | None, MetaSource]


class Metas:
    """Targets of a local day."""

    def __init__(self, facts: Facts, day: DayPlan) -> None:
        """Take what was entered for the day, and the plant file's rate."""
        mine = [target for target in facts.targets if target.date == day.date]
        self._of_day = next((target.units for target in mine if target.hour_ns is None), None)
        self._of_hour = {target.hour_ns: target.units for target in mine if target.hour_ns is not None}
        self._rate = facts.rules.target_units_per_hour
        self._day_minutes = day.minutes()
        self._clock_minutes: dict[int, float] = defaultdict(float)
        for hour in day.hours:
            self._clock_minutes[hour.clock.clock_start_ns] += _length(hour)

    def of(self, hour: PlannedHour) -> Meta:
        """Units; where two shifts meet in a clock hour, each has its part of what was entered for it."""
        length, clock = _length(hour), hour.clock.clock_start_ns
        if clock in self._of_hour:
            return self._of_hour[clock] * length / self._clock_minutes[clock], MetaSource.HOUR
        if self._of_day is not None:
            return self._of_day * length / self._day_minutes, MetaSource.DAY
        if self._rate is not None:
            return self._rate * length / 60, MetaSource.PLANT_FILE
        return None, MetaSource.NONE


def _length(hour: PlannedHour) -> float:
    return minutes(hour.span[1] - hour.span[0])
