"""The story of a cycle in words, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lbzf_ros.core.explanation import Explanation, PersonSpan, PictureSpan, ZoneDecision, ZoneEvidence
from lbzf_ros.core.model import NS_PER_S, Evidence
from lbzf_ros.reports.explain import words
from lbzf_ros.reports.explain.explained import Explained
from lbzf_ros.store.rows import CycleRow


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened.

    Attributes:
        at: local time of day.
        where: zone, people or camera; empty: it is about the cycle.
        text: what.
    """

    at: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """A cycle told.

    Attributes:
        head: what it is and what became of it.
        lines: what happened, in order.
        figures: name, value, limits and verdict of each.
        notes: what is not in it.
    """

    head: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    figures: tuple[tuple[str, str, str, str], ...] = ()
    notes: tuple[str, ...] = ()


def story(cycle: Explained) -> Story:
    """Tell a cycle."""
    row, why = cycle.row, cycle.why
    if why is None:
        return Story(
            (*head(row, "UTC"), *reasons(row)),
            notes=("Why it was decided so was not kept: an LBZF that did not do that yet has measured it.",),
        )
    happened = [*_decisions(row, why), *_evidence(why), *_people(why), *_camera(why)]
    happened.sort(key=lambda one: one[0])
    if row.status == "aborted":
        happened += [(why.decided_ns, "", f"the cycle is given up: {text}") for text in reasons(row)]
    elif row.status == "rejected":
        happened += [(why.decided_ns, "", f"the cycle does not count: {text}") for text in reasons(row)]
    return Story(
        head(row, why.time_zone),
        tuple(Line(words.clock(at_ns, why.time_zone), where, text) for at_ns, where, text in happened),
        tuple((one.name, *words.figure(one)) for one in why.figures),
        tuple(_notes(why)),
    )


def head(row: CycleRow, time_zone: str) -> tuple[str, ...]:
    """What it is and what became of it."""
    begin = f"{words.day(row.start_ns, time_zone)} {words.clock(row.start_ns, time_zone)}"
    if row.end_ns is None:
        span = f"{begin} ({time_zone}), end not known"
    else:
        half = row.duration_uncertainty_s
        span = f"{begin} to {words.clock(row.end_ns, time_zone)} ({time_zone}): {row.duration_s:.1f} s" + (
            "" if half is None else f" ± {half:.1f} s"
        )
    quality = f", {row.quality}" if row.quality and row.status in ("complete", "manual_override") else ""
    return (
        f"{row.module}/{row.workstation}, cycle {row.event_uid}",
        f"{span}; {row.status}{quality}; rule {row.rule}, camera {row.camera}",
    )


def reasons(row: CycleRow) -> tuple[str, ...]:
    """Why it does not count."""
    return tuple(f"{code}: {text}" for code, text in row.reasons.items())


_Happened = tuple[int, str, str]


def _decisions(row: CycleRow, why: Explanation) -> Iterator[_Happened]:
    for one in why.others:
        yield one.decided_ns, one.zone, words.decision(one, why)
    opened = words.decision(why.opened_by, why)
    opened += f" → the cycle begins: rule {why.rule} opens on {why.opens_on!r}"
    # The database has milliseconds.
    if row.start_ns - why.opened_by.since_ns >= NS_PER_S // 1000:
        opened += f"; not before {words.clock(row.start_ns, why.time_zone)}, when the cycle before ended"
    yield why.opened_by.decided_ns, why.opened_by.zone, opened
    if why.closed_by:
        closed = words.decision(why.closed_by, why)
        text = f"{closed} → the cycle ends: rule {why.rule} closes on {why.closes_on!r}"
        yield why.closed_by.decided_ns, why.closed_by.zone, text


def _evidence(why: Explanation) -> Iterator[_Happened]:
    for zone in why.zones:
        for span, following in zip(zone.spans, (*zone.spans[1:], None), strict=True):
            yield span.start_ns, zone.zone, _span(why, zone, span, following)


def _span(why: Explanation, zone: ZoneEvidence, span: PictureSpan, following: PictureSpan | None) -> str:
    end_ns = following.start_ns if following else why.decided_ns
    length_s = (end_ns - span.start_ns) / NS_PER_S
    text = f"{words.seen(zone, span)}, {length_s:.1f} s, {sum(span.pictures)} pictures"
    if (
        zone.evidence == "person"
        and span.value == Evidence.NEAR
        and following
        and following.value == Evidence.PRESENT
    ):
        text += f"; that is not leaving (linger_s {zone.linger_s:.1f} s)"
    return text


def _people(why: Explanation) -> Iterator[_Happened]:
    for one in why.people:
        yield one.start_ns, "people", _person(one, why.time_zone)


def _person(one: PersonSpan, time_zone: str) -> str:
    who = "operator" if one.operator else "somebody else"
    track = "not tracked" if one.track_id < 0 else f"track {one.track_id}"
    text = f"{who} ({track}) until {words.clock(one.end_ns, time_zone)}: {one.inside} pictures in the zone"
    if one.mean_confidence is not None:
        text += f", mean confidence {one.mean_confidence:.2f}"
    return text + (f", {one.beside} beside it" if one.beside else "")


def _camera(why: Explanation) -> Iterator[_Happened]:
    for span in why.drift:
        yield span.start_ns, "camera", f"{words.view(span)}, {sum(span.pictures)} pictures"
    for gap in why.gaps:
        yield gap.start_ns, "camera", f"no picture for {(gap.end_ns - gap.start_ns) / NS_PER_S:.1f} s"


def _notes(why: Explanation) -> Iterator[str]:
    if why.merged_below_s:
        yield f"Runs of evidence shorter than {why.merged_below_s:g} s were merged into others: there were very many."
    for count, what in (
        (why.others_left_out, "crossings, the earliest"),
        (why.people_left_out, "spans of people, the shortest"),
        (why.gaps_left_out, "times without a picture, the shortest"),
    ):
        if count:
            yield f"Not in it: {count} {what}."


def decisions(why: Explanation) -> tuple[ZoneDecision, ...]:
    """All crossings in order of time."""
    found = (*why.others, why.opened_by, *((why.closed_by,) if why.closed_by else ()))
    return tuple(sorted(set(found), key=lambda one: (one.decided_ns, one.since_ns)))


def as_text(told: Story) -> str:
    """A story as plain text, for a terminal."""
    lines = [*told.head, ""]
    width = max((len(line.where) for line in told.lines), default=0)
    lines += [f"  {line.at}  {line.where:{width}}  {line.text}" for line in told.lines]
    if told.figures:
        columns = [max(len(row[column]) for row in told.figures) for column in range(3)]
        lines += ["", "Figures, their limits and what came of it:"]
        lines += [
            f"  {name:{columns[0]}}  {value:{columns[1]}}  {limits:{columns[2]}}  {verdict}".rstrip()
            for name, value, limits, verdict in told.figures
        ]
    lines += ["", *told.notes] if told.notes else []
    return "\n".join(lines)
