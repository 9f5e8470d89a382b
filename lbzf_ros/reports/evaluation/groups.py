"""The figures of a comparison: for all cycles together, by station and by quality band."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lbzf_ros.reports.evaluation.agreement import (
    BlandAltman,
    Errors,
    bland_altman,
    concordance,
    errors,
    icc_2_1,
)
from lbzf_ros.reports.evaluation.detection import Counts, Detection, detection
from lbzf_ros.reports.evaluation.estimates import Estimate
from lbzf_ros.reports.evaluation.matching import Matching
from lbzf_ros.reports.evaluation.measured import Duration
from lbzf_ros.reports.evaluation.parameters import Parameters
from lbzf_ros.reports.evaluation.spans import REJECTED, Span, Station

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
    """

    by: str
    name: str
    detection: Detection | None
    start: Errors | None
    end: Errors | None
    durations: Durations


def groups_of(matching: Matching, parameters: Parameters) -> tuple[Group, ...]:
    """All groups of a matching that hold a cycle or a label."""
    pairs, only_one, only_two = matching.pairs, matching.only_one, matching.only_two
    spans = [*(pair.one for pair in pairs), *only_one, *only_two]

    def group(by: str, name: str, wanted: Callable[[Span], bool]) -> Group:
        some = [pair for pair in pairs if wanted(pair.one)]
        extra = sum(map(wanted, only_one))
        missed = None if by == QUALITY else sum(map(wanted, only_two))
        return Group(
            by,
            name,
            detection(Counts(len(some), extra, missed), parameters),
            errors([pair.start_error_s for pair in some], parameters.confidence),
            errors([pair.end_error_s for pair in some], parameters.confidence),
            durations([(pair.one.duration_s, pair.two.duration_s) for pair in some], parameters),
        )

    return tuple(group(*part) for part in _parts(spans))


def groups_of_durations(found: Sequence[Duration], parameters: Parameters) -> tuple[Group, ...]:
    """All groups of cycles of which only the duration is known a second time."""

    def group(by: str, name: str, wanted: Callable[[Span], bool]) -> Group:
        some = [(one.event.duration_s, one.seconds) for one in found if wanted(one.event)]
        return Group(by, name, None, None, None, durations(some, parameters))

    return tuple(group(*part) for part in _parts([one.event for one in found]))


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


_Wanted = Callable[[Span], bool]


def _parts(spans: Sequence[Span]) -> Iterator[tuple[str, str, _Wanted]]:
    """By what, name, and which spans belong to it, for every group."""
    yield ALL, "all", lambda _: True
    for station in sorted({span.station for span in spans}):
        yield STATION, "/".join(station), _at(station)
    present = {span.band for span in spans}
    for band in (band for band in BANDS if band in present):
        yield QUALITY, band, _of(band)


def _at(station: Station) -> _Wanted:
    return lambda span: span.station == station


def _of(band: str) -> _Wanted:
    return lambda span: span.band == band
