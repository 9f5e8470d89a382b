"""`lbzf db import-lost-time-codes`: the plant's reasons for lost time."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from lbzf_ros.cli.options import DATA


def import_lost_time_codes(
    file: Path = typer.Argument(..., help="CSV or Excel workbook with the columns code and display_name."),
    data: Path = DATA,
    sheet: str | None = typer.Option(
        None, "--sheet", help="Sheet of a workbook.", show_default="the only one"
    ),
) -> None:
    """Use exactly the lost-time codes of a file, at most 22; run it as often as you like.

    Codes that the file no longer has go out of use; what is marked with them keeps its name. If any row is wrong, all
    wrong rows are listed and nothing is imported. config/lost_time_codes.example.csv shows the form.
    """
    from lbzf_ros.cli.entering import entering
    from lbzf_ros.store.imports.lost_time_codes import read_lost_time_codes
    from lbzf_ros.store.people.lost_time import sync_lost_time_codes

    codes = read_lost_time_codes(file, sheet=sheet)
    with entering(data) as (engine, actor):
        done = sync_lost_time_codes(engine, codes, actor, now_ns=time.time_ns())
    typer.echo(f"{file}: {len(codes)} codes in use")
    for what, names in (
        ("added", done.added),
        ("renamed or back in use", done.changed),
        ("out of use", done.retired),
    ):
        if names:
            typer.echo(f"  {what}: {', '.join(names)}")
