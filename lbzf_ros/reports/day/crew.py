"""How many people worked: who was entered, and one at each other station that made something."""

from __future__ import annotations

from collections.abc import Iterable

from lbzf_ros.core.indicators.spans import Span, common, length_ns, minutes, within
from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.values import OperatorShare, OperatorSource
from lbzf_ros.store.day.entered import Assigned

_FOR_EVER = 2**63


class Crew:
    """The people of one shift."""

    def __init__(self, facts: Facts, shift: Span) -> None:
        """Look who was entered in the shift, and which stations made something without an entry."""
        self._people: dict[int, list[Span]] = {}
        entered: set[int] = set()
        for one in facts.present.get(shift, ()):
            if part := common(shift, assigned_span(one)):
                entered.add(one.workstation_id)
                self._people.setdefault(one.operator_id, []).append(part)
        self._nameless = len(facts.working[shift] - entered)
        self.source = _source(bool(entered), self._nameless > 0)

    def minutes(self, span: Span) -> float | None:
        """Of all operators in a part of the shift; who is at two stations counts once; None: not known."""
        if self.source is OperatorSource.NONE:
            return None
        people = sum(length_ns(within(span, spans)) for spans in self._people.values())
        return minutes(people + self._nameless * (span[1] - span[0]))


def assigned_to(facts: Facts, station: int) -> list[Assigned]:
    """Who was entered at a station, in order of coming."""
    return [one for one in facts.assigned if one.workstation_id == station]


def shares(assigned: Iterable[Assigned], spans: Iterable[Span]) -> tuple[OperatorShare, ...]:
    """Who of these worked for how long in some spans, in their order."""
    wanted = list(spans)
    found: dict[int, tuple[Assigned, int]] = {}
    for one in assigned:
        start, end = assigned_span(one)
        length = sum(max(0, min(end, until) - max(start, begin)) for begin, until in wanted)
        if length:
            before = found.get(one.operator_id, (one, 0))[1]
            found[one.operator_id] = one, before + length
    return tuple(
        OperatorShare(external_code=one.external_code, display_name=one.display_name, minutes=minutes(length))
        for one, length in found.values()
    )


def all_sources(sources: Iterable[OperatorSource]) -> OperatorSource:
    """How the operators of several shifts together are known."""
    found = set(sources) - {OperatorSource.NONE}
    if not found:
        return OperatorSource.NONE
    return found.pop() if len(found) == 1 else OperatorSource.PARTLY


def assigned_span(one: Assigned) -> Span:
    """From when to when somebody is at a station."""
    return one.start_ns, _FOR_EVER if one.end_ns is None else one.end_ns


def _source(entered: bool, nameless: bool) -> OperatorSource:
    if entered:
        return OperatorSource.PARTLY if nameless else OperatorSource.ENTERED
    return OperatorSource.ASSUMED if nameless else OperatorSource.NONE
