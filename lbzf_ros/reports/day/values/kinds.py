"""Where figures come from, how much was seen, and shifts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ShiftSource(str, Enum):
    """Where the hours of a shift come from."""

    ENTERED = "entered"
    """Somebody opened it."""
    PLANT_FILE = "plant_file"
    """`shift_hours` of the module."""
    NONE = "none"
    """No shift is known: the clock hours from the first to the last cycle of the day, each counted whole."""


class MetaSource(str, Enum):
    """Where a target comes from."""

    HOUR = "hour"
    """Entered for this hour."""
    DAY = "day"
    """Entered for the day; the hour has its part by minutes of shift."""
    PLANT_FILE = "plant_file"
    """`target_units_per_hour` of the module."""
    NONE = "none"
    """There is none."""


class OperatorSource(str, Enum):
    """How the number of operators is known."""

    ENTERED = "entered"
    """Every station that made something has an operator entered."""
    PARTLY = "partly"
    """Stations without an entry that made something in the shift count one operator each."""
    ASSUMED = "assumed"
    """Nobody is entered: one operator at each station that made something in the shift."""
    NONE = "none"
    """Nobody is entered, and nothing was made."""


class CoverageSource(str, Enum):
    """What says how much was observed."""

    VIDEO = "video"
    """Recorded video and known gaps of the cameras that see it."""
    NONE = "none"
    """Neither video nor a gap is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the scheduled time was seen.

    Attributes:
        scheduled_minutes: of shifts, until now.
        observed_minutes: of those with recorded video; None: nothing is known.
        gap_minutes: without video for a reason that is known (camera, disk, restart, maintenance); None as above.
        pending_minutes: the newest ones, of which nothing is known yet: a piece of video is entered when it ends.
        unknown_minutes: earlier ones of which nothing is known; all but the pending ones when nothing is.
        percent: observed of scheduled minutes without the pending ones; None: nothing is known, or there is none yet.
        low: below the module's `min_coverage`: figures of this time must say so. False also when not known.
        source: what says so.
    """

    scheduled_minutes: float
    observed_minutes: float | None
    gap_minutes: float | None
    pending_minutes: float
    unknown_minutes: float
    percent: float | None
    low: bool
    source: CoverageSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSpan:
    """A shift of a module on a local day.

    Attributes:
        label: e.g. jornada_1; empty where no shift is known (source none).
        start_ns: begin.
        end_ns: end; where it was not entered, that of the same shift in the plant file, else what `end_known` says.
        end_known: False: entered without an end: until the end of the hour that runs, 24 h at most.
        source: who says so.
        shift_id: row of the shift that was entered; None: none was.
    """

    label: str
    start_ns: int
    end_ns: int
    end_known: bool
    source: ShiftSource
    shift_id: int | None
