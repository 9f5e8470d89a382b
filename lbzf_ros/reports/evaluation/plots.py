"""Draws an evaluation: Bland-Altman, histograms of durations, timeline.

PNG and SVG; the same evaluation and the same matplotlib give the same bytes.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.evaluation.estimates import Estimate, enough
from lbzf_ros.reports.evaluation.evaluate import Comparison, Evaluation
from lbzf_ros.reports.evaluation.groups import ALL, BANDS, Group
from lbzf_ros.reports.evaluation.matching import Matching
from lbzf_ros.reports.evaluation.spans import REJECTED, Span, Station, by_station
from lbzf_ros.store.timestamps import to_text

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#6b6b6b"  # Okabe and Ito: told apart by everybody
BAND_COLOURS = {"green": "#009e73", "yellow": "#e6b800", "red": "#cc3311", REJECTED: "#999999", None: BLUE}
DPI = 120
MAX_ROWS = 16
"""Most rows of a timeline; what is beyond stands in pairs.csv."""
CYCLES_A_ROW = 20
MAX_NAME = 40
MAX_MARKERS = 2000
"""With more points than this an SVG holds them as a picture and not one by one."""


def draw(evaluation: Evaluation) -> dict[str, bytes]:
    """Every plot as PNG and SVG, by name of file."""
    files: dict[str, bytes] = {}
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the user's own settings are
        mpl.rcParams.update({"svg.hashsalt": "lbzf", "text.parse_math": False, "font.size": 9})
        mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
        for comparison in evaluation.comparisons:
            for name, figure in _figures(comparison):
                stem = _free(f"{file_name(comparison.title)}_{name}", files)
                files[f"{stem}.png"] = _bytes(figure, "png")
                files[f"{stem}.svg"] = _bytes(figure, "svg")
    return files


def file_name(text: str) -> str:
    """Text as part of a file's name.

    >>> file_name("cycles against Ana Gómez")
    'cycles_against_ana_gomez'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "unnamed"


def _free(stem: str, taken: Mapping[str, bytes]) -> str:
    """A stem that no file has yet: two raters may differ in capitals or accents only."""
    numbered = (stem, *(f"{stem}_{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in numbered if f"{name}.png" not in taken)


def _short(text: str) -> str:
    """A name that leaves room for the plot."""
    return text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…"


def _figures(comparison: Comparison) -> Iterator[tuple[str, Figure]]:
    pairs = _durations(comparison)
    if enough(len(pairs)):
        yield "bland_altman", _bland_altman(comparison, pairs)
        yield "durations", _histograms(comparison, pairs)
    if comparison.matching is not None and (rows := _rows(comparison.matching)):
        yield "timeline", _timeline(comparison, comparison.matching, rows)


@dataclass(frozen=True, slots=True)
class _Pair:
    one_s: float
    two_s: float
    band: str | None


def _durations(comparison: Comparison) -> list[_Pair]:
    if comparison.matching is None:
        return [_Pair(one.event.duration_s, one.seconds, one.event.band) for one in comparison.durations]
    return [
        _Pair(pair.one.duration_s, pair.two.duration_s, pair.one.band) for pair in comparison.matching.pairs
    ]


def _all(comparison: Comparison) -> Group:
    return next(group for group in comparison.groups if group.by == ALL)


def _bland_altman(comparison: Comparison, pairs: Sequence[_Pair]) -> Figure:
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    axes = figure.add_subplot()
    _points(axes, pairs)
    limits = _all(comparison).durations.bland_altman
    _line(axes, limits.upper, "upper limit", "--")
    _line(axes, limits.bias, "bias", "-")
    _line(axes, limits.lower, "lower limit", "--")
    axes.margins(x=0.08, y=0.08)
    axes.set_xlabel(f"mean duration of {_short(comparison.one)} and {_short(comparison.two)}, s")
    axes.set_ylabel(f"{_short(comparison.one)} − {_short(comparison.two)}, s")
    axes.set_title(f"{_short(comparison.title)}: agreement of durations, n = {len(pairs)}", fontsize=10)
    if any(pair.band for pair in pairs):
        figure.legend(title="quality", loc="outside lower center", ncols=4, frameon=False)
    return figure


def _line(axes: Axes, found: Estimate, name: str, style: str) -> None:
    """A horizontal line; at its right end its interval and value."""
    if found.value is None:
        return
    axes.axhline(found.value, color=GREY, linestyle=style, linewidth=1)
    if found.low is not None and found.high is not None:
        axes.errorbar(
            [1.02 if style == "-" else 1.045],
            [found.value],
            yerr=[[found.value - found.low], [found.high - found.value]],
            transform=axes.get_yaxis_transform(),
            clip_on=False,
            color="black",
            capsize=4,
            linewidth=1.2,
        )
        axes.update_datalim([(axes.dataLim.x0, found.low), (axes.dataLim.x1, found.high)])
        axes.autoscale_view()
    axes.annotate(
        f"{name}\n{found.value:+.2f} s",
        (1.07, found.value),
        xycoords=("axes fraction", "data"),
        va="center",
        annotation_clip=False,
    )


def _points(axes: Axes, pairs: Sequence[_Pair]) -> None:
    bands = sorted({pair.band for pair in pairs}, key=lambda band: list(BAND_COLOURS).index(band))
    for band in bands:
        own = [pair for pair in pairs if pair.band == band]
        axes.scatter(
            [(pair.one_s + pair.two_s) / 2 for pair in own],
            [pair.one_s - pair.two_s for pair in own],
            s=26 if len(pairs) <= MAX_MARKERS else 6,
            color=BAND_COLOURS[band],
            edgecolor="black",
            linewidth=0.5 if len(pairs) <= MAX_MARKERS else 0,
            label=band,
            zorder=3,
            alpha=None if len(pairs) <= MAX_MARKERS else 0.4,
            rasterized=len(pairs) > MAX_MARKERS,
        )


def _histograms(comparison: Comparison, pairs: Sequence[_Pair]) -> Figure:
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    both, errors = figure.subplots(2, 1)
    one, two = [pair.one_s for pair in pairs], [pair.two_s for pair in pairs]
    edges = np.histogram_bin_edges([*one, *two], bins=min(40, max(5, round(len(pairs) ** 0.5) * 2)))
    both.hist(one, bins=list(edges), color=BLUE, alpha=0.55, label=_short(comparison.one))
    both.hist(
        two, bins=list(edges), histtype="step", color=ORANGE, linewidth=1.6, label=_short(comparison.two)
    )
    both.set_xlabel("duration, s")
    both.legend(frameon=False)
    differences = [pair.one_s - pair.two_s for pair in pairs]
    errors.hist(differences, bins=min(40, max(5, round(len(pairs) ** 0.5) * 2)), color=BLUE, alpha=0.55)
    errors.axvline(0, color=GREY, linewidth=1)
    errors.set_xlabel(f"{_short(comparison.one)} − {_short(comparison.two)}, s")
    for axes in (both, errors):
        axes.set_ylabel("cycles")
        axes.yaxis.get_major_locator().set_params(integer=True)
    figure.suptitle(f"{_short(comparison.title)}: durations, n = {len(pairs)}", fontsize=10)
    return figure


@dataclass(frozen=True, slots=True)
class _Row:
    """A piece of time at a station, a row of the timeline."""

    station: Station
    from_ns: int
    to_ns: int


def _spans(matching: Matching) -> list[Span]:
    pairs = matching.pairs
    return [*(p.one for p in pairs), *(p.two for p in pairs), *matching.only_one, *matching.only_two]


def _rows(matching: Matching) -> list[_Row]:
    """Rows of the same length for all stations, about `CYCLES_A_ROW` cycles each; empty ones are left out."""
    spans = _spans(matching)
    if not spans:
        return []
    begin, end = min(span.start_ns for span in spans), max(span.end_ns for span in spans)
    length_ns = min(end - begin, _row_length_ns(spans))
    found = {(span.station, (span.start_ns - begin) // length_ns) for span in spans}
    return [
        _Row(station, begin + piece * length_ns, begin + (piece + 1) * length_ns)
        for station, piece in sorted(found)
    ]


def _row_length_ns(spans: Sequence[Span]) -> int:
    """So long as that many cycles usually take; the median does not mind a night in between."""
    steps: list[int] = []
    for own in by_station(spans).values():
        starts = sorted(span.start_ns for span in own)
        steps += (later - earlier for earlier, later in zip(starts, starts[2:], strict=False))
    longest = max(span.end_ns - span.start_ns for span in spans)
    return max(longest, round(CYCLES_A_ROW * float(np.median(steps)))) if steps else longest


def _timeline(comparison: Comparison, matching: Matching, rows: Sequence[_Row]) -> Figure:
    shown = rows[:MAX_ROWS]
    figure = Figure(figsize=(9.6, 1.5 + 0.95 * len(shown)), layout="constrained")
    parts = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    alone = {id(span) for span in (*matching.only_one, *matching.only_two)}
    upper = by_station((*(pair.one for pair in matching.pairs), *matching.only_one))
    lower = by_station((*(pair.two for pair in matching.pairs), *matching.only_two))
    for axes, row in zip(parts, shown, strict=True):
        for spans, height in ((upper, 1.0), (lower, 0.0)):
            _timeline_spans(axes, row, spans.get(row.station, ()), height, alone)
        axes.set_xlim(0, (row.to_ns - row.from_ns) / NS_PER_S)
        axes.set_ylim(0, 2)
        axes.set_yticks([0.5, 1.5], [_short(comparison.two), _short(comparison.one)])
        axes.set_title(f"{'/'.join(row.station)}  {to_text(row.from_ns)}", loc="left", fontsize=8)
    parts[-1].set_xlabel("seconds from the time at the left")
    bands = {span.band for span in _spans(matching)} - {None}
    if bands:
        patches = [Patch(facecolor=BAND_COLOURS[band], label=band) for band in BANDS if band in bands]
        figure.legend(handles=patches, loc="outside lower center", ncols=4, frameon=False)
    more = f", the first {len(shown)} of {len(rows)} rows" if len(rows) > len(shown) else ""
    figure.suptitle(
        f"{_short(comparison.title)}: {len(matching.pairs)} matched, {len(matching.only_one)} extra, "
        f"{len(matching.only_two)} missed (hatched: no partner){more}",
        fontsize=10,
    )
    return figure


def _timeline_spans(
    axes: Axes, row: _Row, spans: Sequence[Span], height: float, alone: Collection[int]
) -> None:
    for span in spans:
        if span.end_ns <= row.from_ns or span.start_ns >= row.to_ns:
            continue
        axes.broken_barh(
            [((span.start_ns - row.from_ns) / NS_PER_S, span.duration_s)],
            (height + 0.1, 0.8),
            facecolor=BAND_COLOURS[span.band] if height else ORANGE,
            alpha=0.45 if id(span) in alone else 0.9,
            hatch="////" if id(span) in alone else None,
            edgecolor="black",
            linewidth=0.6,
        )


def _bytes(figure: Figure, form: str) -> bytes:
    FigureCanvasAgg(figure)
    content = io.BytesIO()
    metadata = {"Software": None} if form == "png" else {"Date": None, "Creator": None}
    figure.savefig(content, format=form, dpi=DPI, metadata=metadata)
    return content.getvalue()
