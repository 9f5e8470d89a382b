"""What the drills have found, as a file and in words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from lbzf_ros.chaos.stage import Result
from lbzf_ros.machine import machine


def write(path: Path, results: Sequence[Result], *, full: bool) -> None:
    """Write all results to a file (JSON)."""
    report = {
        "measured_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "form": "full" if full else "short",
        "drills": [asdict(result) for result in results],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")


def table(results: Sequence[Result]) -> Table:
    """One line for each drill."""
    shown = Table(title="What is left")
    for name in ("drill", "seed", "cycles ended", "in the table", "lost", "doubled", "aborted", "time"):
        shown.add_column(name, justify="left" if name == "drill" else "right")
    shown.add_column("verdict")
    for result in results:
        figures = [
            str(result.figures.get(key, "")) for key in ("ended", "in_table", "lost", "doubled", "aborted")
        ]
        shown.add_row(result.name, str(result.seed), *figures, f"{result.took_s:.0f} s", verdict(result))
    return shown


def verdict(result: Result) -> str:
    """In a word."""
    if result.skipped:
        return "[yellow]skipped[/yellow]"
    return "[red]BROKEN[/red]" if result.problems else "[green]kept[/green]"
