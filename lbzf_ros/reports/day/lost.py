"""Lost time that falls into spans. It stands beside the figures and is not subtracted from available minutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lbzf_ros.core.indicators.spans import Span, length_ns, minutes, within
from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.values import LostTimeEntry, LostTimeTotal
from lbzf_ros.store.day.entered import Lost
from lbzf_ros.store.hours import MAX_SHIFT_NS


def lost_minutes(facts: Facts, spans: Iterable[Span], station: int | None = None) -> float:
    """Minutes lost in spans: of the whole module, and of a station when one is named; each minute once."""
    entries = [_span(facts, one) for one in facts.lost if one.workstation_id in (None, station)]
    return minutes(sum(length_ns(within(span, entries)) for span in spans)) if entries else 0.0


def by_code(facts: Facts, spans: Sequence[Span]) -> tuple[LostTimeTotal, ...]:
    """Minutes by code of module and stations, longest first; an entry of a station counts its own minutes."""
    found: dict[str, tuple[Lost, float, int]] = {}
    for one in facts.lost:
        length = sum(length_ns(within(span, [_span(facts, one)])) for span in spans)
        if length:
            _, before, entries = found.get(one.code, (one, 0.0, 0))
            found[one.code] = one, before + minutes(length), entries + 1
    ordered = sorted(found.values(), key=lambda item: (-item[1], item[0].code))
    return tuple(
        LostTimeTotal(code=one.code, display_name=one.display_name, minutes=total, entries=entries)
        for one, total, entries in ordered
    )


def entries_of(facts: Facts, station: int, spans: Sequence[Span]) -> tuple[LostTimeEntry, ...]:
    """Entries of a station and of its whole module that touch spans, by start."""
    codes = {one.id: one.code for one in facts.stations}
    return tuple(
        LostTimeEntry(
            id=one.id,
            workstation=None if one.workstation_id is None else codes.get(one.workstation_id),
            code=one.code,
            display_name=one.display_name,
            start_ns=one.start_ns,
            end_ns=one.end_ns,
            notes=one.notes,
        )
        for one in facts.lost
        if one.workstation_id in (None, station) and any(within(span, [_span(facts, one)]) for span in spans)
    )


def _span(facts: Facts, one: Lost) -> Span:
    """Until its end; what goes on, until now, a day at most."""
    end = min(facts.now_ns, one.start_ns + MAX_SHIFT_NS) if one.end_ns is None else one.end_ns
    return one.start_ns, min(end, facts.now_ns)
