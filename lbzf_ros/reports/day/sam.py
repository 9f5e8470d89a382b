"""Standard times as they were in force at a time."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence

from lbzf_ros.core.indicators.spans import Span
from lbzf_ros.store.day.plan import SamVersion


class StandardTimes:
    """Looks up the SAM of an operation, and of a whole garment."""

    def __init__(self, versions: Mapping[tuple[str, str], Sequence[SamVersion]]) -> None:
        """Versions by reference and operation, each in order of time."""
        self._versions = versions
        ends = (time for one in versions.values() for v in one for time in (v.from_ns, v.to_ns))
        self._changes = sorted({time for time in ends if time is not None})
        self._known: dict[tuple[str | None, tuple[str | None, ...], int, int], float | None] = {}

    def minutes(self, reference: str | None, operation: str | None, span: Span) -> float | None:
        """Of one unit: the last version in force in a span; None: there was none."""
        if reference is None or operation is None:
            return None
        versions = self._versions.get((reference, operation), ())
        fitting = [v for v in versions if v.from_ns < span[1] and (v.to_ns is None or v.to_ns > span[0])]
        return fitting[-1].sam_minutes if fitting else None

    def garment(self, reference: str | None, operations: tuple[str | None, ...], span: Span) -> float | None:
        """Of one garment: the sum over its different operations; None: one of them is not known."""
        place = bisect.bisect_right(self._changes, span[0]), bisect.bisect_left(self._changes, span[1])
        key = (reference, operations, *place)
        if key not in self._known:
            found = [self.minutes(reference, operation, span) for operation in dict.fromkeys(operations)]
            known = [minutes for minutes in found if minutes is not None]
            self._known[key] = sum(known) if known and len(known) == len(found) else None
        return self._known[key]
