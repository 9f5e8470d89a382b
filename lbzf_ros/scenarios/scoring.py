"""How well what came out of a run agrees with what is true.

Counted cycles and true ones are paired one to one by temporal IoU, station by station. Of the true cycles those
count that could be seen (`visibility`): a counted cycle paired with one that may be counted or not is neither right nor
wrong, one paired with a cycle that must not be counted is wrong.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind
from lbzf_ros.reports.evaluation.matching import match
from lbzf_ros.reports.evaluation.spans import Span
from lbzf_ros.scenarios.checks import ALWAYS
from lbzf_ros.scenarios.trial import Judged, Trial
from lbzf_ros.scenarios.visibility import Fate

MIN_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A true cycle that had to be counted, and was. Errors are measured minus true."""

    truth: Judged
    event: CycleEvent
    period_s: float

    @property
    def error_periods(self) -> float:
        """Of the duration, in frame periods; signed."""
        true_s = (self.truth.end_ns - self.truth.start_ns) / NS_PER_S
        return (self.event.duration_s - true_s) / self.period_s

    @property
    def is_inside(self) -> bool:
        """Whether the true duration lies inside the stated uncertainty (a millisecond is the stamps' own)."""
        return abs(self.error_periods) * self.period_s <= self.event.duration_uncertainty_s + 0.001


@dataclass(frozen=True, slots=True)
class Score:
    """What is right and wrong about a run, or about several together.

    Attributes:
        found: true cycles that had to be counted, and were.
        missed: true cycles that had to be counted, and were not.
        extra: counted cycles that are none, or must not be counted.
        open: counted cycles that may be counted or not.
        rejections: rejected cycles by reason; one with two reasons counts twice.
        given_up: aborted cycles by reason.
        problems: checks of scenarios that do not hold, in words.
    """

    found: tuple[Found, ...] = ()
    missed: tuple[Judged, ...] = ()
    extra: tuple[CycleEvent, ...] = ()
    open: int = 0
    rejections: Counter[str] | None = None
    given_up: Counter[str] | None = None
    problems: tuple[str, ...] = ()

    @property
    def true_cycles(self) -> int:
        """That had to be counted."""
        return len(self.found) + len(self.missed)

    @property
    def precision(self) -> float:
        """Share of what was counted that is right, 0..1; 1 when nothing was counted, as nothing is wrong."""
        counted = len(self.found) + len(self.extra)
        return len(self.found) / counted if counted else 1.0

    @property
    def recall(self) -> float:
        """Share of what had to be counted that was; 1 when there was nothing."""
        return len(self.found) / self.true_cycles if self.true_cycles else 1.0

    @property
    def median_error(self) -> float | None:
        """Median absolute error of durations, frame periods; None without any."""
        return statistics.median(self._errors) if self.found else None

    @property
    def p90_error(self) -> float | None:
        """So much or less for 90 %, by the nearest rank."""
        return self._errors[-(-9 * len(self.found) // 10) - 1] if self.found else None

    @property
    def inside(self) -> float | None:
        """Share of the true durations that lie inside the stated uncertainty."""
        return sum(found.is_inside for found in self.found) / len(self.found) if self.found else None

    @property
    def _errors(self) -> list[float]:
        return sorted(abs(found.error_periods) for found in self.found)


def score(trial: Trial) -> Score:
    """Judge one run."""
    ends = [event for event in trial.events if event.kind is EventKind.END]
    matching = match([_span(e, str(i)) for i, e in enumerate(ends)], _true_spans(trial.truth), MIN_IOU)
    pairs = [(ends[int(pair.one.name)], trial.truth[int(pair.two.name)]) for pair in matching.pairs]
    paired = {id(truth) for _, truth in pairs}
    period_s = 1 / trial.job.fps
    return Score(
        found=tuple(Found(truth, event, period_s) for event, truth in pairs if truth.fate is Fate.MUST),
        missed=tuple(t for t in trial.truth if t.fate is Fate.MUST and id(t) not in paired),
        extra=(
            *(ends[int(span.name)] for span in matching.only_one),
            *(event for event, truth in pairs if truth.fate is Fate.MUST_NOT),
        ),
        open=sum(truth.fate is Fate.MAY for _, truth in pairs),
        rejections=_reasons(trial.events, EventKind.REJECT),
        given_up=_reasons(trial.events, EventKind.ABORT),
        problems=tuple(
            f"{trial.name}: {problem} (must hold: {check.says})"
            for check in (*ALWAYS, *trial.job.scenario.checks)
            for problem in check.problems(trial)
        ),
    )


def together(scores: Iterable[Score]) -> Score:
    """Several runs as one."""
    scores = list(scores)
    return Score(
        found=tuple(found for one in scores for found in one.found),
        missed=tuple(missed for one in scores for missed in one.missed),
        extra=tuple(extra for one in scores for extra in one.extra),
        open=sum(one.open for one in scores),
        rejections=sum((one.rejections or Counter() for one in scores), Counter()),
        given_up=sum((one.given_up or Counter() for one in scores), Counter()),
        problems=tuple(problem for one in scores for problem in one.problems),
    )


def _span(event: CycleEvent, name: str) -> Span:
    return Span((event.module, event.workstation), event.start_ns, event.end_ns or 0, name)


def _true_spans(truth: Sequence[Judged]) -> list[Span]:
    """True cycles as spans; one in which the clock was set back has no length and cannot be paired."""
    return [
        Span((t.cycle.module, t.cycle.workstation), t.start_ns, t.end_ns, str(i))
        for i, t in enumerate(truth)
        if t.end_ns > t.start_ns
    ]


def _reasons(events: Iterable[CycleEvent], kind: EventKind) -> Counter[str]:
    return Counter(code for event in events if event.kind is kind for code in event.reasons)
