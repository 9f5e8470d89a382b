"""The figures as text: a table for the terminal, the same in Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.scenarios.model import Scenario
from lbzf_ros.scenarios.scoring import Score
from lbzf_ros.scenarios.summary import Summary

BEGIN, END = "<!-- begin: lbzf scenarios --write-docs -->", "<!-- end -->"
_PICTURES = "images/scenarios"


COLUMNS: tuple[tuple[str, str], ...] = (
    ("scenario", "what goes wrong"),
    ("people by", "the default detector on the pixels, or the simulator's true boxes"),
    ("cycles", "true cycles that had to be counted"),
    ("precision", "share of the counted cycles that are right"),
    ("recall", "share of the true cycles that were counted"),
    ("error", "of the duration, absolute, median, in frame periods (0.2 or 0.33 s)"),
    ("P90", "so much or less for nine in ten"),
    ("inside", "share of the true durations inside the stated uncertainty"),
    ("rejected", "rejected cycles by reason"),
    ("checks", "what is special to the scenario: ok, or how often it does not hold"),
)


def rows(summary: Summary) -> list[list[str]]:
    """The table, a row for each scenario and way, then the totals."""
    body = [[name, way, *_figures(one)] for (name, way), one in summary.rows.items()]
    return body + [["all", way, *_figures(one)] for way, one in summary.totals.items()]


def markdown(summary: Summary, scenarios: Sequence[Scenario]) -> str:
    """The part of docs/cycles.md that a run writes: the table, and what each scenario is, with its picture."""
    lines = ["| " + " | ".join(title for title, _ in COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(row) + " |" for row in rows(summary)]
    lines += ["", "; ".join(f"*{title}*: {text}" for title, text in COLUMNS[2:]) + ".", ""]
    for one in scenarios:
        lines += [
            f"### {one.name}: {one.sentence}",
            f"*Wrong:* {one.wrong}. *Expected:* {one.expected}.",
            *(f"- Also checked: {check.says}." for check in one.checks),
            "",
            f"![{one.sentence}]({_PICTURES}/{one.name}.jpg)",
            "",
        ]
    return "\n".join(lines)


def into_document(text: str, part: str, path: Path) -> str:
    """The document with the part between its markers replaced.

    Raises:
        ConfigError: it has no markers.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigError(f"{path}: needs a line {BEGIN} and, after it, a line {END}")
    return f"{before}{BEGIN}\n{part}\n{END}{after}"


def written_part(text: str) -> str:
    """What stands between the markers of the document."""
    return text.partition(BEGIN)[2].partition(END)[0]


def _figures(one: Score) -> list[str]:
    none_expected = not one.true_cycles
    return [
        str(one.true_cycles),
        "–" if none_expected and not one.extra else f"{one.precision:.3f}",
        "–" if none_expected else f"{one.recall:.3f}",
        _or_dash(one.median_error, "{:.2f}"),
        _or_dash(one.p90_error, "{:.2f}"),
        _or_dash(one.inside, "{:.0%}"),
        ", ".join(f"{code} {count}" for code, count in sorted((one.rejections or {}).items())) or "–",
        f"{len(one.problems)} fail" if one.problems else "ok",
    ]


def _or_dash(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
