"""`lbzf db orphans`: rows without their files, files without their rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.keeping import STOPPED, account, logged, only_one, open_job, size_text
from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of

if TYPE_CHECKING:
    from lbzf_ros.store.keeping.orphans import Orphans, Repaired


def orphans(
    data: Path = DATA,
    plant: Path | None = PLANT,
    repair: bool = typer.Option(
        False, "--repair", help="Put right what can be put right without losing anything."
    ),
) -> None:
    """Find rows whose picture or video is missing, and files that no row names.

    With --repair a path that leads nowhere becomes empty (the audit log keeps it), a picture whose cycle has none is
    named again, and half-written files are removed. Pictures and video that no row names stay where they are.
    """
    from lbzf_ros.store.keeping.orphans import count_orphans, find_orphans
    from lbzf_ros.store.keeping.orphans import repair as put_right

    _, settings = plant_of(data, plant)
    console = Console()
    with open_job(data, settings, account()) as job:
        if not repair:
            _show(count_orphans(find_orphans(job)), console)
            return
        with only_one(data, "maintenance"), logged(data):
            findings = list(find_orphans(job))
            _show(count_orphans(findings), console)
            _tell(put_right(job, findings), console)


def _tell(done: Repaired, console: Console) -> None:
    console.print(
        f"{done.forgotten} paths that led nowhere are empty now, {done.named} pictures are named again, "
        f"{done.removed} half-written files are gone"
    )
    for problem in done.problems:
        console.print(f"[red]{problem}[/red]", soft_wrap=True)
    if done.stopped:
        raise typer.Exit(STOPPED)
    if done.problems:
        raise typer.Exit(1)


def _show(found: Orphans, console: Console) -> None:
    console.print(_table(found) if found.total else "No orphans")


def _table(found: Orphans) -> Table:
    table = Table(title="Orphans", title_justify="left")
    for name in ("what", "number", "room", "oldest", "newest", "for example"):
        table.add_column(name, justify="right" if name in ("number", "room") else "left")
    for what, amount in found.amounts.items():
        room = size_text(amount.size_bytes) if amount.size_bytes else "–"
        examples = "\n".join(found.examples[what])
        table.add_row(what.value, f"{amount.files:,}", room, amount.oldest[:10], amount.newest[:10], examples)
    return table
