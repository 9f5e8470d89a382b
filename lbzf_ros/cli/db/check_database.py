"""`lbzf db check`: is the database whole?"""

from __future__ import annotations

import time
from pathlib import Path

import typer

from lbzf_ros.cli.options import DATA


def check_database(
    data: Path = DATA,
    quick: bool = typer.Option(False, "--quick", help="Leave out whether indexes and tables agree."),
) -> None:
    """Look at every page of the database and at every reference, while everything runs. Exit status 1: it is damaged.

    The result also goes into the status that diagnostics show; `lbzf maintenance` does this every night.
    """
    from lbzf_ros.store.engine import DATABASE_NAME
    from lbzf_ros.store.keeping import integrity

    depth = integrity.Depth.QUICK if quick else integrity.Depth.FULL
    found = integrity.check_database(data, data / DATABASE_NAME, now_ns=time.time_ns(), depth=depth)
    for problem in found.problems:
        typer.secho(problem, fg=typer.colors.RED, err=True)
    if found.problems:
        typer.echo(
            "The database is damaged. `lbzf restore --latest` brings the last good state back.", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"{data / DATABASE_NAME}: is whole ({found.took_s:.1f} s)")
