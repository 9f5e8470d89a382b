"""One label: from the names and values of a CSV row or a JSON object to a span."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.evaluation.labels.model import Reading
from lbzf_ros.reports.evaluation.spans import Span, Station
from lbzf_ros.store.people.checks import parse_time, shown, time_text

TIMES = {
    "start": ("start", "start_s", "start_ns", "arrive_s"),
    "end": ("end", "end_s", "end_ns", "depart_s"),
}
"""Names under which a label's start and end may stand."""


def span_of(entry: Mapping[str, object], where: str, reading: Reading) -> Span:
    """The span that an entry describes.

    Raises:
        InvalidValue: a time or the station is missing, or cannot be.
    """
    start_ns = _time_ns(entry, "start", reading)
    end_ns = _time_ns(entry, "end", reading)
    if end_ns <= start_ns:
        raise InvalidValue(f"end {_found(entry, 'end')} must lie after start {_found(entry, 'start')}")
    return Span(station_of(entry.get("module"), entry.get("workstation"), reading), start_ns, end_ns, where)


def station_of(module: object, workstation: object, reading: Reading) -> Station:
    """The station that a label names, or the one for labels that name none.

    Raises:
        InvalidValue: there is no such station, or none is named.
    """
    if not module and not workstation:
        if reading.station is None:
            raise InvalidValue(
                f"names no station; add module and workstation, or give --station, one of {_known(reading)}"
            )
        return reading.station
    if (exact := (str(module), str(workstation))) in reading.stations:
        return exact
    found = [station for station in reading.stations if station[1] == workstation and not module]
    if len(found) != 1:
        named = "/".join(str(part) for part in (module, workstation) if part)
        raise InvalidValue(f"station {named[:80]!r} is not one of {_known(reading)}")
    return found[0]


def _known(reading: Reading) -> str:
    return ", ".join("/".join(station) for station in sorted(reading.stations))


def seconds_ns(value: object, name: str) -> int:
    """Seconds as nanoseconds; a decimal comma is a point.

    Raises:
        InvalidValue: it is no finite number.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        seconds = float(value.replace(",", ".") if isinstance(value, str) else value)  # type: ignore[arg-type]
        if not math.isfinite(seconds) or abs(seconds) > 1e9:
            raise ValueError
    except (TypeError, ValueError):
        raise InvalidValue(f"{name} {shown(value)} must be a number of seconds") from None
    return round(seconds * NS_PER_S)


def frame_ns(frame: object, reading: Reading) -> int:
    """The time of a frame of the labelled video.

    Raises:
        InvalidValue: it is no frame, or the video's rate or begin is not known.
    """
    if reading.fps is None:
        raise InvalidValue("times are frames; say with --fps how many a second the labelled video has")
    try:
        number = int(str(frame))
        if number < 0:
            raise ValueError
    except ValueError:
        raise InvalidValue(f"frame {shown(frame)} must be a whole number from 0") from None
    return _from_origin(round(number / reading.fps * NS_PER_S), reading)


def _time_ns(entry: Mapping[str, object], side: str, reading: Reading) -> int:
    names = [name for name in TIMES[side] if entry.get(name) not in (None, "")]
    if len(names) != 1:
        problem = f"has {' and '.join(names)}; one is allowed" if names else "is missing"
        raise InvalidValue(f"{side} {problem}; name it {', '.join(TIMES[side])}")
    name, value = names[0], entry[names[0]]
    if name.endswith("_ns"):
        return _nanoseconds(value, name)
    if name.endswith("_s"):
        return _from_origin(seconds_ns(value, name), reading)
    return parse_time(value, name)


def _nanoseconds(value: object, name: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise InvalidValue(f"{name} {shown(value)} must be whole nanoseconds since 1970") from None
    time_text(number, name)
    return number


def _from_origin(offset_ns: int, reading: Reading) -> int:
    if reading.origin_ns is None:
        raise InvalidValue(
            "times count from the begin of a video; say when that was with --origin, or name the video with --video"
        )
    time_text(reading.origin_ns + offset_ns, "time")
    return reading.origin_ns + offset_ns


def _found(entry: Mapping[str, object], side: str) -> str:
    return next(shown(entry[name]) for name in TIMES[side] if entry.get(name) not in (None, ""))
