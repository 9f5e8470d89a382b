"""What an explanation says, in words: the same ones in the story and in the picture."""

from __future__ import annotations

from lbzf_ros.core.explanation import Explanation, Figure, PictureSpan, ZoneDecision, ZoneEvidence
from lbzf_ros.core.model import NS_PER_S, Drift, Evidence
from lbzf_ros.core.shift_hours import local_time

_PERSON = {
    Evidence.ABSENT: "operator not in it",
    Evidence.PRESENT: "operator in it",
    Evidence.UNKNOWN: "view not clear, nothing is known",
    Evidence.NEAR: "operator beside it",
}
_MOTION = {
    Evidence.ABSENT: "still",
    Evidence.PRESENT: "moving",
    Evidence.UNKNOWN: "not known",
    Evidence.NEAR: "moving a little",
}
DRIFT = {
    Drift.UNKNOWN: "view not recognised",
    Drift.OK: "camera where it was",
    Drift.DRIFTED: "camera has moved",
    Drift.UNCHECKED: "view not checked: nothing to compare with",
}


def clock(stamp_ns: int, time_zone: str) -> str:
    """Local time of day, to a tenth of a second."""
    tenths = (stamp_ns + NS_PER_S // 20) // (NS_PER_S // 10)
    return f"{local_time(tenths * (NS_PER_S // 10), time_zone):%H:%M:%S}.{tenths % 10}"


def day(stamp_ns: int, time_zone: str) -> str:
    """Local day."""
    return f"{local_time(stamp_ns, time_zone):%d/%m/%Y}"


def seen(zone: ZoneEvidence, span: PictureSpan) -> str:
    """What most pictures of a span said of a zone, and that others said something else."""
    names = _PERSON if zone.evidence == "person" else _MOTION
    return _with_others(span, {int(value): name for value, name in names.items()})


def view(span: PictureSpan) -> str:
    """What a span says of the camera."""
    return _with_others(span, {int(value): name for value, name in DRIFT.items()})


def decision(one: ZoneDecision, why: Explanation) -> str:
    """A crossing with the timer that decided it."""
    time_zone = why.time_zone
    since, lasted, limit = clock(one.since_ns, time_zone), one.lasted_ns / NS_PER_S, one.limit_ns / NS_PER_S
    ran = f"{lasted:.1f} s >= {one.timer} {limit:.1f} s"
    if one.timer == "successor_s":
        what = "entered by his successor" if one.entered else "left by its operator"
        text = f"{one.zone} {what} at {since}: somebody else had been in it for {ran}"
    elif one.entered:
        text = f"{one.zone} entered at {since}: evidence since then lasted {ran}"
    elif one.timer == "linger_s":
        by_person = any(zone.zone == one.zone and zone.evidence == "person" for zone in why.zones)
        seen = "nobody in it, though beside it," if by_person else "hardly moving"
        text = f"{one.zone} left at {since}: {seen} for {ran}"
    else:
        text = f"{one.zone} left at {since}: without evidence for {ran}"
    if one.attended:
        return text
    alone = "ever" if one.alone_ns is None else f"for {one.alone_ns / NS_PER_S:.1f} s"
    return f"{text}; ignored, because nobody had been at the station {alone}"


def figure(one: Figure) -> tuple[str, str, str]:
    """Value, limits and verdict of a figure."""
    limits = ", ".join(
        f"{limit.name} {'>=' if limit.at_least else '<='} {_number(one.name, limit.value)}"
        for limit in one.limits
    )
    value = one.text or ("not known" if one.value is None else _number(one.name, one.value))
    return value, limits, one.verdict


def _number(name: str, value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return f"{text} s" if name.endswith("_s") else text


def _with_others(span: PictureSpan, names: dict[int, str]) -> str:
    text = names[span.value]
    if not span.is_mixed:
        return text
    others = (
        f"{names[value]} in {count}"
        for value, count in enumerate(span.pictures)
        if count and value != span.value
    )
    return f"mostly {text} ({', '.join(others)} of {sum(span.pictures)} pictures)"
