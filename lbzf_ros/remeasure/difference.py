"""What the second set says otherwise than the first, station by station."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy import Engine

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.remeasure.day import Day
from lbzf_ros.reports.evaluation.matching import match
from lbzf_ros.reports.evaluation.spans import Span
from lbzf_ros.store.reader import CycleFilter, StoreReader
from lbzf_ros.store.rows import CycleRow, Page

_MS_NS = 1_000_000
_LEAST_COMMON = 0.1
"""Of the time that either of two cycles covers: less in common, and they are different cycles."""
_PAGE = 500
_COUNTS = ("complete", "manual_override")
Station = tuple[str, str]
Stretch = tuple[int, int]
"""From and to, ns: time that was measured again."""


class Change(str, Enum):
    """What has become of a cycle."""

    GAINED = "gained"
    """It counts in the second set only."""
    LOST = "lost"
    """It counts in the first set only."""
    CHANGED = "changed"
    """It counts in both, with another begin, end or quality."""
    UNSEEN = "not comparable"
    """It counts in the first set, and there is no video of it or of a part of it any more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One cycle that is not the same in both sets.

    Attributes:
        change: what has become of it.
        first: as it was measured first; None: it was not, or did not count.
        second: as it was measured now; None likewise.
        why: what the other set says of that time, in words; empty: nothing.
    """

    change: Change
    first: CycleRow | None
    second: CycleRow | None
    why: str = ""

    @property
    def row(self) -> CycleRow:
        """The cycle, as whichever set has it says."""
        row = self.first or self.second
        assert row is not None
        return row

    @property
    def seconds(self) -> float | None:
        """By how much longer it has become; None: only one set has it."""
        if self.first is None or self.second is None:
            return None
        return (self.second.duration_s or 0.0) - (self.first.duration_s or 0.0)


@dataclass(slots=True)
class StationDifference:
    """One station.

    Attributes:
        module, code, name: which one.
        first, second: cycles that count in each set, of the time that both have seen.
        same: that are the same in both, to the millisecond.
        first_s, second_s: their time in all.
        differences: the others, by time.
    """

    module: str
    code: str
    name: str
    first: int = 0
    second: int = 0
    same: int = 0
    first_s: float = 0.0
    second_s: float = 0.0
    differences: list[Difference] = field(default_factory=list)

    def count(self, change: Change) -> int:
        """How many cycles this has become of."""
        return sum(difference.change is change for difference in self.differences)


def compare(
    first: Engine, second: Engine, day: Day, stretches: Mapping[str, Sequence[Stretch]]
) -> list[StationDifference]:
    """Compare the cycles that begin on a day.

    Args:
        first: `reading_engine` of the set that was there.
        second: an engine of the set measured now.
        day: which cycles.
        stretches: what was measured again, by camera; cycles that are not in one of them are not compared.

    Returns:
        The stations of these cameras that have a cycle in either set, by module and code.

    Raises:
        StoreError: a database cannot be read.
    """
    old, new = (_rows(StoreReader(engine), day, stretches) for engine in (first, second))
    found: dict[Station, StationDifference] = {}
    for row in sorted((*old, *new), key=lambda row: (row.module, row.workstation)):
        key = row.module, row.workstation
        if key not in found:
            found[key] = StationDifference(*key, name=row.workstation_display_name)
    for key, station in found.items():
        mine = [[row for row in rows if (row.module, row.workstation) == key] for rows in (old, new)]
        _compare_station(station, mine[0], mine[1], stretches)
    return list(found.values())


def _compare_station(
    station: StationDifference,
    old: Sequence[CycleRow],
    new: Sequence[CycleRow],
    stretches: Mapping[str, Sequence[Stretch]],
) -> None:
    counting = [row for row in old if row.status in _COUNTS]
    first = [row for row in counting if _is_seen(row, stretches)]
    second = [row for row in new if row.status in _COUNTS]
    by_uid = [{row.event_uid: row for row in rows} for rows in (first, second)]
    found = match(_spans(first), _spans(second), _LEAST_COMMON)
    station.first, station.second = len(first), len(second)
    station.first_s, station.second_s = (
        sum(row.duration_s or 0.0 for row in rows) for rows in (first, second)
    )
    differences = [
        Difference(Change.UNSEEN, row, None, "its video is not there, or not all of it")
        for row in counting
        if not _is_seen(row, stretches)
    ]
    for pair in found.pairs:
        one, two = by_uid[0][pair.one.name], by_uid[1][pair.two.name]
        if why := _changed(one, two):
            differences.append(Difference(Change.CHANGED, one, two, why))
        else:
            station.same += 1
    for span in found.only_one:
        row = by_uid[0][span.name]
        differences.append(Difference(Change.LOST, row, None, _instead(row, new, old, "now")))
    for span in found.only_two:
        row = by_uid[1][span.name]
        differences.append(Difference(Change.GAINED, None, row, _instead(row, old, new, "before")))
    station.differences = sorted(differences, key=lambda difference: difference.row.start_ns)


def _rows(reader: StoreReader, day: Day, cameras: Iterable[str]) -> list[CycleRow]:
    """Cycles and rejected cycles of a day whose camera was measured again."""
    which = CycleFilter(from_ns=day.from_ns, to_ns=day.to_ns)
    wanted, rows = set(cameras), []
    for read in (reader.cycles, reader.rejected):
        after: str | None = None
        while True:
            page: Page[CycleRow] = read(which, limit=_PAGE, after=after)
            rows += [row for row in page.items if row.camera in wanted]
            after = page.next_key
            if after is None:
                break
    return rows


def _spans(rows: Iterable[CycleRow]) -> list[Span]:
    return [
        Span((row.module, row.workstation), row.start_ns, row.end_ns, row.event_uid)
        for row in rows
        if row.end_ns is not None and row.end_ns > row.start_ns
    ]


def _is_seen(row: CycleRow, stretches: Mapping[str, Sequence[Stretch]]) -> bool:
    """Whether a cycle lies in one stretch with both ends."""
    end_ns = row.start_ns if row.end_ns is None else row.end_ns
    return any(begin <= row.start_ns and end_ns <= end for begin, end in stretches.get(row.camera or "", ()))


def _changed(one: CycleRow, two: CycleRow) -> str:
    """In which ways a cycle is another one; empty: in none."""
    ways = [
        f"{word} {(after - before) / NS_PER_S:+.3f} s"
        for word, before, after in (
            ("begins", one.start_ns, two.start_ns),
            ("ends", one.end_ns or 0, two.end_ns or 0),
        )
        if abs(after - before) > _MS_NS
    ]
    if one.quality != two.quality:
        ways.append(f"quality {one.quality} → {two.quality}")
    return ", ".join(ways)


def _instead(row: CycleRow, others: Sequence[CycleRow], mine: Sequence[CycleRow], when: str) -> str:
    """What the other set (`others`) has at the time of a cycle of this set (`mine`) that it does not count."""
    for other in others:
        if other.end_ns is None:
            overlaps = row is _counterpart(other, mine, others)
        else:
            overlaps = other.start_ns < (row.end_ns or row.start_ns) and row.start_ns < other.end_ns
        if overlaps and other.status not in _COUNTS:
            reasons = "; ".join(other.reasons.values())
            return f"{other.status.replace('_', ' ')} {when}" + (f": {reasons}" if reasons else "")
        if overlaps:
            return f"{when} it is part of the cycle {other.event_uid}"
    return f"nothing {when}"


def _counterpart(endless: CycleRow, mine: Sequence[CycleRow], others: Sequence[CycleRow]) -> CycleRow | None:
    """The cycle that stands for one without an end, if any: the first one here that ends after it began.

    It was over at the latest when the next one of its own set began.
    """
    ending = (row for row in mine if row.end_ns is not None and row.end_ns > endless.start_ns)
    found = min(ending, key=lambda row: row.start_ns, default=None)
    over_ns = min((row.start_ns for row in others if row.start_ns > endless.start_ns), default=None)
    return found if found and (over_ns is None or found.start_ns < over_ns) else None
