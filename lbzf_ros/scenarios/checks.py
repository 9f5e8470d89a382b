"""What is special to a scenario: each check looks at a run, and says what of it does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

from lbzf_ros.core.model import CycleEvent, Drift, EventKind
from lbzf_ros.scenarios.model import Check
from lbzf_ros.scenarios.trial import Judged, Trial
from lbzf_ros.scenarios.visibility import Fate

_NEAR_S = 2.5
"""So near to a true beginning a measured one is of it, whatever its error."""


def _never_overlap(trial: Trial) -> list[str]:
    problems = []
    for station in {event.workstation for event in trial.events}:
        own = [e for e in trial.events if e.workstation == station and e.end_ns is not None]
        closed = sorted(
            ((trial.scene_s(e.start_ns), trial.scene_s(e.end_ns or 0), e) for e in own), key=lambda c: c[:2]
        )
        problems += [
            f"{_words(trial, one[2])} overlaps {_words(trial, two[2])}"
            for one, two in pairwise(closed)
            if two[0] < one[1]
        ]
    return problems


def _each_decided_once(trial: Trial) -> list[str]:
    starts = [event.event_uid for event in trial.events if event.kind is EventKind.START]
    ends = [event.event_uid for event in trial.events if event.kind is not EventKind.START]
    return [] if sorted(starts) == sorted(ends) and len(set(ends)) == len(ends) else ["not each once"]


ALWAYS = (
    Check("the cycles of a station never overlap", _never_overlap),
    Check("each cycle begins once, and is counted, rejected or given up once", _each_decided_once),
)
"""What holds in every run."""


def _begins_true(trial: Trial, stations: Sequence[str]) -> list[str]:
    first_s = trial.times_s[0]
    passed_by = {event.event_uid for event in trial.events if "too_short" in event.reasons}
    return [
        f"{_words(trial, event)} begins where nobody began to work"
        for event in trial.events
        if event.kind is EventKind.START
        and event.workstation in stations
        and event.event_uid not in passed_by
        and trial.scene_s(event.start_ns) - first_s > _NEAR_S
        and not any(
            abs(trial.scene_s(event.start_ns) - truth.cycle.start_s) <= _NEAR_S
            for truth in trial.truth
            if truth.cycle.workstation == event.workstation
        )
    ]


def begins_true(*stations: str) -> Check:
    """Nobody but the operator begins a cycle, and nothing does when he is away.

    Who crosses an empty zone could be its operator, until he has left it again: such a cycle is rejected as too short.
    """
    return Check(
        f"a cycle of {', '.join(stations)} that is not too short begins only where its operator begins one",
        partial(_begins_true, stations=stations),
    )


def _not_longer(trial: Trial, station: str, most_s: float) -> list[str]:
    return [
        f"{_words(trial, event)} is {event.duration_s - true_s:.1f} s longer than the true cycle"
        for truth, event in _counted_at_their_start(trial)
        if truth.cycle.workstation == station
        and event.duration_s - (true_s := truth.cycle.end_s - truth.cycle.start_s) > most_s
    ]


def not_longer(station: str, most_s: float = 1.5) -> Check:
    """Nobody but the operator prolongs his cycle."""
    return Check(
        f"no counted cycle of {station} is more than {most_s:g} s longer than the true one",
        partial(_not_longer, station=station, most_s=most_s),
    )


def _marked(trial: Trial, from_s: float, drifts: tuple[Drift, ...]) -> list[str]:
    late = [e for e in trial.events if e.kind is EventKind.END and trial.scene_s(e.start_ns) >= from_s]
    wrong = [e for e in late if e.drift not in drifts]
    return [f"{_words(trial, event)} says {event.drift.name}" for event in wrong]


def marked_drifted(from_s: float) -> Check:
    """Cycles after a knock say so."""
    return Check(
        f"counted cycles that begin after {from_s:g} s are marked drifted",
        partial(_marked, from_s=from_s, drifts=(Drift.DRIFTED,)),
    )


def never_marked() -> Check:
    """A view that has not moved is not taken for one that has."""
    return Check(
        "no cycle is marked drifted", partial(_marked, from_s=0.0, drifts=(Drift.OK, Drift.UNCHECKED))
    )


def _has_long(trial: Trial, station: str, least_s: float) -> list[str]:
    true = [
        t
        for t in trial.truth
        if t.cycle.workstation == station and t.fate is Fate.MUST and _length_s(t) >= least_s
    ]
    found = [t for t, e in _counted_at_their_start(trial) if t in true and e.duration_s >= least_s]
    return [] if true and len(found) == len(true) else [f"{len(found)} of {len(true)} such cycles"]


def counts_long(station: str, least_s: float) -> Check:
    """A long cycle is one cycle."""
    return Check(
        f"each cycle of {station} of {least_s:g} s or more is counted as one",
        partial(_has_long, station=station, least_s=least_s),
    )


def _rejects(trial: Trial, reason: str) -> list[str]:
    found = any(reason in e.reasons for e in trial.events if e.kind is EventKind.REJECT)
    return [] if found else ["none is"]


def rejects(reason: str) -> Check:
    """The reason is said."""
    return Check(f"cycles are rejected with {reason}", partial(_rejects, reason=reason))


def _gives_up(trial: Trial, reason: str) -> list[str]:
    found = any(reason in e.reasons for e in trial.events if e.kind is EventKind.ABORT)
    return [] if found else ["none is"]


def gives_up(reason: str) -> Check:
    """The same for cycles of which the end will never be known."""
    return Check(f"cycles are given up with {reason}", partial(_gives_up, reason=reason))


def _none_open(trial: Trial) -> list[str]:
    first_s, last_s = trial.times_s[0], trial.times_s[-1]
    open_at_start = [truth for truth, _ in _counted_at_their_start(trial) if truth.cycle.start_s < first_s]
    late = [
        event
        for event in trial.events
        if event.kind is EventKind.END and trial.scene_s(event.end_ns or 0) > last_s
    ]
    return (
        [f"{len(open_at_start)} open at the start, {len(late)} at the stop"] if open_at_start or late else []
    )


def none_open() -> Check:
    """What was open at the start or at the stop is no cycle."""
    return Check("no cycle open at start or at stop is counted", _none_open)


def _length_s(truth: Judged) -> float:
    return truth.cycle.end_s - truth.cycle.start_s


def _counted_at_their_start(trial: Trial) -> Iterator[tuple[Judged, CycleEvent]]:
    """True cycles with the counted one that begins where they do."""
    for truth in trial.truth:
        for event in trial.events:
            if (
                event.kind is EventKind.END
                and event.workstation == truth.cycle.workstation
                and abs(trial.scene_s(event.start_ns) - truth.cycle.start_s) <= _NEAR_S
            ):
                yield truth, event


def _words(trial: Trial, event: CycleEvent) -> str:
    end = "…" if event.end_ns is None else f"{trial.scene_s(event.end_ns):.1f}"
    return f"{event.kind.value} {event.workstation} {trial.scene_s(event.start_ns):.1f} to {end} s"
