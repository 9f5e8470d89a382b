"""An evaluation as tables of text, for the terminal and for LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lbzf_ros.reports.evaluation.agreement import Errors
from lbzf_ros.reports.evaluation.coverage import Coverage
from lbzf_ros.reports.evaluation.detection import Share
from lbzf_ros.reports.evaluation.estimates import Estimate, enough
from lbzf_ros.reports.evaluation.evaluate import Comparison, CycleTimes, Evaluation
from lbzf_ros.reports.evaluation.groups import Group
from lbzf_ros.reports.evaluation.parameters import MIN_COUNT

NOT_KNOWN = "–"
NOT_ENOUGH = f"n < {MIN_COUNT}"
"""Too few cycles for a figure."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of text; the first column stands left, the others right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(evaluation: Evaluation) -> Iterator[TextTable]:
    """All tables of an evaluation, in the order in which they are read."""
    for comparison in evaluation.comparisons:
        if comparison.matching is not None:
            yield _detection(comparison, evaluation.parameters.min_iou)
            yield _times(comparison)
        yield _durations(comparison)
        if any(group.coverage is not None for group in comparison.groups):
            yield _coverage(comparison)
    if evaluation.cycle_times:
        yield _cycle_times(evaluation.cycle_times, evaluation.parameters.precision)


def number(value: float | None, digits: int = 2, sign: str = "") -> str:
    """A number with so many digits; what is not known is no number."""
    if value is None:
        return NOT_KNOWN
    text = f"{value:{sign}.{digits}f}"
    return text[1:] if text.startswith("-") and float(text) == 0 else text


def interval(found: Estimate, digits: int = 2, sign: str = "") -> str:
    """A figure with its interval."""
    if found.value is None:
        return NOT_KNOWN
    value = number(found.value, digits, sign)
    if found.low is None or found.high is None:
        return value
    return f"{value} [{number(found.low, digits, sign)}, {number(found.high, digits, sign)}]"


def _detection(comparison: Comparison, min_iou: float) -> TextTable:
    columns = ("group", "matched", "extra", "missed", "precision", "exact", "recall", "exact", "F1", "exact")
    return TextTable(
        f"{comparison.title}: found, IoU ≥ {min_iou:g} (intervals: bootstrap, exact)",
        columns,
        tuple(_detection_row(group) for group in comparison.groups if group.detection is not None),
    )


def _detection_row(group: Group) -> tuple[str, ...]:
    found = group.detection
    assert found is not None
    counts = found.counts
    missed = counts.missed
    sizes = (
        counts.matched + counts.extra,
        None if missed is None else counts.matched + missed,
        None if missed is None else counts.matched + counts.extra + missed,
    )
    shares = zip((found.precision, found.recall, found.f1), sizes, strict=True)
    return (
        group.name,
        str(counts.matched),
        str(counts.extra),
        NOT_KNOWN if missed is None else str(missed),
        *(cell for share, size in shares for cell in _share(share, size)),
    )


def _share(share: Share, size: int | None) -> tuple[str, str]:
    if size is not None and not enough(size):
        return NOT_ENOUGH, NOT_KNOWN
    exact = share.exact
    if exact.low is None or exact.high is None:
        return interval(share.bootstrap, 3), NOT_KNOWN
    return interval(share.bootstrap, 3), f"[{number(exact.low, 3)}, {number(exact.high, 3)}]"


def _times(comparison: Comparison) -> TextTable:
    """Errors of starts and ends."""
    rows = []
    for group in comparison.groups:
        for what, found in (
            ("start", group.start),
            ("end", group.end),
            ("duration", group.durations.errors),
        ):
            if found is not None:
                rows.append((group.name, what, *_errors(found)))
    columns = ("group", "of", "n", "bias", "MAE", "p5", "median", "p95", "p95 of size", "largest")
    return TextTable(f"{comparison.title}: errors in seconds", columns, tuple(rows))


def _errors(found: Errors) -> tuple[str, ...]:
    if not enough(found.n):
        return (str(found.n), NOT_ENOUGH, *[NOT_KNOWN] * 6)
    signed = (found.p5, found.median, found.p95)
    return (
        str(found.n),
        interval(found.bias, sign="+"),
        number(found.mean_absolute),
        *(number(value, sign="+") for value in signed),
        number(found.p95_absolute),
        number(found.largest_absolute),
    )


def _durations(comparison: Comparison) -> TextTable:
    columns = ("group", "n", "bias s", "lower limit s", "upper limit s", "ICC(2,1)", "concordance")
    return TextTable(
        f"{comparison.title}: agreement of durations", columns, tuple(map(_duration_row, comparison.groups))
    )


def _duration_row(group: Group) -> tuple[str, ...]:
    found = group.durations
    if not enough(found.errors.n):
        return (group.name, str(found.errors.n), NOT_ENOUGH, *[NOT_KNOWN] * 4)
    limits = found.bland_altman
    return (
        group.name,
        str(found.errors.n),
        *(interval(part, sign="+") for part in (limits.bias, limits.lower, limits.upper)),
        interval(found.icc, 3),
        interval(found.concordance, 3),
    )


def _coverage(comparison: Comparison) -> TextTable:
    columns = ("group", "n", "inside", "share", "median ± s", "not stated")
    rows = [
        (group.name, *_coverage_row(group.coverage))
        for group in comparison.groups
        if group.coverage is not None
    ]
    return TextTable(f"{comparison.title}: durations inside the stated uncertainty", columns, tuple(rows))


def _coverage_row(found: Coverage) -> tuple[str, ...]:
    share = interval(found.share, 3) if enough(found.n) else NOT_ENOUGH
    return str(found.n), str(found.inside), share, number(found.median_s), str(found.unknown)


def _cycle_times(found: Sequence[CycleTimes], precision: float) -> TextTable:
    columns = ("station", "cycles", "mean s", "sd s", "reached", "needed", "more")
    rows = []
    for one in found:
        advice = one.advice
        if not enough(advice.n):
            rows.append((one.station, str(advice.n), NOT_ENOUGH, *[NOT_KNOWN] * 4))
            continue
        reached = advice.precision_reached
        rows.append(
            (
                one.station,
                str(advice.n),
                number(advice.mean_s),
                number(advice.sd_s),
                NOT_KNOWN if reached is None else f"±{100 * reached:.1f} %",
                str(advice.needed),
                str(advice.more),
            )
        )
    return TextTable(f"Cycles needed for a mean within ±{100 * precision:g} %", columns, tuple(rows))
