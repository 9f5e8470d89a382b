"""`lbzf db import-balanceo`: the SAM of every operation, from the plant's own file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lbzf_ros.cli.options import DATA

if TYPE_CHECKING:
    from lbzf_ros.store.imports.balanceo import Balanceo, Imported
    from lbzf_ros.store.standard_times import Change

_STYLES = {"new": "green", "changed": "yellow", "same": "dim"}


def import_balanceo(
    file: Path = typer.Argument(..., help="CSV or Excel workbook (.xlsx)."),
    data: Path = DATA,
    mapping: Path | None = typer.Option(
        None,
        "--mapping",
        help="YAML file that says where the columns are.",
        show_default="usual names of columns",
    ),
    reference: str | None = typer.Option(
        None, "--reference", help="Product reference of rows that name none, e.g. 'Ref22 Slim'."
    ),
    sheet: str | None = typer.Option(
        None, "--sheet", help="Sheet of a workbook.", show_default="the only one, or Balanceo"
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only show what would change."),
) -> None:
    """Bring standard times (SAM) from the line balance into the database; run it as often as you like.

    What is the same stays. A SAM that changed becomes a new version, and the old one stays in the history. If any row
    is wrong, all wrong rows are listed and nothing is imported. Imported figures count before those of the plant file.
    The page shows them at once; the limits of a cycle follow at the next start of lbzf up.
    """
    from lbzf_ros.cli.entering import entering
    from lbzf_ros.store.imports import balanceo as store
    from lbzf_ros.store.imports.mapping import Mapping, read_mapping

    wanted = read_mapping(mapping) if mapping else Mapping()
    found = store.read_balanceo(file, wanted, reference=reference, sheet=sheet)
    with entering(data) as (engine, actor):
        done = store.import_balanceo(
            engine, found, actor, source=wanted.source, now_ns=time.time_ns(), dry_run=dry_run
        )
    console = Console()
    console.print(_table(file, done))
    console.print(_summary(found, done, dry_run=dry_run), highlight=False, soft_wrap=True)


def _table(file: Path, done: Imported) -> Table:
    table = Table(title=escape(str(file)), title_justify="left")
    for name in ("reference", "operation", "machine", "version", "change"):
        table.add_column(name)
    table.add_column("SAM min", justify="right")
    table.add_column("before", justify="right")
    for change in done.changes:
        table.add_row(*_cells(change), style=_STYLES[change.kind])
    return table


def _cells(change: Change) -> tuple[str, ...]:
    time, before = change.time, change.before
    texts = (time.reference, time.operation, time.machine_code or "", time.version, change.kind)
    return (*map(escape, texts), f"{time.sam_minutes:g}", f"{before.sam_minutes:g}" if before else "")


def _summary(found: Balanceo, done: Imported, *, dry_run: bool) -> str:
    total = sum(change.time.sam_minutes for change in done.changes)
    counts = ", ".join(f"{done.count(kind)} {kind}" for kind in _STYLES)
    lines = [f"{len(done.changes)} operations, {total:.2f} min in all: {counts}"]
    lines += [f"left out: {row}" for row in found.skipped]
    if done.withdrawn:
        lines.append(f"examples out of force: {len(done.withdrawn)}")
    lines += [f"look at: {hint}" for hint in done.hints]
    if dry_run:
        lines.append("Nothing was written (--dry-run).")
    return escape("\n".join(lines))
