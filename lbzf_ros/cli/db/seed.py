"""`lbzf db seed`: first rows of a new database."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from lbzf_ros.cli.options import DATA


def seed(data: Path = DATA) -> None:
    """Add the modules of the plant, and an example of a balanceo; what is there stays as it is.

    The example's figures are made up (db/seeds/README.md); import the plant's own with lbzf db import-balanceo.
    """
    from lbzf_ros.cli.entering import entering
    from lbzf_ros.store.imports.seeds import seed as add_seeds

    with entering(data) as (engine, actor):
        done = add_seeds(engine, actor, now_ns=time.time_ns())
    typer.echo(f"modules added: {', '.join(done.modules) or 'none; they are all there'}")
    for reference, count in done.operations:
        typer.echo(f"{reference}: {count} operations added as an example; their figures are made up")
