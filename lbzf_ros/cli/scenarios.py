"""`lbzf scenarios`: everything that can go wrong at a line, simulated, measured and compared with the truth."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.resources import resource_path

if TYPE_CHECKING:
    from rich.console import Console

    from lbzf_ros.scenarios.model import Scenario, Way
    from lbzf_ros.scenarios.summary import Summary
    from lbzf_ros.scenarios.trial import Job, Trial

_BOXES: dict[str, tuple[Way, ...]] = {
    "detector": ("detector",),
    "true": ("true boxes",),
    "both": ("detector", "true boxes"),
}


def scenarios(
    names: list[str] = typer.Argument(
        None, metavar="[NAME]...", help="Which, see --list.", show_default="all"
    ),
    seeds: int = typer.Option(
        1, "--seeds", min=1, max=100, help="How often each runs at each rate; each run has a seed of its own."
    ),
    fps: str = typer.Option("3,5", "--fps", help="Pictures a second, with commas between them."),
    boxes: str = typer.Option(
        "both", "--boxes", help=f"Who says where people are: {', '.join(_BOXES)} (the simulator)."
    ),
    out: Path | None = typer.Option(
        None, "--out", help="Folder for figures (JSON), table and pictures.", show_default="none is written"
    ),
    write_docs: bool = typer.Option(
        False, "--write-docs", help="Write table and pictures into docs/cycles.md; needs a full run."
    ),
    jobs: int = typer.Option(
        0, "--jobs", min=0, max=64, help="Runs at the same time.", show_default="one a core"
    ),
    show: bool = typer.Option(False, "--list", help="Say what there is, and run nothing."),
) -> None:
    """Simulate everything that can go wrong at a line, measure it, and compare with the truth.

    Each scenario is a scene with its truth and what must come out of it. It is
    rendered to pixels and measured by the steps of lbzf process, once with the
    default detector and once with the simulator's true boxes in its place: what
    only the first gets wrong is the detector's fault, not the logic's.

    Exit status 1: a goal is missed. Goals: precision and recall of 0.98 in all and
    0.9 in each scenario (1.0 with true boxes), a median error of the duration of one
    frame period, 95 % of the durations inside their uncertainty, all checks.
    docs/cycles.md explains the figures. All of it takes about 20 minutes of two cores.
    """
    from rich.console import Console

    from lbzf_ros.scenarios.catalogue import SCENARIOS, scenario
    from lbzf_ros.scenarios.runner import plan
    from lbzf_ros.scenarios.summary import FULL_CYCLES, summarise

    console = Console()
    if show:
        _list(SCENARIOS, console)
        return
    if boxes not in _BOXES:
        raise ConfigError(f"--boxes {boxes}: allowed are {', '.join(_BOXES)}")
    if write_docs and (names or boxes != "both"):
        raise ConfigError("--write-docs needs all scenarios, and --boxes both")
    chosen = [scenario(name) for name in names] if names else list(SCENARIOS)
    work = plan(chosen, seeds=seeds, rates=_rates(fps), ways=_BOXES[boxes])
    trials = _run(work, jobs or os.cpu_count() or 1, console)
    summary = summarise(trials, chosen)
    _print(summary, console)
    if out is not None:
        _write(summary, trials, chosen, out)
        console.print(f"Written: {out}", soft_wrap=True)
    if write_docs:
        _write_docs(summary, trials, chosen)
        console.print("Written: docs/cycles.md and its pictures")
    if not names and (fewest := min(one.true_cycles for one in summary.totals.values())) < FULL_CYCLES:
        console.print(f"Only {fewest} true cycles; a full run has {FULL_CYCLES} or more.")
    if misses := summary.misses():
        for miss in misses:
            console.print(f"[red]missed[/red] {miss}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    console.print("Every goal is met.")


def _rates(text: str) -> list[float]:
    try:
        rates = [float(part) for part in text.split(",")]
    except ValueError:
        rates = []
    if not rates or not all(0.5 <= rate <= 30 for rate in rates):
        raise ConfigError(f"--fps {text}: allowed are numbers from 0.5 to 30 with commas between them")
    return rates


def _list(all_of_them: Sequence[Scenario], console: Console) -> None:
    from rich.table import Table

    table = Table("name", "what goes wrong", "what must come out")
    for one in all_of_them:
        table.add_row(one.name, one.wrong, one.expected)
    console.print(table)


def _run(work: Sequence[Job], processes: int, console: Console) -> list[Trial]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from lbzf_ros.scenarios.runner import run_all

    trials: list[Trial] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} minutes"),
        TimeElapsedColumn(),
    )
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("simulating", total=sum(job.minutes for job in work))
            for found in run_all(work, min(processes, len(work))):
                trials += found
                job = found[0].job
                progress.update(task, advance=job.minutes, description=f"{job.scenario.name} done")
    except KeyboardInterrupt:
        console.print("Stopped; nothing was written.")
        raise typer.Exit(130) from None
    return trials


def _print(summary: Summary, console: Console) -> None:
    from rich.table import Table

    from lbzf_ros.scenarios.tables import COLUMNS, rows

    table = Table(title=f"{summary.runs} runs")
    for title, _ in COLUMNS:
        table.add_column(title, justify="left" if title in ("scenario", "people by", "rejected") else "right")
    for row in rows(summary):
        table.add_row(*row, end_section=row[1] == "true boxes")
    console.print(table)


def _pictures(trials: Sequence[Trial], chosen: Sequence[Scenario], folder: Path) -> None:
    """One picture a scenario: the run with the most pictures a second, by the detector if it ran."""
    from lbzf_ros.disk import write_whole
    from lbzf_ros.scenarios.picture import draw

    for one in chosen:
        own = [trial for trial in trials if trial.job.scenario.name == one.name]
        best = max(own, key=lambda t: (t.way == "detector", t.job.fps, -t.job.seed))
        write_whole(folder / f"{one.name}.jpg", draw(best))


def _write(summary: Summary, trials: Sequence[Trial], chosen: Sequence[Scenario], folder: Path) -> None:
    from lbzf_ros.scenarios.summary import as_json
    from lbzf_ros.scenarios.tables import markdown

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(as_json(summary), indent=2, ensure_ascii=False) + "\n"
    (folder / "scenarios.json").write_text(text, "utf-8")
    (folder / "scenarios.md").write_text(markdown(summary, chosen), "utf-8")
    _pictures(trials, chosen, folder / "images" / "scenarios")


def _write_docs(summary: Summary, trials: Sequence[Trial], chosen: Sequence[Scenario]) -> None:
    from lbzf_ros.scenarios.tables import into_document, markdown

    docs = resource_path("docs")
    page = docs / "cycles.md"
    if not page.is_file():
        raise ConfigError(f"{page}: there is none; --write-docs works in a source tree")
    text = into_document(page.read_text("utf-8"), markdown(summary, chosen), page)
    _pictures(trials, chosen, docs / "images" / "scenarios")
    page.write_text(text, "utf-8")
