"""`lbzf db migrate`: bring a database to the schema of this program."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from lbzf_ros.cli import claims
from lbzf_ros.cli.options import DATA


def migrate(
    data: Path = DATA,
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would be done."),
) -> None:
    """Bring the database to the schema of this program, after a copy of it was made in DIR/backups.

    Each migration is one transaction: it is applied whole or not at all. `lbzf up` does the same by itself when it
    starts; a database of a newer LBZF is refused.
    """
    from lbzf_ros.store import migrate as store
    from lbzf_ros.store.engine import DATABASE_NAME

    database, folder = data / DATABASE_NAME, store.migrations_folder()
    before = store.checked_version(database, folder)
    known = store.known_version(folder)
    if before == known:
        typer.echo(f"{database}: has schema {known}, which is that of this program; nothing to do.")
        return
    typer.echo(f"{database}: {f'schema {before}' if before else 'new'} → schema {known}")
    if dry_run:
        for line in _plan(database, before, folder):
            typer.echo(f"  would {line}")
        return
    with claims.data_folder(data):
        done = store.migrate(database, now_ns=time.time_ns(), tell=lambda line: typer.echo(f"  {line}"))
    typer.echo(f"{database}: has schema {done.after}" + (f"; copy: {done.copy}" if done.copy else ""))


def _plan(database: Path, before: int, folder: Path) -> list[str]:
    names = sorted(path.stem for path in folder.glob("*.sql") if ".rollback" not in path.name)
    steps = [f"apply {name}" for name in names if int(name.split("_")[0]) > before]
    return [f"copy it to {database.parent / 'backups'}", *steps] if before else steps
