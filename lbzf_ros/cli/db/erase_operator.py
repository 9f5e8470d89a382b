"""`lbzf db erase-operator`: make a person's rows anonymous."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lbzf_ros.cli.keeping import account, logged
from lbzf_ros.cli.options import DATA
from lbzf_ros.core.errors import StoreError

if TYPE_CHECKING:
    from lbzf_ros.store.people.erasing import Erasure

_WHAT = {
    "operators": "the person: code, name and notes are emptied, the row stays",
    "cycle_events.operator_id": "cycles that no longer say whose they are; they stay",
    "operator_assignments": "entries of who works where, deleted",
    "audit_log": "entries of the audit log from which code and name go",
}
_TEXTS = "texts of people from which code and name go"


def erase_operator(
    code: str = typer.Argument(..., help="Code of the operator, as it was entered."),
    data: Path = DATA,
    dry_run: bool = typer.Option(False, "--dry-run", help="Only show what would change."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Make the rows of an operator anonymous, for good. The cycles stay; nothing says any longer whose they were.

    It may be done while LBZF runs. It is one transaction, noted in the audit log and, by row number only, in
    DIR/erasures.jsonl: a restore of an older backup erases again from there.
    """
    from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
    from lbzf_ros.store.people import erasing
    from lbzf_ros.store.people.reading import PeopleReader

    database = data / DATABASE_NAME
    if not database.is_file():
        raise StoreError(f"{database}: there is none; name the data folder with --data")
    console, actor, notes = Console(), account(), data / erasing.ERASURES_NAME
    engine = writing_engine(database)
    try:
        now_ns = time.time_ns()
        plan = erasing.erase_operator(engine, code, actor, now_ns=now_ns, erasures=notes, dry_run=True)
        console.print(_table(f"What erasing {code} would change" if dry_run else f"Erasing {code}", plan))
        _to_look_at(console, plan)
        if dry_run:
            typer.echo("Nothing was changed.")
            return
        if not yes:
            person = PeopleReader(engine).operator(code)
            name = person.display_name if person else code
            typer.confirm(f"Erase {code}, {name}? It cannot be undone.", abort=True)
        with logged(data):
            done = erasing.erase_operator(
                engine, code, actor, now_ns=time.time_ns(), erasures=notes, dry_run=False
            )
    finally:
        engine.dispose()
    typer.echo(f"Erased: operators/{done.operator_id}, {sum(done.rows.values())} rows.")
    _what_is_left(data, done)


def _table(title: str, erasure: Erasure) -> Table:
    table = Table("rows", "where", "what", title=Text(title), title_justify="left")
    for where, rows in erasure.rows.items():
        table.add_row(str(rows), where, _WHAT.get(where, _TEXTS))
    return table


def _to_look_at(console: Console, erasure: Erasure) -> None:
    """Places that only a person can judge; their texts are not shown, they may be about somebody else."""
    if not erasure.unsure_count:
        return
    table = Table("table", "row", "column", title_justify="left")
    table.title = "These may name the person, or somebody else; look at them yourself"
    for place in erasure.unsure:
        table.add_row(place.table, Text(str(place.row_id)), place.column)
    console.print(table)
    if erasure.unsure_count > len(erasure.unsure):
        typer.echo(f"… and {erasure.unsure_count - len(erasure.unsure)} more")


def _what_is_left(data: Path, done: Erasure) -> None:
    typer.echo("The person is still in:")
    typer.echo(
        f"  {data / 'backups'}: backups made until now, until they are rotated out (the oldest after 3 years); "
        "restoring one erases again. Copies at a second place are the same."
    )
    typer.echo(f"  {data / 'exports'}: files made until now that name operators; delete or export them anew.")
    typer.echo(f"  {data / 'frames'}, {data / 'video'}: pictures, until their time is up.")
    if not done.leftovers_gone:
        typer.echo(f"  {data / 'lbzf.db-wal'}: old pages, until the next checkpoint; somebody was reading.")
