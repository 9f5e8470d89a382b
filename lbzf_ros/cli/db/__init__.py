"""`lbzf db …`: look after the database of a data folder. One command a file; `commands.py` registers them."""

from __future__ import annotations

import typer

db = typer.Typer(
    name="db",
    no_args_is_help=True,
    help="Look after the database of a data folder: its schema, what people enter, backups.",
)
