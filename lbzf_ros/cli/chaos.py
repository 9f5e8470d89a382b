"""`lbzf chaos`: break the running system on purpose, and count what is left."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lbzf_ros.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from lbzf_ros.chaos.drills import Drill
    from lbzf_ros.chaos.stage import Result, Settings


def chaos(
    drills: list[str] = typer.Argument(
        None, help="Which: kill, disk-full, locked, clock, restore.", show_default="all"
    ),
    seed: int | None = typer.Option(
        None,
        "--seed",
        min=0,
        help="Of all random choices: the same seed gives the same blows.",
        show_default="a new one, which is printed",
    ),
    blows: int | None = typer.Option(
        None, "--blows", min=1, help="How often `kill` kills.", show_default="100, with --short 8"
    ),
    short: bool = typer.Option(False, "--short", help="The bounded form that `lbzf test` runs."),
    live: bool = typer.Option(
        False,
        "--live",
        help="For `kill`: cameras keep to the clock, and a picture that nobody takes is gone. Without it every picture "
        "waits, and more cycles are measured in the same time.",
    ),
    plant: Path | None = typer.Option(
        None,
        "--plant",
        help="Plant file; its video files are played over and over.",
        show_default="the demo plant, its operators working two to three times as fast",
    ),
    folder: Path | None = typer.Option(
        None, "--folder", help="Keep data folders and logs here.", show_default="a temporary folder"
    ),
    results: Path | None = typer.Option(None, "--results", help="Write all figures to this file (JSON)."),
) -> None:
    """Break the running system on purpose, and count what is left.

    Each drill starts `lbzf up` with simulated cameras on a fresh data folder,
    breaks it, lets it recover, and compares every decision of the cycle tracker
    (read from its outbox on disk, and heard on its topic) with the rows of the
    database. Whatever else runs on this machine is left alone.

    kill: nodes are killed with SIGKILL at random moments, one, two at once,
    everything at once. disk-full: the disk of the data folder fills up (a small
    tmpfs: needs root). locked: another process locks the database for 30 s.
    clock: the clock of all processes goes forward and back by an hour (needs a C
    compiler). restore: the database is deleted while everything runs, and
    brought back from a backup.

    Exit status 0: all promises of docs/reliability.md were kept. All drills in
    full take about 20 minutes. Ctrl-C stops the drill and all it has started.
    """
    from rich.console import Console

    from lbzf_ros.chaos.drills import DRILLS
    from lbzf_ros.chaos.stage import Settings

    if unknown := [name for name in drills or [] if name not in DRILLS]:
        raise ConfigError(f"chaos: there is no drill {unknown[0]!r}; there are {', '.join(DRILLS)}")
    chosen = [drill for name, drill in DRILLS.items() if not drills or name in drills]
    console = Console(highlight=False)
    with _work_folder(folder) as work:
        settings = Settings(
            folder=work,
            say=_Progress(console),
            seed=int(time.time()) if seed is None else seed,
            plant=plant,
            full=not short,
            blows=blows,
            live=live,
        )
        console.print(f"Seed {settings.seed}, folder {work}", soft_wrap=True)
        found = _carry_out(chosen, settings, console)
    _finish(found, console, results, full=not short)


class _Progress:
    """Prints a line with the time since the beginning."""

    def __init__(self, console: Console) -> None:
        self._console, self._began_s = console, time.monotonic()

    def __call__(self, text: str) -> None:
        self._console.print(f"{time.monotonic() - self._began_s:6.1f} s  {text}", soft_wrap=True)


@contextlib.contextmanager
def _work_folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        if folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"chaos: --folder {folder} is not empty; name a new one, or empty it")
        yield folder.resolve()
        return
    work = Path(tempfile.mkdtemp(prefix="lbzf-chaos-"))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _carry_out(chosen: Sequence[Drill], settings: Settings, console: Console) -> list[Result]:
    from lbzf_ros.chaos.drills import carry_out

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(
            number, signal.default_int_handler
        )  # like Ctrl-C: whatever was started is stopped first
    found = []
    try:
        for position, drill in enumerate(chosen, 1):
            console.rule(f"{position}/{len(chosen)} {drill.name}: {drill.about}", align="left")
            result = carry_out(drill, settings)
            found.append(result)
            for problem in result.problems:
                console.print(problem, style="red", markup=False)
            if result.skipped:
                console.print(f"skipped: {result.skipped}", style="yellow", markup=False)
    except KeyboardInterrupt:
        console.print("Stopped; nothing that the drill had started runs any more.")
        raise typer.Exit(130) from None
    return found


def _finish(found: Sequence[Result], console: Console, results: Path | None, *, full: bool) -> None:
    from lbzf_ros.chaos import report

    for result in found:
        rows = [f"  {name:<34} {value}" for name, value in result.figures.items()]
        console.print("\n".join([f"\n{result.name}", *rows]), markup=False, soft_wrap=True)
    console.print(report.table(found))
    if results is not None:
        report.write(results, found, full=full)
        console.print(f"Figures: {results}", soft_wrap=True)
    if any(result.problems for result in found):
        raise typer.Exit(1)
