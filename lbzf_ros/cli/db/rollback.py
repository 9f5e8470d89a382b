"""`lbzf db rollback`: undo the last migration."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from lbzf_ros.cli import claims
from lbzf_ros.cli.options import DATA


def rollback(
    data: Path = DATA,
    drop_data: bool = typer.Option(
        False, "--drop-data", help="Also when tables or columns go that hold something."
    ),
) -> None:
    """Undo the last migration, to go back to an older LBZF; a copy of the database is made in DIR/backups first.

    It is one transaction: undone whole or not at all. This version of LBZF would apply the migration again at its
    next start, so start the older one afterwards.
    """
    from lbzf_ros.store import rollback as store
    from lbzf_ros.store.engine import DATABASE_NAME

    database = data / DATABASE_NAME
    with claims.data_folder(data):
        done = store.rollback(
            database, now_ns=time.time_ns(), drop_data=drop_data, tell=lambda line: typer.echo(f"  {line}")
        )
    typer.echo(f"{database}: schema {done.before} → schema {done.after} ({done.migration} undone)")
    if done.lost:
        typer.echo(f"  deleted: {', '.join(map(str, done.lost))}")
    typer.echo(f"  copy of what was there before: {done.copy}")
    typer.echo("  Now start the older LBZF; this one would apply the migration again.")
