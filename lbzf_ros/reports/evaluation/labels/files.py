"""Reads label files of any form, and puts together what one rater labelled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.reports.evaluation.labels.cvat import parse_cvat, read_cvat, video_of
from lbzf_ros.reports.evaluation.labels.entries import seconds_ns
from lbzf_ros.reports.evaluation.labels.json_files import parse_json, read_json, read_json_lines
from lbzf_ros.reports.evaluation.labels.model import LabelError, Labels, Problems, Reading
from lbzf_ros.reports.evaluation.labels.tabular import read_csv
from lbzf_ros.reports.evaluation.spans import Span, Window
from lbzf_ros.store.people.checks import parse_time

ENDINGS = (".json", ".jsonl", ".csv", ".xml")
"""Files that can be read."""
_MAX_BYTES = 200_000_000

_Found = Iterator[tuple[str | None, Span]]


@dataclass(frozen=True, slots=True)
class _File:
    """What one file says. Spans of each rater; a rater of None is the file's."""

    spans: dict[str, list[Span]]
    window: Window | None
    name: str
    sha256: str


def read_labels(paths: Sequence[Path], reading: Reading) -> tuple[Labels, ...]:
    """The labels of all files by rater, in the order of the raters' names.

    Who labelled is what a label or the file says (`rater`), or else the file's name without its ending.

    Raises:
        LabelError: a file cannot be read; all that is wrong in it is listed.
    """
    files = [_read(path, reading) for path in paths]
    raters = sorted({rater for file in files for rater in file.spans})
    return tuple(_joined(rater, [file for file in files if rater in file.spans]) for rater in raters)


def start_of_video(path: Path) -> int:
    """When a video began as `lbzf process` has it: when the file was last changed, in whole milliseconds.

    Raises:
        LabelError: there is no such file.
    """
    try:
        return path.stat().st_mtime_ns // 1_000_000 * 1_000_000
    except OSError as error:
        raise LabelError(f"{path}: {error.strerror}; name the labelled video, or give --origin") from None


def _joined(rater: str, files: Sequence[_File]) -> Labels:
    spans = sorted(
        (span for file in files for span in file.spans[rater]),
        key=lambda span: (span.station, span.start_ns, span.end_ns),
    )
    windows = [file.window for file in files]
    known = [window for window in windows if window is not None]
    # Files that cover several pieces of time: what lies between them is not known to be labelled.
    window = known[0] if len(known) == len(windows) and len(set(known)) == 1 else None
    return Labels(rater, tuple(spans), window, tuple(sorted((file.name, file.sha256) for file in files)))


def _read(path: Path, reading: Reading) -> _File:
    content = _content(path)
    text = _text(path, content)
    problems = Problems(path.name)
    facts: Mapping[str, Any] = {}
    found: _Found
    if path.suffix.lower() == ".json":
        facts = parse_json(text, path.name)
        reading = _with_origin(reading, path, facts, facts.get("video"), problems)
        found = read_json(facts, reading, problems)
    elif path.suffix.lower() == ".jsonl":
        found = read_json_lines(text, reading, problems)
    elif path.suffix.lower() == ".csv":
        found = read_csv(text, reading, problems)
    else:
        root = parse_cvat(text, path.name)
        reading = _with_origin(reading, path, facts, video_of(root), problems)
        found = read_cvat(root, reading, problems)
    rater = str(facts.get("rater") or path.stem)
    spans: dict[str, list[Span]] = {rater: []}
    for named, span in found:
        spans.setdefault(named or rater, []).append(replace(span, name=f"{path.name}: {span.name}"))
    if len(spans) > 1 and not spans[rater]:
        del spans[rater]
    window = _window(facts, reading, problems)
    problems.raise_if_any()
    return _File(spans, window, path.name, hashlib.sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    if path.suffix.lower() not in ENDINGS:
        raise LabelError(f"{path}: label files end with {', '.join(ENDINGS)}")
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise LabelError(f"{path}: has more than {_MAX_BYTES // 1_000_000} MB; that is no label file")
        return path.read_bytes()
    except OSError as error:
        raise LabelError(f"{path}: {error.strerror}") from None


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise LabelError(f"{path.name}: line {line}: is not UTF-8; save the file as UTF-8") from None


def _with_origin(
    reading: Reading, path: Path, facts: Mapping[str, Any], video: object, problems: Problems
) -> Reading:
    """What was asked for counts first, then what the file says, then the video beside the file."""
    if reading.origin_ns is not None:
        return reading
    if facts.get("origin") is not None:
        try:
            return replace(reading, origin_ns=parse_time(facts["origin"], "origin"))
        except InvalidValue as error:
            problems.add("file", error)
    elif isinstance(video, str) and (path.parent / Path(video).name).is_file():
        return replace(reading, origin_ns=start_of_video(path.parent / Path(video).name))
    return reading


def _window(facts: Mapping[str, Any], reading: Reading, problems: Problems) -> Window | None:
    """The time that a file says to cover: `from` and `to`, or `duration_s` from the origin."""
    try:
        if facts.get("from") is not None or facts.get("to") is not None:
            window = Window(*(_time(facts.get(name), name) for name in ("from", "to")))
        elif facts.get("duration_s") is not None and reading.origin_ns is not None:
            length_ns = seconds_ns(facts["duration_s"], "duration_s")
            window = Window(reading.origin_ns, reading.origin_ns + length_ns)
        else:
            return None
        if window.from_ns is not None and window.to_ns is not None and window.to_ns <= window.from_ns:
            raise InvalidValue("the time that is covered must end after it begins")
    except InvalidValue as error:
        problems.add("file", error)
        return None
    return window


def _time(value: object, name: str) -> int | None:
    return None if value is None else parse_time(value, name)
