"""`lbzf db prune`: remove the pictures whose time is up, and video when room is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.keeping import LOG, STOPPED, account, logged, only_one, open_job, size_text, with_progress
from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of

if TYPE_CHECKING:
    from lbzf_ros.config.schema import Plant
    from lbzf_ros.store.keeping.frames import FramesDone
    from lbzf_ros.store.keeping.retention import Job, PlanLine
    from lbzf_ros.store.keeping.video_space import SpaceDone

_EXAMPLES = 5


def prune(
    data: Path = DATA,
    plant: Path | None = PLANT,
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would go, what stays, and why."),
) -> None:
    """Remove pictures whose time is up, and the oldest video when too little room is free.

    The cycles stay, marked as archived. Video that a job, a label or an unverified cycle still needs stays too.
    Ctrl-C stops between two files; the next run goes on. `lbzf maintenance` does this every night.
    """
    from lbzf_ros.store.keeping.frames import plan_frames
    from lbzf_ros.store.keeping.video_space import plan_room

    path, settings = plant_of(data, plant)
    console = Console()
    with open_job(data, settings, account()) as job:
        console.print(f"Data: {data}   Settings: {path}", highlight=False, soft_wrap=True)
        lines = [*plan_frames(job), *plan_room(job, settings.storage.reserve_gb)]
        console.print(_table(lines, dry_run))
        total = sum(line.amount.files for line in lines if line.goes)
        if dry_run:
            return
        with only_one(data, "maintenance"), only_one(data, "space"), logged(data):
            problems = _do(job, settings, total, console)
    for problem in problems[:_EXAMPLES]:
        console.print(f"[red]{problem}[/red]", soft_wrap=True)
    if problems:
        raise typer.Exit(1)


def _do(job: Job, settings: Plant, total: int, console: Console) -> list[str]:
    from lbzf_ros.store.keeping.frames import archive_frames
    from lbzf_ros.store.keeping.video_space import make_room

    with with_progress(job, total, "Removing", console) as shown:
        frames = archive_frames(shown)
        space = None if frames.stopped else make_room(shown, settings.storage.reserve_gb)
    summary = _summary(frames, space)
    LOG.info("prune: %s", summary)
    console.print(summary, highlight=False, soft_wrap=True)
    if frames.stopped or (space and space.stopped):
        console.print("Stopped between two files; the next run goes on from here.")
        raise typer.Exit(STOPPED)
    alarm = [space.alarm] if space and space.alarm else []
    return frames.problems + (space.problems if space else []) + alarm


def _summary(frames: FramesDone, space: SpaceDone | None) -> str:
    pictures = frames.archived.files + frames.nameless.files
    size = frames.archived.size_bytes + frames.nameless.size_bytes
    text = f"Removed {pictures} pictures ({size_text(size)})"
    if space:
        text += f" and {space.removed.files} pieces of video ({size_text(space.removed.size_bytes)})"
        text += f"; {size_text(space.free_bytes[1])} free"
    return text


def _table(lines: list[PlanLine], dry_run: bool) -> Table:
    table = Table(title="What would go" if dry_run else "What goes", title_justify="left")
    for name in ("", "what", "files", "room", "oldest", "newest", "why"):
        table.add_column(name, justify="right" if name in ("files", "room") else "left")
    for line in lines:
        amount = line.amount
        fate = "[yellow]goes[/yellow]" if line.goes else "stays"
        room = size_text(amount.size_bytes) if amount.size_bytes or line.goes else "–"
        days = (amount.oldest[:10] or "–", amount.newest[:10] or "–")
        table.add_row(fate, line.what, f"{amount.files:,}", room, *days, line.why)
    return table
