"""An explanation as JSON and back, exactly and small: it is in the outbox, and, packed, a row of every cycle.

Times are nanoseconds after `decided_ns` (most are before it, so below 0), spans are lists, what is not known is null.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.explanation import (
    Explanation,
    Figure,
    Gap,
    Limit,
    PersonSpan,
    PictureSpan,
    ZoneDecision,
    ZoneEvidence,
)

MAX_CHARACTERS = 200_000
"""Of an explanation as JSON; `core.trace` makes a tenth of that at most."""

_PLAIN = (
    "decided_ns",
    "time_zone",
    "rule",
    "opens_on",
    "closes_on",
    "fps",
    "merged_below_s",
    "others_left_out",
    "people_left_out",
    "gaps_left_out",
)


def explanation_packed(explanation: Explanation) -> bytes:
    """As the database has it: JSON, packed by zlib.

    Raises:
        StoreError: a figure is infinite, or it is far larger than `core.trace` makes one.
    """
    try:
        line = json.dumps(explanation_values(explanation), allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise StoreError("explanation: a figure is infinite") from None
    if len(line) > MAX_CHARACTERS:
        raise StoreError(f"explanation: {len(line)} characters; at most {MAX_CHARACTERS} are stored")
    return zlib.compress(line.encode())


def explanation_unpacked(packed: bytes) -> Explanation:
    """The explanation that `explanation_packed` was given.

    Raises:
        StoreError: it is none.
    """
    try:
        return explanation_of(json.loads(zlib.decompress(packed)))
    except (ValueError, TypeError, KeyError, IndexError, zlib.error) as error:
        raise StoreError(f"explanation {packed[:40]!r}: cannot be read: {error}") from error


def explanation_values(explanation: Explanation) -> dict[str, Any]:
    """As values that JSON has."""
    base_ns = explanation.decided_ns
    closed_by = explanation.closed_by
    return {name: getattr(explanation, name) for name in _PLAIN} | {
        "opened_by": _decision(explanation.opened_by, base_ns),
        "closed_by": closed_by and _decision(closed_by, base_ns),
        "others": [_decision(one, base_ns) for one in explanation.others],
        "zones": [
            {
                "zone": zone.zone,
                "kind": zone.kind,
                "evidence": zone.evidence,
                "enter_s": zone.enter_s,
                "leave_s": zone.leave_s,
                "linger_s": zone.linger_s,
                "spans": _spans(zone.spans, base_ns),
            }
            for zone in explanation.zones
        ],
        "people": [
            [
                one.track_id,
                one.operator,
                one.start_ns - base_ns,
                one.end_ns - base_ns,
                one.inside,
                one.beside,
                one.mean_confidence,
            ]
            for one in explanation.people
        ],
        "drift": _spans(explanation.drift, base_ns),
        "gaps": [[gap.start_ns - base_ns, gap.end_ns - base_ns] for gap in explanation.gaps],
        "figures": [
            [
                one.name,
                one.value,
                [[limit.name, limit.at_least, limit.value] for limit in one.limits],
                one.verdict,
                one.text,
            ]
            for one in explanation.figures
        ],
    }


def explanation_of(values: dict[str, Any]) -> Explanation:
    """The explanation that `explanation_values` was given.

    Raises:
        ValueError, TypeError, KeyError, IndexError: it is something else.
    """
    base_ns = values["decided_ns"]
    closed_by = values["closed_by"]
    return Explanation(
        **{name: values[name] for name in _PLAIN},
        opened_by=_decision_of(values["opened_by"], base_ns),
        closed_by=None if closed_by is None else _decision_of(closed_by, base_ns),
        others=tuple(_decision_of(one, base_ns) for one in values["others"]),
        zones=tuple(
            ZoneEvidence(**{**zone, "spans": _spans_of(zone["spans"], base_ns)}) for zone in values["zones"]
        ),
        people=tuple(
            PersonSpan(track, operator, base_ns + start, base_ns + end, inside, beside, confidence)
            for track, operator, start, end, inside, beside, confidence in values["people"]
        ),
        drift=_spans_of(values["drift"], base_ns),
        gaps=tuple(Gap(base_ns + start, base_ns + end) for start, end in values["gaps"]),
        figures=tuple(
            Figure(name, value, tuple(Limit(*limit) for limit in limits), verdict, text)
            for name, value, limits, verdict, text in values["figures"]
        ),
    )


def _decision(one: ZoneDecision, base_ns: int) -> list[object]:
    return [
        one.zone,
        one.entered,
        one.since_ns - base_ns,
        one.slack_ns,
        one.decided_ns - base_ns,
        one.timer,
        one.lasted_ns,
        one.limit_ns,
        one.attended,
        one.alone_ns,
    ]


def _decision_of(values: Sequence[Any], base_ns: int) -> ZoneDecision:
    zone, entered, since, slack, decided, *rest = values
    return ZoneDecision(zone, entered, base_ns + since, slack, base_ns + decided, *rest)


def _spans(spans: Sequence[PictureSpan], base_ns: int) -> list[list[int]]:
    return [[span.start_ns - base_ns, span.end_ns - base_ns, *span.pictures] for span in spans]


def _spans_of(lists: Sequence[Sequence[int]], base_ns: int) -> tuple[PictureSpan, ...]:
    return tuple(PictureSpan(base_ns + a, base_ns + b, (c, d, e, f)) for a, b, c, d, e, f in lists)
