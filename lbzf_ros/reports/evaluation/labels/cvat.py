"""Labels as CVAT XML 1.1: a track of a video task is a cycle, or a run of images with a tag.

The end of a cycle is the first frame in which the object is `outside`; a track that has none ends one frame step after
its last frame. CVAT writes frames as numbers of the video, also of a task that takes every n-th frame only.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.reports.evaluation.labels.entries import frame_ns, station_of
from lbzf_ros.reports.evaluation.labels.model import LabelError, Problems, Reading
from lbzf_ros.reports.evaluation.spans import Span
from lbzf_ros.store.people.checks import shown

_SHAPES = ("box", "polygon", "polyline", "points", "cuboid", "ellipse", "mask", "skeleton")


@dataclass(frozen=True, slots=True)
class _Run:
    """Frames `first` to before `end`, and who works where."""

    where: str
    label: str
    first: int
    end: int
    attributes: dict[str, str]


def parse_cvat(text: str, file: str) -> ET.Element:
    """The root of a CVAT file.

    Raises:
        LabelError: it is no XML, or not CVAT's.
    """
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        line, column = error.position
        raise LabelError(f"{file}: line {line}, column {column + 1}: is no XML: {error}") from None
    if root.tag != "annotations":
        raise LabelError(f"{file}: begins with <{root.tag}>; CVAT XML 1.1 begins with <annotations>")
    return root


def video_of(root: ET.Element) -> str | None:
    """The name of the labelled video, if the file has it."""
    return root.findtext(".//meta//source") or root.findtext(".//source")


def read_cvat(root: ET.Element, reading: Reading, problems: Problems) -> Iterator[tuple[str | None, Span]]:
    """Rater (never known) and span of each cycle; what is wrong goes to `problems`."""
    step = _step(root)
    runs = [*_track_runs(root, step, problems), *_tag_runs(root, step, problems)]
    names = sorted({run.label for run in runs})
    wanted = reading.cvat_label
    if wanted is None and len(names) > 1:
        problems.add(
            "file", f"has the labels {', '.join(names)}; say with --cvat-label which one marks a cycle"
        )
        return
    if wanted is not None and wanted not in names:
        problems.add("file", f"has no label {wanted!r}; it has {', '.join(names) or 'none'}")
        return
    for run in runs:
        if wanted in (None, run.label):
            try:
                yield None, _span(run, reading)
            except InvalidValue as error:
                problems.add(run.where, error)


def _span(run: _Run, reading: Reading) -> Span:
    start_ns, end_ns = frame_ns(run.first, reading), frame_ns(run.end, reading)
    station = station_of(run.attributes.get("module"), run.attributes.get("workstation"), reading)
    return Span(station, start_ns, end_ns, run.where)


def _step(root: ET.Element) -> int:
    """Every how many frames of the video the task has one."""
    found = re.search(r"step\s*=\s*(\d+)", root.findtext(".//frame_filter") or "")
    return max(1, int(found[1])) if found else 1


def _track_runs(root: ET.Element, step: int, problems: Problems) -> Iterator[_Run]:
    """Runs of frames in which the object of a track is not outside."""
    for number, track in enumerate(root.iter("track")):
        where = f"track id={track.get('id', f'({number + 1}th)')}"
        shapes: dict[int, ET.Element] = {}
        for shape in (child for child in track if child.tag in _SHAPES):
            try:
                shapes[_frame(shape.get("frame"))] = shape
            except InvalidValue as error:
                problems.add(f"{where}, {shape.tag}", error)
        first: int | None = None
        last = None
        for frame, shape in sorted(shapes.items()):
            if shape.get("outside") == "1":
                if first is not None:
                    yield _Run(where, _label(track), first, frame, _attributes(shapes[first], track))
                first = None
            elif first is None:
                first = frame
            last = frame
        if first is not None and last is not None:
            yield _Run(where, _label(track), first, last + step, _attributes(shapes[first], track))


def _tag_runs(root: ET.Element, step: int, problems: Problems) -> Iterator[_Run]:
    """Runs of images, one frame step apart, with the same tag and attributes."""
    runs: dict[tuple[str, str], _Run] = {}
    for image in root.iter("image"):
        for tag in image.iter("tag"):
            where = f"image id={image.get('id')}, tag {_label(tag)}"
            try:
                frame = _frame(image.get("id"))
            except InvalidValue as error:
                problems.add(where, error)
                continue
            attributes = _attributes(tag)
            key = _label(tag), repr(sorted(attributes.items()))
            run = runs.get(key)
            if run is not None and run.end >= frame > run.first:
                runs[key] = _Run(run.where, run.label, run.first, frame + step, attributes)
                continue
            if run is not None:
                yield run
            runs[key] = _Run(where, _label(tag), frame, frame + step, attributes)
    yield from runs.values()


def _frame(text: str | None) -> int:
    try:
        number = int(text or "")
    except ValueError:
        number = -1
    if number < 0:
        raise InvalidValue(f"frame {shown(text)} must be a whole number from 0")
    return number


def _label(element: ET.Element) -> str:
    return element.get("label") or "(none)"


def _attributes(*elements: ET.Element) -> dict[str, str]:
    """Attributes of the first element that has each."""
    found: dict[str, str] = {}
    for element in reversed(elements):
        for attribute in element.findall("attribute"):
            found[attribute.get("name") or ""] = (attribute.text or "").strip()
    return found
