"""The timeline picture of a cycle: what was seen, the timers that ran out, and what came of it.

One lane a zone, one for people, one for the camera; the picture of the start beside them. PNG or SVG; the same cycle
and the same matplotlib give the same bytes.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.explanation import Explanation, PersonSpan, PictureSpan, ZoneDecision
from lbzf_ros.core.explanation import Figure as CycleFigure
from lbzf_ros.core.model import NS_PER_S, Drift, Evidence
from lbzf_ros.core.trace import LEAD_S
from lbzf_ros.reports.explain import words
from lbzf_ros.reports.explain.explained import Explained
from lbzf_ros.reports.explain.story import decisions, head, reasons
from lbzf_ros.store.rows import CycleRow

DPI = 100
FORMATS = ("png", "svg")
_BLUE, _SKY, _GREEN, _ORANGE, _VERMILION = "#0072b2", "#9fc9e8", "#009e73", "#e69f00", "#d55e00"
_PALE, _GREY = "#ececec", "#6b6b6b"
_EVIDENCE = {
    int(Evidence.PRESENT): (_BLUE, "present"),
    int(Evidence.NEAR): (_SKY, "beside it, or moving a little"),
    int(Evidence.ABSENT): (_PALE, "absent"),
    int(Evidence.UNKNOWN): ("white", "not known"),
}
_VIEW = {
    int(Drift.OK): ("#bfe5d7", words.DRIFT[Drift.OK]),
    int(Drift.DRIFTED): (_ORANGE, words.DRIFT[Drift.DRIFTED]),
    int(Drift.UNKNOWN): ("white", words.DRIFT[Drift.UNKNOWN]),
    int(Drift.UNCHECKED): (_PALE, words.DRIFT[Drift.UNCHECKED]),
}
_UNKNOWN = (int(Evidence.UNKNOWN), int(Drift.UNKNOWN))
_VERDICTS = {"ok": "black", "green": "#00704f", "yellow": "#8a6d00", "unknown": _GREY}
_ROWS_OF_PEOPLE = 4
_WRAP = 150
_OF_A_CHARACTER = 0.0062
"""Its width, as a share of the timeline's."""


def draw(cycle: Explained, form: str = "png") -> bytes:
    """The timeline as the content of a file.

    Args:
        cycle: with an explanation.
        form: png or svg.

    Raises:
        InvalidValue: there is no explanation to draw.
    """
    if cycle.why is None:
        raise InvalidValue(
            f"cycle {cycle.row.event_uid}: why it was decided so was not kept; nothing to draw"
        )
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the user's own settings are
        mpl.rcParams.update({"svg.hashsalt": "lbzf", "text.parse_math": False, "font.size": 9})
        mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "hatch.linewidth": 0.6})
        return _bytes(_figure(cycle.row, cycle.why, cycle.frame), form)


def _figure(row: CycleRow, why: Explanation, frame: Path | None) -> Figure:
    lanes = len(why.zones) + 3
    figure = Figure(figsize=(14.0, 2.4 + 0.78 * lanes), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(2.3, 1), height_ratios=(1.0, 1.0))
    _Timeline(figure.add_subplot(grid[:, 0]), row, why).draw()
    picture = _picture(frame)
    if picture is not None:
        beside = figure.add_subplot(grid[0, 1])
        beside.imshow(picture)
        beside.set_title("picture of the start", fontsize=9, loc="left")
        beside.set_axis_off()
    _figures(figure.add_subplot(grid[1, 1] if picture is not None else grid[:, 1]), why)
    figure.suptitle(_title(row, why), fontsize=10, x=0.01, ha="left")
    figure.legend(handles=_legend(why), loc="outside lower left", ncols=8, frameon=False, fontsize=8)
    return figure


def _title(row: CycleRow, why: Explanation) -> str:
    lines = [*head(row, why.time_zone), *reasons(row)]
    if why.merged_below_s:
        lines.append(f"Runs of evidence shorter than {why.merged_below_s:g} s are merged into others.")
    return "\n".join(part for line in lines for part in textwrap.wrap(line, _WRAP))


class _Timeline:
    """Draws into one pair of axes. x is seconds after the start, y 1 for each lane, the first one on top."""

    def __init__(self, axes: Axes, row: CycleRow, why: Explanation) -> None:
        self._axes, self._row, self._why = axes, row, why
        self._until = self._x(why.decided_ns)
        self._from = min(-LEAD_S, self._x(why.opened_by.since_ns) - 1)
        self._names = ["cycle", *(zone.zone for zone in why.zones), "people", "camera"]

    def draw(self) -> None:
        """Draw all lanes."""
        self._gaps()
        self._cycle()
        for number, zone in enumerate(self._why.zones, start=1):
            self._spans(self._y(number), 0.42, zone.spans, _EVIDENCE)
        self._people(self._y(len(self._names) - 2))
        self._spans(self._y(len(self._names) - 1), 0.34, self._why.drift, _VIEW)
        self._timers()
        self._frame()

    def _x(self, stamp_ns: int) -> float:
        return (stamp_ns - self._row.start_ns) / NS_PER_S

    def _y(self, lane: int) -> float:
        return len(self._names) - 1.0 - lane

    def _bar(self, from_x: float, to_x: float, y: float, height: float, **style: Any) -> None:
        begin = max(from_x, self._from)
        if to_x > begin:
            style = {"edgecolor": "white", "linewidth": 0.4, **style}
            self._axes.broken_barh([(begin, to_x - begin)], (y, height), **style)

    def _spans(
        self, y: float, height: float, spans: Sequence[PictureSpan], kinds: Mapping[int, tuple[str, str]]
    ) -> None:
        ends = [*(span.start_ns for span in spans[1:]), self._why.decided_ns]
        for span, end_ns in zip(spans, ends, strict=True):
            colour, name = kinds[span.value]
            hatch = "///" if name in (kinds[0][1], kinds[2][1]) and colour == "white" else None
            self._bar(
                self._x(span.start_ns),
                self._x(end_ns),
                y + 0.06,
                height,
                facecolor=colour,
                hatch="xxx" if span.is_mixed else hatch,
                edgecolor=_GREY if span.is_mixed or hatch else "white",
            )

    def _cycle(self) -> None:
        row, y = self._row, self._y(0)
        end_ns = self._why.decided_ns if row.end_ns is None else row.end_ns
        counts = row.status in ("complete", "manual_override", "in_progress")
        colour = {"green": _GREEN, "yellow": "#e6c229", "red": "#cc3311"}.get(row.quality or "", "#999999")
        style: dict[str, Any] = {"facecolor": colour} if counts else {"facecolor": "#bbbbbb", "hatch": "////"}
        self._bar(0, self._x(end_ns), y + 0.1, 0.4, edgecolor="black", linewidth=0.6, **style)
        text = row.status if row.duration_s is None else f"{row.status}, {row.duration_s:.1f} s"
        self._axes.text(self._x(end_ns) / 2, y + 0.56, text, ha="center", va="bottom", fontsize=9)
        self._mark(0, self._why.opened_by.slack_ns, "start")
        if row.end_ns is not None:
            closed_by = self._why.closed_by
            self._mark(self._x(row.end_ns), closed_by.slack_ns if closed_by else 0, "end")

    def _mark(self, x: float, slack_ns: int, name: str) -> None:
        """A start or an end, with the time before it in which it may have been."""
        self._axes.axvspan(x - slack_ns / NS_PER_S, x, color="black", alpha=0.12, linewidth=0)
        self._axes.axvline(x, color="black", linewidth=1)
        self._axes.annotate(
            f"{name} {words.clock(self._row.start_ns + round(x * NS_PER_S), self._why.time_zone)}",
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 0),
            textcoords="offset points",
            fontsize=8,
            va="bottom",
        )

    def _people(self, y: float) -> None:
        rows = _rows(self._why.people)
        height = 0.84 / max(len(rows), 1)
        for number, people in enumerate(rows):
            for one in people:
                begin, end = self._x(one.start_ns), self._x(one.end_ns) + 1 / self._why.fps
                base = y + 0.86 - (number + 1) * height
                colour = _GREEN if one.operator else _VERMILION
                self._bar(begin, end, base, height * 0.86, facecolor=colour)
                if end - max(begin, self._from) > (self._until - self._from) / 12:
                    self._axes.text(
                        max(begin, self._from) + 0.004 * (self._until - self._from),
                        base + height * 0.42,
                        _person(one),
                        color="white",
                        fontsize=7,
                        va="center",
                        clip_on=True,
                    )

    def _gaps(self) -> None:
        for gap in self._why.gaps:
            begin, end = max(self._x(gap.start_ns), self._from), self._x(gap.end_ns)
            if end > begin:
                self._axes.axvspan(begin, end, facecolor="#cc3311", alpha=0.14, linewidth=0)

    def _timers(self) -> None:
        """Arrows from the first evidence to the decision."""
        lanes = {zone.zone: number for number, zone in enumerate(self._why.zones, start=1)}
        drawn = dict.fromkeys(lanes, 0)
        taken: dict[float, float] = {}
        for one in decisions(self._why):
            if self._x(one.decided_ns) < self._from or one.zone not in lanes:
                continue
            self._timer(one, self._y(lanes[one.zone]) + 0.6 + 0.17 * (drawn[one.zone] % 2), taken)
            drawn[one.zone] += 1

    def _timer(self, one: ZoneDecision, y: float, taken: dict[float, float]) -> None:
        decisive = one in (self._why.opened_by, self._why.closed_by)
        colour = _GREY if not one.attended else "black" if decisive else _BLUE
        begin, end = max(self._x(one.since_ns), self._from), self._x(one.decided_ns)
        self._axes.annotate(
            "",
            (end, y),
            (begin, y),
            arrowprops={
                "arrowstyle": "|-|, widthA=0.25, widthB=0" if end - begin < 0.05 else "-|>, head_width=0.2",
                "color": colour,
                "linestyle": "-" if one.attended else ":",
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
        name = "entered" if one.entered else "left"
        text = f"{name}: {one.lasted_ns / NS_PER_S:.1f} s >= {one.timer} {one.limit_ns / NS_PER_S:g} s"
        if not one.attended:
            text = f"{name}, ignored: nobody there"
        right = begin > self._from + 0.75 * (self._until - self._from)
        # Words only where there is room for them, or where they matter most.
        width = _OF_A_CHARACTER * len(text) * (self._until - self._from)
        left = begin - width if right else end
        if left < taken.get(y, self._from - 1) and not decisive:
            return
        taken[y] = max(left + width, taken.get(y, left))
        self._axes.annotate(
            text,
            (begin if right else end, y),
            xytext=(-3 if right else 3, 0),
            textcoords="offset points",
            color=colour,
            fontsize=7,
            va="center",
            ha="right" if right else "left",
        )

    def _frame(self) -> None:
        axes, start_ns, zone = self._axes, self._row.start_ns, self._why.time_zone
        axes.set_xlim(self._from, self._until + 0.02 * (self._until - self._from))
        axes.set_ylim(0, len(self._names))
        axes.set_yticks([self._y(number) + 0.35 for number in range(len(self._names))], self._names)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        for number in range(len(self._names)):
            axes.axhline(self._y(number), color="#d0d0d0", linewidth=0.6)
        axes.xaxis.set_major_locator(MaxNLocator(8))
        axes.xaxis.set_major_formatter(
            FuncFormatter(lambda x, _: f"{words.clock(start_ns + round(x * NS_PER_S), zone)}\n{x:+g} s")
        )


def _rows(people: Sequence[PersonSpan]) -> list[list[PersonSpan]]:
    """People in as few rows as it takes not to overlap: operators on top; what does not fit is left out."""
    rows: list[list[PersonSpan]] = []
    for one in sorted(people, key=lambda person: (not person.operator, person.start_ns)):
        free = next((row for row in rows if all(_apart(one, other) for other in row)), None)
        if free is not None:
            free.append(one)
        elif len(rows) < _ROWS_OF_PEOPLE:
            rows.append([one])
    return rows


def _apart(one: PersonSpan, other: PersonSpan) -> bool:
    return one.end_ns < other.start_ns or other.end_ns < one.start_ns


def _person(one: PersonSpan) -> str:
    who = "operator" if one.operator else "somebody else"
    track = "" if one.track_id < 0 else f" #{one.track_id}"
    return f"{who}{track}" + ("" if one.mean_confidence is None else f", {one.mean_confidence:.2f}")


def _figures(axes: Axes, why: Explanation) -> None:
    """The figures with their limits, as text."""
    axes.set_axis_off()
    if not why.figures:
        axes.text(0, 1, "no end, so no figures", va="top", color=_GREY, transform=axes.transAxes)
        return
    step = 1.0 / (len(why.figures) + 1)
    for number, figure in enumerate(why.figures):
        value, _, verdict = words.figure(figure)
        y = 1 - number * step
        colour = _VERDICTS.get(verdict, "#cc3311")
        style: dict[str, Any] = {"va": "top", "fontsize": 7.5, "transform": axes.transAxes, "color": colour}
        axes.text(0, y, figure.name, **style)
        axes.text(0.38, y, textwrap.shorten(value, 36, placeholder="…"), **style)
        axes.text(0.54, y, _limits(figure), **style)
        axes.text(1.0, y, verdict, ha="right", fontweight="bold", **style)


def _limits(figure: CycleFigure) -> str:
    """Short, for there is little room; the story has their names."""
    return ", ".join(
        f"{limit.name + ' ' if limit.name in _VERDICTS else ''}{'≥' if limit.at_least else '≤'} {limit.value:g}"
        for limit in figure.limits
    )


def _legend(why: Explanation) -> list[Patch]:
    seen = {span.value for zone in why.zones for span in zone.spans}
    shown = {span.value for span in why.drift}
    patches = [_patch(*_EVIDENCE[value]) for value in _EVIDENCE if value in seen]
    patches += [_patch(*_VIEW[value]) for value in _VIEW if value in shown]
    if any(span.is_mixed for zone in why.zones for span in zone.spans):
        patches.append(Patch(facecolor=_PALE, edgecolor=_GREY, hatch="xxx", label="mostly so"))
    if why.gaps:
        patches.append(Patch(facecolor="#cc3311", alpha=0.14, label="no picture"))
    patches.append(Patch(facecolor="black", alpha=0.12, label="start or end may lie there"))
    return patches


def _patch(colour: str, name: str) -> Patch:
    hatch = "///" if colour == "white" else None
    return Patch(facecolor=colour, edgecolor=_GREY, hatch=hatch, label=name, linewidth=0.5)


def _picture(path: Path | None) -> Any:
    """The picture's pixels; None: there is none, or it cannot be read."""
    if path is None:
        return None
    try:
        return imread(path)
    except (OSError, ValueError):
        return None


def _bytes(figure: Figure, form: str) -> bytes:
    FigureCanvasAgg(figure)
    content = io.BytesIO()
    metadata = {"Software": None} if form == "png" else {"Date": None, "Creator": None}
    figure.savefig(content, format=form, dpi=DPI, metadata=metadata)
    return content.getvalue()
