"""The figures of many runs: a row for each scenario, the total, and whether the goals are met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lbzf_ros.scenarios.model import WAYS, Scenario, Way
from lbzf_ros.scenarios.scoring import Score, score, together
from lbzf_ros.scenarios.trial import Trial

TOTAL_GOAL, SCENARIO_GOAL, ERROR_GOAL_PERIODS, INSIDE_GOAL = 0.98, 0.9, 1.0, 0.95
FULL_CYCLES = 300
"""As many true cycles a complete run must hold."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came out of all runs.

    Attributes:
        rows: score by scenario and way, in the order of the catalogue.
        totals: of all scenarios, by way.
        runs: how many there were.
    """

    rows: Mapping[tuple[str, Way], Score]
    totals: Mapping[Way, Score]
    runs: int

    def misses(self) -> list[str]:
        """Every goal that is not met, in words."""
        found: list[str] = []
        for (name, way), one in self.rows.items():
            goal = SCENARIO_GOAL if way == "detector" else 1.0
            found += _below(f"{name}, {way}", one, goal)
            found += one.problems
        for way, one in self.totals.items():
            if way == "detector":
                found += _below(f"all scenarios, {way}", one, TOTAL_GOAL)
            if one.median_error is not None and one.median_error > ERROR_GOAL_PERIODS:
                found.append(
                    f"all scenarios, {way}: median error {one.median_error:.2f} > {ERROR_GOAL_PERIODS:g} frame period"
                )
            if one.inside is not None and one.inside < INSIDE_GOAL:
                share = f"{one.inside:.1%} of the durations inside their uncertainty"
                found.append(f"all scenarios, {way}: {share} < {INSIDE_GOAL:.0%}")
        return found


def summarise(trials: Iterable[Trial], scenarios: Sequence[Scenario]) -> Summary:
    """Score every run and add them up."""
    scores: dict[tuple[str, Way], list[Score]] = {}
    runs = set()
    for trial in sorted(trials, key=lambda t: (t.job.fps, t.job.seed)):
        scores.setdefault((trial.job.scenario.name, trial.way), []).append(score(trial))
        runs.add((trial.job.scenario.name, trial.job.seed, trial.job.fps))
    keys = [(one.name, way) for one in scenarios for way in WAYS if (one.name, way) in scores]
    rows = {key: together(scores[key]) for key in keys}
    totals = {
        way: together(one for (_, of), one in rows.items() if of == way)
        for way in WAYS
        if any(of == way for _, of in rows)
    }
    return Summary(rows, totals, len(runs))


def as_json(summary: Summary) -> dict[str, Any]:
    """All figures for a file."""
    return {
        "runs": summary.runs,
        "totals": {way: figures(one) for way, one in summary.totals.items()},
        "scenarios": [
            {"scenario": name, "way": way, **figures(one)} for (name, way), one in summary.rows.items()
        ],
        "goals_missed": summary.misses(),
    }


def figures(one: Score) -> dict[str, Any]:
    """The figures of a score, rounded as they are shown."""

    def rounded(value: float | None, digits: int) -> float | None:
        return None if value is None else round(value, digits)

    return {
        "true_cycles": one.true_cycles,
        "found": len(one.found),
        "missed": len(one.missed),
        "extra": len(one.extra),
        "open": one.open,
        "precision": round(one.precision, 4),
        "recall": round(one.recall, 4),
        "median_error_periods": rounded(one.median_error, 3),
        "p90_error_periods": rounded(one.p90_error, 3),
        "inside_uncertainty": rounded(one.inside, 4),
        "rejections": dict(sorted((one.rejections or {}).items())),
        "given_up": dict(sorted((one.given_up or {}).items())),
        "problems": list(one.problems),
    }


def _below(what: str, one: Score, goal: float) -> list[str]:
    parts = (("precision", one.precision), ("recall", one.recall))
    return [f"{what}: {name} {value:.3f} < {goal:g}" for name, value in parts if value < goal]
