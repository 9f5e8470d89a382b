"""When a module works on a local day: what people entered, completed by the plant file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lbzf_ros.core.indicators.hours import ClockHour, clock_hour_start, clock_hours, planned_shift
from lbzf_ros.core.indicators.spans import HOUR_NS, Span, common, minutes
from lbzf_ros.core.model import ShiftHours
from lbzf_ros.reports.day.values import ShiftSource, ShiftSpan
from lbzf_ros.store.day.plan import EnteredShift
from lbzf_ros.store.hours import MAX_SHIFT_NS


@dataclass(frozen=True, slots=True)
class PlannedHour:
    """An hour of the board: which shift (place in the list) and which part of which clock hour."""

    shift: int
    clock: ClockHour

    @property
    def span(self) -> Span:
        """Begin and end of the part that lies in the shift."""
        return self.clock.span

    def elapsed(self, now_ns: int) -> Span:
        """What of it has passed; empty (begin = end) before it begins."""
        start, end = self.clock.span
        return start, max(start, min(end, now_ns))


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A local day of a module: its shifts in order, and their hours in order."""

    date: str
    shifts: tuple[ShiftSpan, ...]
    hours: tuple[PlannedHour, ...]

    def spans(self) -> list[Span]:
        """Of the shifts."""
        return [(shift.start_ns, shift.end_ns) for shift in self.shifts]

    def minutes(self) -> float:
        """Of all shifts."""
        return sum(minutes(end - start) for start, end in self.spans())

    def hours_of(self, shift: int | None) -> list[PlannedHour]:
        """Of one shift (place in the list); None: of all."""
        return [hour for hour in self.hours if shift in (None, hour.shift)]


def day_plan(date: str, shifts: Sequence[ShiftSpan], time_zone: str) -> DayPlan:
    """Shifts cut into the hours of the plant's clock."""
    ordered = tuple(sorted(shifts, key=lambda shift: shift.start_ns))
    hours = [
        PlannedHour(place, clock)
        for place, shift in enumerate(ordered)
        for clock in clock_hours((shift.start_ns, shift.end_ns), time_zone)
    ]
    return DayPlan(date, ordered, tuple(hours))


def shifts_of_day(
    date: str,
    entered: Iterable[EnteredShift],
    planned: Sequence[ShiftHours],
    time_zone: str,
    *,
    now_ns: int,
) -> list[ShiftSpan]:
    """Shifts that begin on a local day.

    What was entered counts. Of the plant file, those shifts are added that nobody has opened and that do not overlap
    one before them in the list. An open shift ends as the plant file says for its label.

    Args:
        date: local day.
        entered: shifts that people opened on this day.
        planned: of the plant file.
        time_zone: of the plant.
        now_ns: current time.
    """
    ends = {shift.label: span[1] for shift in planned if (span := planned_shift(shift, date, time_zone))}
    mine = sorted((shift for shift in entered if shift.date == date), key=lambda shift: shift.start_ns)
    found = []
    for place, shift in enumerate(mine):
        following = mine[place + 1].start_ns if place + 1 < len(mine) else None
        end_ns, known = _end(shift, ends.get(shift.label), following, time_zone, now_ns)
        found.append(
            ShiftSpan(
                label=shift.label,
                start_ns=shift.start_ns,
                end_ns=end_ns,
                end_known=known,
                source=ShiftSource.ENTERED,
                shift_id=shift.id,
            )
        )
    labels = {shift.label for shift in mine}
    for hours in planned:
        span = planned_shift(hours, date, time_zone)
        if span is None or hours.label in labels:
            continue
        if any(common(span, (other.start_ns, other.end_ns)) for other in found):
            continue
        found.append(
            ShiftSpan(
                label=hours.label,
                start_ns=span[0],
                end_ns=span[1],
                end_known=True,
                source=ShiftSource.PLANT_FILE,
                shift_id=None,
            )
        )
    return found


def hours_with_work(span: Span | None) -> list[ShiftSpan]:
    """What stands for a shift where none is known: from the first to the last hour with a unit; None: no unit."""
    if span is None:
        return []
    return [
        ShiftSpan(
            label="",
            start_ns=span[0],
            end_ns=span[1],
            end_known=False,
            source=ShiftSource.NONE,
            shift_id=None,
        )
    ]


def _end(
    shift: EnteredShift, planned_end: int | None, following: int | None, time_zone: str, now_ns: int
) -> tuple[int, bool]:
    if shift.end_ns is not None:
        return shift.end_ns, True
    latest = shift.start_ns + MAX_SHIFT_NS if following is None else following
    if planned_end is not None and shift.start_ns < planned_end:
        return min(planned_end, latest), True
    if now_ns > shift.start_ns:
        latest = min(latest, clock_hour_start(now_ns, time_zone) + HOUR_NS)
    return latest, False
