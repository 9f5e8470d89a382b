"""Why a cycle was decided as it was, in the reader's language: what happened, and the figures with their limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lbzf_ros.core.explanation import Explanation, Figure, ZoneDecision
from lbzf_ros.core.figures import EVERY_HOUR
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.rows import CycleRow
from web_bridge.pages.words import Words


@dataclass(frozen=True, slots=True)
class Happened:
    """Something at a time of day."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure, the limits that it was held against, and what came of it."""

    name: str
    value: str
    limits: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Why:
    """What led to a cycle."""

    happened: tuple[Happened, ...]
    judged: tuple[Judged, ...]
    reasons: tuple[str, ...]


def why(row: CycleRow, found: Explanation | None, words: Words) -> Why:
    """Tell it; without an explanation (an older LBZF measured it) only the reasons are known."""
    reasons = tuple(words.named("reason", code) for code in row.reasons)
    if found is None:
        return Why((), (), reasons)
    told = sorted(_told(found, words), key=lambda one: one[0])
    return Why(
        tuple(Happened(words.clock(at_ns, seconds=True), text) for at_ns, text in told),
        tuple(_judged(one, words) for one in found.figures),
        reasons,
    )


def _told(found: Explanation, words: Words) -> Iterator[tuple[int, str]]:
    for one in found.others:
        yield one.since_ns, _crossing(one, words)
    opened = _crossing(found.opened_by, words)
    yield found.opened_by.since_ns, words("why_opens", what=opened)
    if found.closed_by is not None:
        yield found.closed_by.since_ns, words("why_closes", what=_crossing(found.closed_by, words))
    for person in found.people:
        who = words("why_operator" if person.operator else "why_other")
        yield person.start_ns, words("why_person", who=who, until=words.clock(person.end_ns, seconds=True))
    for gap in found.gaps:
        yield gap.start_ns, words("why_gap", seconds=words.seconds((gap.end_ns - gap.start_ns) / NS_PER_S))


def _crossing(one: ZoneDecision, words: Words) -> str:
    key = "why_entered" if one.entered else "why_left"
    text = words(
        key,
        zone=one.zone,
        lasted=words.seconds(one.lasted_ns / NS_PER_S),
        limit=words.seconds(one.limit_ns / NS_PER_S),
    )
    return text if one.attended else f"{text} {words('why_ignored')}"


def _judged(one: Figure, words: Words) -> Judged:
    limits = ", ".join(
        words("limit_least" if limit.at_least else "limit_most", value=_value(one.name, limit.value, words))
        for limit in one.limits
    )
    value = _text(one.text, words) if one.value is None and one.text else _value(one.name, one.value, words)
    verdict = words("verdict_ok") if one.verdict == "ok" else _verdict(one.verdict, words)
    return Judged(words.named("judged", one.name), value, limits, verdict)


def _text(text: str, words: Words) -> str:
    return words("shift_always") if text == EVERY_HOUR else words.named("drift", text)


def _verdict(code: str, words: Words) -> str:
    for kind in ("quality", "reason"):
        if words.has(f"{kind}_{code}"):
            return words.named(kind, code)
    return words.named("verdict", code)


def _value(name: str, value: float | None, words: Words) -> str:
    if name.endswith("_s"):
        return words.seconds(value)
    return words.percent(None if value is None else 100 * value)
