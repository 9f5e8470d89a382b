"""Compares what was measured with everything that people said about it. Start here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from sqlalchemy import Engine

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.reports.evaluation import measured as store
from lbzf_ros.reports.evaluation.groups import Group, groups_of, groups_of_durations
from lbzf_ros.reports.evaluation.labels.model import Labels
from lbzf_ros.reports.evaluation.matching import Matching, match, within
from lbzf_ros.reports.evaluation.measured import Duration
from lbzf_ros.reports.evaluation.parameters import Parameters
from lbzf_ros.reports.evaluation.sample_size import Advice, advice
from lbzf_ros.reports.evaluation.spans import REJECTED, Span, Station, Window, by_station
from lbzf_ros.store.timestamps import to_text

CYCLES, STOPWATCH, CHECKED = "cycles", "stopwatch", "checked by hand"
"""Names of what is compared."""
_NOTHING = (
    "nothing to compare with: give label files (--labels), or choose a time in which stopwatch readings were "
    "entered or cycles were checked by hand"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sources compared; errors are `one` minus `two`.

    Attributes:
        one: name of the first.
        two: name of the second, the reference where it is one.
        groups: figures of all, by station, by quality.
        matching: pairs and what is in one only; None: only durations are known.
        durations: the pairs where only durations are known; else none.
    """

    one: str
    two: str
    groups: tuple[Group, ...]
    matching: Matching | None = None
    durations: tuple[Duration, ...] = ()

    @property
    def title(self) -> str:
        """What is compared, in words."""
        return f"{self.one} against {self.two}"


@dataclass(frozen=True, slots=True)
class CycleTimes:
    """How many more cycles of a station a time study needs."""

    station: str
    advice: Advice


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that an evaluation found.

    Attributes:
        parameters: how it was done.
        window: the time that was asked for.
        stations: that were asked for.
        labels: rater, number of labels, names and sha256 of the files.
        comparisons: cycles against each rater, stopwatch and check by hand; then raters against one another.
        cycle_times: by station.
        notes: what a reader has to know.
    """

    parameters: Parameters
    window: Window
    stations: tuple[str, ...]
    labels: tuple[Labels, ...]
    comparisons: tuple[Comparison, ...]
    cycle_times: tuple[CycleTimes, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be evaluated.

    Attributes:
        stations: which.
        window: cycles that begin in it.
        rejected: whether cycles that do not count take part.
        labels: of each rater.
        called: gives the name under which an observer with a stopwatch appears.
    """

    stations: tuple[Station, ...]
    window: Window = field(default_factory=Window)
    rejected: bool = False
    labels: tuple[Labels, ...] = ()
    called: Callable[[str], str] = str


class NothingToCompare(ConfigError):
    """There is neither a label nor a stopwatch reading nor a check by hand."""


def evaluate(engine: Engine, question: Question, parameters: Parameters) -> Evaluation:
    """Compare the cycles of a database with labels, stopwatch readings and checks by hand.

    Args:
        engine: that reads the database.
        question: what.
        parameters: how.

    Raises:
        NothingToCompare: there is nothing to compare with.
        StoreError: the database cannot be read.
    """
    if not question.labels and not store.has_second_opinions(engine):
        raise NothingToCompare(_NOTHING)  # before a million cycles are read
    notes: list[str] = []
    found = store.measured(engine, question.stations, question.window, rejected=question.rejected)
    events = found.events
    if found.without_length:
        notes.append(f"{found.without_length} rejected cycles have no end and take no part")
    comparisons = [
        *_against_labels(events, question, parameters, notes),
        *_against_watches(engine, events, question, parameters, notes),
        *_against_checks(found.checked, parameters, notes),
    ]
    if not comparisons:
        raise NothingToCompare(_NOTHING)
    return Evaluation(
        parameters,
        question.window,
        tuple("/".join(station) for station in question.stations),
        question.labels,
        tuple(comparisons),
        tuple(_cycle_times(events, question, parameters)),
        tuple(notes),
    )


def _against_labels(
    events: Sequence[Span], question: Question, parameters: Parameters, notes: list[str]
) -> Iterator[Comparison]:
    windows = {labels.rater: _windows(labels, question, notes) for labels in question.labels}
    for labels in question.labels:
        _note_oddities(labels, events, windows[labels.rater], notes)
        found = within(match(events, labels.spans, parameters.min_iou), windows[labels.rater])
        yield Comparison(CYCLES, labels.rater, groups_of(found, parameters), found)
    for one, two in combinations(question.labels, 2):
        both = {
            station: window.within(windows[two.rater][station])
            for station, window in windows[one.rater].items()
            if station in windows[two.rater]
        }
        if both:
            found = within(match(one.spans, two.spans, parameters.min_iou), both)
            yield Comparison(one.rater, two.rater, groups_of(found, parameters), found)
        else:
            notes.append(f"{one.rater} and {two.rater} labelled no station in common")


def _against_watches(
    engine: Engine, events: list[Span], question: Question, parameters: Parameters, notes: list[str]
) -> Iterator[Comparison]:
    readings_of, alone = store.stopwatch(engine, question.stations, question.window, events)
    by_observer = {question.called(name): readings for name, readings in readings_of.items()}
    if alone:
        notes.append(f"{alone} stopwatch readings belong to no cycle that takes part, and are left out")
    if readings := _means(by_observer):
        yield Comparison(CYCLES, STOPWATCH, groups_of_durations(readings, parameters), None, tuple(readings))
    for one, two in combinations(sorted(by_observer), 2):
        if common := _both(by_observer[one], by_observer[two]):
            yield Comparison(
                f"{STOPWATCH} {one}",
                f"{STOPWATCH} {two}",
                groups_of_durations(common, parameters),
                None,
                tuple(common),
            )


def _against_checks(checked: store.Checked, parameters: Parameters, notes: list[str]) -> Iterator[Comparison]:
    if checked.durations:
        notes.append(
            f"{CHECKED}: {checked.corrected} durations were corrected, {checked.confirmed} confirmed as measured; "
            "whoever checks sees the measured figure, so this is no independent measurement"
        )
        yield Comparison(
            CYCLES, CHECKED, groups_of_durations(checked.durations, parameters), None, checked.durations
        )


def _means(by_observer: dict[str, tuple[Duration, ...]]) -> list[Duration]:
    """One duration for each cycle: the mean over who timed it."""
    found: dict[Span, list[float]] = {}
    for durations in by_observer.values():
        for one in durations:
            found.setdefault(one.event, []).append(one.seconds)
    return [
        Duration(event, sum(times) / len(times))
        for event, times in sorted(found.items(), key=lambda item: (item[0].start_ns, item[0].name))
    ]


def _both(one: Sequence[Duration], two: Sequence[Duration]) -> list[Duration]:
    """Cycles that both timed: the span gets the length by the first, the duration is that by the second."""
    other = {duration.event: duration.seconds for duration in two}
    return [
        Duration(
            Span(
                mine.event.station,
                mine.event.start_ns,
                mine.event.start_ns + round(mine.seconds * 1e9),
                mine.event.name,
                mine.event.band,
            ),
            other[mine.event],
        )
        for mine in one
        if mine.event in other
    ]


def _windows(labels: Labels, question: Question, notes: list[str]) -> dict[Station, Window]:
    """The time that was labelled at each station."""
    asked = question.window
    present = {span.station for span in labels.spans}
    left_out = sorted("/".join(station) for station in present if station not in question.stations)
    if left_out:
        notes.append(f"{labels.rater}: labels of {', '.join(left_out)} take no part (not asked for)")
    chosen = [station for station in question.stations if station in present]
    if len(chosen) < len(question.stations) and len(question.stations) > 1:
        without = sorted("/".join(s) for s in question.stations if s not in present)
        notes.append(f"{labels.rater}: no label of {_some(without)}; their cycles take no part")
    elif not present:
        chosen = list(question.stations)
    if labels.window is not None:
        return dict.fromkeys(chosen, labels.window.within(asked))
    if asked.from_ns is not None and asked.to_ns is not None:
        return dict.fromkeys(chosen, asked)
    if not labels.spans:
        return {}
    notes.append(
        f"{labels.rater}: the labels do not say which time they cover; it is taken to be, at each station, from the "
        "start of the first label to the end of the last one. Give --from and --to to say more"
    )
    own = by_station(labels.spans)
    return {station: _hull(own[station]).within(asked) for station in chosen}


def _hull(spans: Sequence[Span]) -> Window:
    return Window(min(span.start_ns for span in spans), max(span.end_ns for span in spans))


def _note_oddities(
    labels: Labels, events: Sequence[Span], windows: dict[Station, Window], notes: list[str]
) -> None:
    overlaps = [
        (one, two)
        for one, two in zip(labels.spans, labels.spans[1:], strict=False)
        if one.station == two.station and two.start_ns < one.end_ns
    ]
    if overlaps:
        one, two = overlaps[0]
        notes.append(
            f"{labels.rater}: {len(overlaps)} labels overlap the one before, first {one.name} and {two.name}"
        )
    own = [event for event in events if event.station in windows]
    if labels.spans and own:
        first, last = min(s.start_ns for s in labels.spans), max(s.end_ns for s in labels.spans)
        begin, end = min(s.start_ns for s in own), max(s.end_ns for s in own)
        if last <= begin or end <= first:
            notes.append(
                f"{labels.rater}: labels from {to_text(first)} to {to_text(last)}, cycles from {to_text(begin)} to "
                f"{to_text(end)}: they have no time in common; is --origin right?"
            )


def _cycle_times(events: Sequence[Span], question: Question, parameters: Parameters) -> Iterator[CycleTimes]:
    counted = by_station(
        event for event in events if event.band != REJECTED and question.window.holds(event.start_ns)
    )
    for station in question.stations:
        own = [event.duration_s for event in counted.get(station, ())]
        if own:
            found = advice(own, precision=parameters.precision, confidence=parameters.confidence)
            yield CycleTimes("/".join(station), found)


def _some(names: Sequence[str], shown: int = 5) -> str:
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
