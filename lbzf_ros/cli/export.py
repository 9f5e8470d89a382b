"""`lbzf export`: the plant's workbook of a day or a shift."""

from __future__ import annotations

import datetime as dt
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape

from lbzf_ros.cli.bars import shown_progress
from lbzf_ros.cli.keeping import STOPPED
from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of
from lbzf_ros.core.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from lbzf_ros.reports.workbook.export import Exported


def export(
    day: str | None = typer.Option(
        None, "--day", help="YYYY-MM-DD, today or yesterday, by the plant's clock.", show_default="needed"
    ),
    shift: str | None = typer.Option(
        None, "--shift", help="Label of a jornada, e.g. jornada_1.", show_default="the whole day"
    ),
    module: str | None = typer.Option(None, "--module", help="Code of a module.", show_default="all"),
    template: Path | None = typer.Option(
        None, "--template", help="The plant's own workbook: a filled copy is written, the file is only read."
    ),
    mapping: Path | None = typer.Option(
        None,
        "--mapping",
        help="Layout of the workbook (YAML).",
        show_default="workbook.yaml in the data folder, else the one that comes with LBZF",
    ),
    out: Path | None = typer.Option(
        None, "--out", help="Folder for the files.", show_default="exports in the data folder"
    ),
    data: Path = DATA,
    plant: Path | None = PLANT,
) -> None:
    """Write the workbook of a day or a shift: indicadores-YYYY-MM-DD[-jornada].xlsx and its CSV mirror.

    A day that is over always gives the same bytes. A file that LBZF did not write, or that was changed since, is left
    alone: the new one gets the next free name. Exit status: 0 written, 1 wrong argument or it cannot be written,
    2 wrong option, 130 stopped by Ctrl-C (nothing is left behind). docs/export.md says what is in it.
    """
    from lbzf_ros.reports.workbook.export import Order, export_day
    from lbzf_ros.store.engine import DATABASE_NAME

    if day is None:
        raise ConfigError("--day: name the day, e.g. --day 2026-07-15 or --day yesterday")
    _, settings = plant_of(data, plant)
    if not (data / DATABASE_NAME).is_file():
        raise StoreError(f"{data / DATABASE_NAME}: there is none; name the data folder with --data")
    now_ns = time.time_ns()
    order = Order(
        data=data,
        plant=settings,
        day=_day(day, settings.time_zone, now_ns),
        now_ns=now_ns,
        shift=shift,
        module=module,
        out=out,
        template=template,
        mapping=mapping,
    )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # like Ctrl-C: nothing is left behind
    try:
        with shown_progress() as progress:
            done = export_day(order, progress=progress)
    except KeyboardInterrupt:
        typer.echo("Stopped; nothing was written.", err=True)
        raise typer.Exit(STOPPED) from None
    _tell(done)


def _day(text: str, time_zone: str, now_ns: int) -> dt.date:
    today = dt.datetime.fromtimestamp(now_ns // 1_000_000_000, ZoneInfo(time_zone)).date()
    if text in {"today", "yesterday"}:
        return today - dt.timedelta(days=text == "yesterday")
    try:
        found = dt.date.fromisoformat(text) if len(text) == len("YYYY-MM-DD") else None
    except ValueError:
        found = None
    if found is None or not dt.date(2000, 1, 1) <= found <= today:
        raise ConfigError(
            f"--day {text!r}: must be a day from 2000-01-01 to today, as YYYY-MM-DD, or today or yesterday"
        )
    return found


def _tell(done: Exported) -> None:
    console = Console()
    if done.wanted_name:
        note = f"Note: {done.wanted_name} is there and is not as LBZF wrote it, so it is left alone."
        console.print(escape(note), highlight=False, soft_wrap=True)
    rows = ", ".join(f"{title} {count}" for title, count in done.rows.items())
    console.print(escape(f"{done.workbook}: {rows} rows"), highlight=False, soft_wrap=True)
    names = ", ".join(path.name for path in done.csv)
    console.print(escape(f"CSV: {names}"), highlight=False, soft_wrap=True)
