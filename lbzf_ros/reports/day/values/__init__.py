"""What the reader of a day gives. None: not known, never 0. Times are ns since the epoch, spans end before their end.

A cycle belongs to the hour, shift and day in which it began. `units` are finished cycles (complete or put right by a
person) of any quality; durations are those that a person found, else the measured ones.
"""

from __future__ import annotations

from lbzf_ros.reports.day.values.kinds import (
    Coverage,
    CoverageSource,
    MetaSource,
    OperatorSource,
    ShiftSource,
    ShiftSpan,
)
from lbzf_ros.reports.day.values.module import (
    BoardHour,
    HourBoard,
    LostTimeTotal,
    ModuleTotals,
)
from lbzf_ros.reports.day.values.plant import (
    Activity,
    Balance,
    Comparison,
    DayFigures,
    ModuleDay,
    ShiftSummary,
    StationBalance,
    Trend,
    TrendDay,
)
from lbzf_ros.reports.day.values.station import (
    LostTimeEntry,
    OperatorHour,
    OperatorShare,
    RejectionTotal,
    StationCycle,
    StationDay,
    StationFigures,
    StationHour,
)

__all__ = [
    "Activity",
    "Balance",
    "BoardHour",
    "Comparison",
    "Coverage",
    "CoverageSource",
    "DayFigures",
    "HourBoard",
    "LostTimeEntry",
    "LostTimeTotal",
    "MetaSource",
    "ModuleDay",
    "ModuleTotals",
    "OperatorHour",
    "OperatorShare",
    "OperatorSource",
    "RejectionTotal",
    "ShiftSource",
    "ShiftSpan",
    "ShiftSummary",
    "StationBalance",
    "StationCycle",
    "StationDay",
    "StationFigures",
    "StationHour",
    "Trend",
    "TrendDay",
]
