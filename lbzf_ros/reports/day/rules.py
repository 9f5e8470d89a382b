"""What the plant file says that figures depend on and the database does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lbzf_ros.config.schema import Module, Plant
from lbzf_ros.config.stations import WEEKDAYS
from lbzf_ros.core.indicators.status import Thresholds
from lbzf_ros.core.model import ShiftHours


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleRules:
    """Settings of a module.

    Attributes:
        shift_hours: when it works; empty: not said.
        target_units_per_hour: meta; None: not said.
        output_workstations: codes of the stations whose units are the module's; empty: the last in line order.
        limits_s: shortest and longest cycle of each station that counts, seconds.
    """

    shift_hours: tuple[ShiftHours, ...] = ()
    target_units_per_hour: float | None = None
    output_workstations: tuple[str, ...] = ()
    limits_s: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRules:
    """Settings of a plant. A module that is not in the file has none: everything about it is not known."""

    time_zone: str
    modules: Mapping[str, ModuleRules]
    thresholds: Thresholds
    """Of modules for which the engineer has set none."""

    def of(self, module: str) -> ModuleRules:
        """Settings of a module by its code."""
        return self.modules.get(module, ModuleRules())


def rules_of(plant: Plant) -> DayRules:
    """The rules that a plant file gives."""
    defaults = plant.indicators
    return DayRules(
        time_zone=plant.time_zone,
        modules={module.code: _module(plant, module) for module in plant.modules},
        thresholds=Thresholds(
            pace_green=defaults.pace_green_percent,
            pace_yellow=defaults.pace_yellow_percent,
            target_green=defaults.target_green_percent,
            target_yellow=defaults.target_yellow_percent,
            efficiency_green=defaults.efficiency_green_percent,
            efficiency_yellow=defaults.efficiency_yellow_percent,
            min_coverage=defaults.min_coverage_percent,
        ),
    )


def _module(plant: Plant, module: Module) -> ModuleRules:
    return ModuleRules(
        shift_hours=tuple(
            ShiftHours(
                label=hours.label,
                weekdays=tuple(sorted({WEEKDAYS.index(day) for day in hours.days})),
                start_min=hours.minutes(hours.start),
                end_min=hours.minutes(hours.end),
            )
            for hours in module.shift_hours
        ),
        target_units_per_hour=module.target_units_per_hour,
        output_workstations=tuple(module.output_workstations),
        limits_s={
            station.code: station.limits.for_sam(plant.sam_s(module, station))
            for station in module.workstations
        },
    )
