"""The figures of a comparison: for all cycles together, by station and by quality band."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lbzf_ros.reports.evaluation.agreement import (
    BlandAltman,
    Errors,
    bland_altman,
    concordance,
    errors,
    icc_2_1,
)
from lbzf_ros.reports.evaluation.coverage import Coverage, Stated, coverage
from lbzf_ros.reports.evaluation.detection import Counts, Detection, detection
from lbzf_ros.reports.evaluation.estimates import Estimate
from lbzf_ros.reports.evaluation.matching import Matching
from lbzf_ros.reports.evaluation.measured import Duration
from lbzf_ros.reports.evaluation.parameters import Parameters
from lbzf_ros.reports.evaluation.spans import REJECTED, Span

T = TypeVar("T")

ALL, STATION, QUALITY = "all", "station", "quality"
"""What a group is made by."""
BANDS = ("green", "yellow", "red", REJECTED)


@dataclass(frozen=True, slots=True)
class Durations:
    """Agreement of durations, seconds."""

    errors: Errors
    bland_altman: BlandAltman
    icc: Estimate
    concordance: Estimate


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of some cycles. None: only durations were noted, not when cycles began and ended.

    Attributes:
        by: `ALL`, `STATION` or `QUALITY`.
        name: of the station or band; "all".
        detection: were they found. A quality band has no recall: a label without a cycle has no quality.
        start: errors of the start.
        end: errors of the end.
        durations: agreement of the durations.
        coverage: how often the stated uncertainty holds; None: no cycle of the comparison states one.
    """

    by: str
    name: str
    detection: Detection | None
    start: Errors | None
    end: Errors | None
    durations: Durations
    coverage: Coverage | None = None


def groups_of(matching: Matching, parameters: Parameters) -> tuple[Group, ...]:
    """All groups of a matching that hold a cycle or a label."""
    pairs = _by_part(matching.pairs, lambda pair: pair.one)
    extra = _by_part(matching.only_one, lambda span: span)
    missed = _by_part(matching.only_two, lambda span: span)
    is_stated = any(pair.one.uncertainty_s is not None for pair in matching.pairs)

    def group(part: _Part) -> Group:
        some = pairs.get(part, [])
        counts = Counts(
            len(some),
            len(extra.get(part, ())),
            None if part[0] == QUALITY else len(missed.get(part, ())),
        )
        seconds = [(pair.one, pair.two.duration_s) for pair in some]
        return Group(
            *part,
            detection(counts, parameters),
            errors([pair.start_error_s for pair in some], parameters.confidence),
            errors([pair.end_error_s for pair in some], parameters.confidence),
            *_of_durations(seconds, parameters, is_stated=is_stated),
        )

    return tuple(map(group, sorted({*pairs, *extra, *missed}, key=_place)))


def groups_of_durations(found: Sequence[Duration], parameters: Parameters) -> tuple[Group, ...]:
    """All groups of cycles of which only the duration is known a second time."""
    parts = _by_part(found, lambda one: one.event)
    is_stated = any(one.event.uncertainty_s is not None for one in found)

    def group(part: _Part) -> Group:
        seconds = [(one.event, one.seconds) for one in parts[part]]
        return Group(*part, None, None, None, *_of_durations(seconds, parameters, is_stated=is_stated))

    return tuple(map(group, sorted(parts, key=_place)))


def _of_durations(
    seconds: Sequence[tuple[Span, float]], parameters: Parameters, *, is_stated: bool
) -> tuple[Durations, Coverage | None]:
    """What cycles and a second opinion on how long each took have in common."""
    agreement = durations([(span.duration_s, second_s) for span, second_s in seconds], parameters)
    if not is_stated:
        return agreement, None
    stated = [Stated(span.duration_s - second_s, span.uncertainty_s) for span, second_s in seconds]
    return agreement, coverage(stated, parameters.confidence)


def durations(pairs: Sequence[tuple[float, float]], parameters: Parameters) -> Durations:
    """Agreement of pairs of durations in seconds."""
    differences = [one - two for one, two in pairs]
    confidence = parameters.confidence
    return Durations(
        errors(differences, confidence),
        bland_altman(differences, confidence),
        icc_2_1(pairs or [(0.0, 0.0)], confidence),
        concordance([one for one, _ in pairs], [two for _, two in pairs], confidence),
    )


_Part = tuple[str, str]
"""What a group is made by, and its name."""


def _by_part(items: Iterable[T], span_of: Callable[[T], Span]) -> dict[_Part, list[T]]:
    """The items of every group that they belong to, in one pass."""
    found: dict[_Part, list[T]] = defaultdict(list)
    for item in items:
        span = span_of(item)
        found[ALL, "all"].append(item)
        found[STATION, "/".join(span.station)].append(item)
        if span.band is not None:
            found[QUALITY, span.band].append(item)
    return dict(found)


def _place(part: _Part) -> tuple[int, int, str]:
    """Where a group stands: all, stations by name, bands from green on."""
    by, name = part
    return (ALL, STATION, QUALITY).index(by), BANDS.index(name) if by == QUALITY else 0, name
