"""Draws a run: a still of the scene with its zones, and for each station what is true, seen and measured over time."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from lbzf_ros.core import model
from lbzf_ros.core.model import CycleEvent, EventKind, Quality
from lbzf_ros.scenarios.trial import Judged, Trial, scene_of
from lbzf_ros.scenarios.visibility import Fate

SHOWN_S = 180.0
"""So much of a run is drawn."""
_DPI, _JPEG_QUALITY = 100, 82
_TRUTH = {Fate.MUST: "#0072b2", Fate.MAY: "#9ecae1", Fate.MUST_NOT: "#bbbbbb"}
_QUALITY = {Quality.GREEN: "#009e73", Quality.YELLOW: "#e6b800", Quality.RED: "#cc3311"}
_EVIDENCE = {
    model.Evidence.PRESENT: "#333333",
    model.Evidence.NEAR: "#b07aa1",
    model.Evidence.UNKNOWN: "#dddddd",
}
_ZONE_BGR = (60, 220, 255)
_LEGEND = {
    "true cycle": _TRUTH[Fate.MUST],
    "true, may be counted or not": _TRUTH[Fate.MAY],
    "true, must not be counted": _TRUTH[Fate.MUST_NOT],
    "evidence": _EVIDENCE[model.Evidence.PRESENT],
    "near": _EVIDENCE[model.Evidence.NEAR],
    "unknown": _EVIDENCE[model.Evidence.UNKNOWN],
    "counted, green": _QUALITY[Quality.GREEN],
    "yellow": _QUALITY[Quality.YELLOW],
    "red": _QUALITY[Quality.RED],
}


def draw(trial: Trial) -> bytes:
    """The picture of a run as JPEG."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False})
        figure = _figure(trial)
        FigureCanvasAgg(figure)
        content = io.BytesIO()
        figure.savefig(content, format="jpg", dpi=_DPI, pil_kwargs={"quality": _JPEG_QUALITY})
    return content.getvalue()


def still(trial: Trial, at_s: float) -> NDArray[np.uint8]:
    """What the camera saw at a time, with its zones: uint8 (height, width, 3), bgr."""
    scenario = trial.job.scenario
    picture = scene_of(scenario, scenario.plant(trial.job.fps), trial.job.seed).render(at_s)
    for station in trial.rois.workstations:
        for zone in station.zones:
            corners = np.rint(np.array(zone.polygon_px)).astype(np.int32)
            cv2.polylines(picture, [corners], True, _ZONE_BGR, 1, cv2.LINE_AA)
    return picture


def _figure(trial: Trial) -> Figure:
    scenario, stations = trial.job.scenario, trial.rois.workstations
    heights = [0.28 * (2 + len(station.zones)) + 0.25 for station in stations]
    figure = Figure(figsize=(10.5, 2.7 + sum(heights)), layout="constrained")
    parts = figure.add_gridspec(1 + len(stations), 2, height_ratios=[2.4, *heights], width_ratios=[1, 1.6])
    view = figure.add_subplot(parts[0, 0])
    view.imshow(still(trial, scenario.still_s)[..., ::-1])
    view.set_axis_off()
    words = figure.add_subplot(parts[0, 1])
    words.set_axis_off()
    text = f"{scenario.sentence}\n\nWrong: {scenario.wrong}.\n\nExpected: {scenario.expected}."
    words.text(0, 1, text, va="top", wrap=True, fontsize=8, linespacing=1.05, parse_math=False)
    way = f"seed {trial.job.seed}, {trial.job.fps:g} fps, {trial.way}"
    note = f"Left: second {scenario.still_s:g}. Below: {way}. Orange: the picture tells nothing."
    words.text(0, 0.36, note, va="top", wrap=True, color="#555555", fontsize=7)
    patches = [Patch(facecolor=colour, label=name) for name, colour in _LEGEND.items()]
    patches.append(Patch(facecolor="white", edgecolor="black", hatch="////", label="rejected or given up"))
    words.legend(handles=patches, loc="lower left", ncols=4, frameon=False, fontsize=7)
    axes = [figure.add_subplot(parts[1 + i, :]) for i in range(len(stations))]
    for one, station in zip(axes, stations, strict=True):
        _station(one, trial, station.code)
    axes[-1].set_xlabel("seconds of the scene")
    return figure


def _station(axes: Axes, trial: Trial, station: str) -> None:
    from_s = trial.job.scenario.from_s
    to_s = from_s + min(SHOWN_S, trial.job.minutes * 60)
    zones = [evidence for evidence in trial.evidence if evidence.station == station]
    names = ["measured", *(evidence.zone for evidence in reversed(zones)), "true"]
    for judged in trial.truth:
        if judged.cycle.workstation == station:
            _true(axes, judged, len(names) - 1)
    for row, evidence in enumerate(reversed(zones), 1):
        for value, colour in _EVIDENCE.items():
            spans = _spans(trial.times_s, evidence.values == value, 1.5 / trial.job.fps)
            axes.broken_barh(spans, (row + 0.2, 0.6), facecolor=colour)
    for event in trial.events:
        if event.workstation == station and event.kind is not EventKind.START:
            _measured(axes, event, trial.scene_s, to_s)
    for begin_s, length_s in _spans(trial.times_s, trial.hidden, 1.5 / trial.job.fps):
        axes.axvspan(begin_s, begin_s + length_s, color="#ff7f0e", alpha=0.18, linewidth=0)
    axes.set_xlim(from_s, to_s)
    axes.set_ylim(0, len(names))
    axes.set_yticks([i + 0.5 for i in range(len(names))], names)
    rule = next(one.rule for one in trial.rois.workstations if one.code == station)
    axes.set_title(f"{station} ({rule})", loc="left", fontsize=8)


def _true(axes: Axes, judged: Judged, row: int) -> None:
    start_s, end_s = judged.cycle.start_s, judged.cycle.end_s
    bar: dict[str, Any] = {"facecolor": _TRUTH[judged.fate], "edgecolor": "black", "linewidth": 0.6}
    axes.broken_barh([(start_s, end_s - start_s)], (row + 0.1, 0.8), **bar)
    if judged.cycle.unmeasurable:
        axes.text(start_s + 0.5, row + 0.5, judged.cycle.unmeasurable, va="center", fontsize=6, clip_on=True)


def _measured(axes: Axes, event: CycleEvent, scene_s: Callable[[int], float], to_s: float) -> None:
    start_s = scene_s(event.start_ns)
    end_s = to_s if event.end_ns is None else scene_s(event.end_ns)
    counted = event.kind is EventKind.END
    bar: dict[str, Any] = {"edgecolor": "black", "linewidth": 0.6}
    bar |= {"facecolor": _QUALITY[event.quality]} if counted else {"facecolor": "white", "hatch": "////"}
    axes.broken_barh([(start_s, end_s - start_s)], (0.1, 0.8), **bar)
    label = f"{event.duration_s:.1f} s" if counted else ", ".join(event.reasons)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8}
    axes.text(start_s + 0.5, 0.5, label, va="center", fontsize=6, clip_on=True, bbox=box)


def _spans(
    times_s: NDArray[np.float64], where: NDArray[np.bool_], longest_step_s: float
) -> Sequence[tuple[float, float]]:
    """Begin and length of the runs of True; each picture lasts until the next one, but not for longer than that."""
    if not where.any():
        return []
    lasts = np.minimum(np.diff(times_s, append=times_s[-1] + longest_step_s), longest_step_s)
    spans: list[tuple[float, float]] = []
    for time_s, last_s in zip(times_s[where], lasts[where], strict=True):
        if spans and time_s - sum(spans[-1]) < 1e-6:
            spans[-1] = (spans[-1][0], time_s + last_s - spans[-1][0])
        else:
            spans.append((float(time_s), float(last_s)))
    return spans
