"""`lbzf db backup`: make a backup now."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from lbzf_ros.cli.bars import shown_progress
from lbzf_ros.cli.keeping import size_text
from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of


def backup(
    data: Path = DATA,
    plant: Path | None = PLANT,
    to: Path | None = typer.Option(
        None, "--to", help="Folder for it; others in it stay.", show_default="DIR/backups"
    ),
) -> None:
    """Back the database up while everything runs: one compressed file, checked before it counts.

    Old backups go by the plant file's rule (14 daily, 12 monthly, 3 yearly when nothing else is set), and a second
    place gets what it lacks. `lbzf restore` brings one back.
    """
    from lbzf_ros.store.engine import DATABASE_NAME
    from lbzf_ros.store.keeping.backup import back_up
    from lbzf_ros.store.keeping.place import send_missing
    from lbzf_ros.store.keeping.status import BACKUPS

    _, settings = plant_of(data, plant)
    folder, now_ns = to or data / BACKUPS, time.time_ns()
    with shown_progress() as progress:
        made = back_up(
            data / DATABASE_NAME,
            folder,
            settings.backup,
            zone=settings.time_zone,
            now_ns=now_ns,
            is_extra=to is not None,
            progress=progress,
        )
    rows = sum(made.facts.rows.values()) if made.facts else 0
    typer.echo(
        f"{made.path}: {size_text(made.size_bytes)} ({size_text(made.database_bytes)} unpacked), {rows:,} rows, checked"
    )
    if to is None and settings.backup.second_place:
        sent = send_missing(folder, settings.backup, zone=settings.time_zone, now_ns=now_ns)
        if sent.error:
            typer.secho(
                f"{sent.error}; it is tried again with the next backup", fg=typer.colors.RED, err=True
            )
            raise typer.Exit(1)
        typer.echo("The second place has every backup.")
