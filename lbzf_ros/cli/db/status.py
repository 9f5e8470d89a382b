"""`lbzf db status`: schema, size, rows and settings of a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.options import DATA

if TYPE_CHECKING:
    from lbzf_ros.store.status import DatabaseStatus, MigrationState


def status(data: Path = DATA) -> None:
    """Show the database: schema and migrations, size and free space, rows of each table, PRAGMAs. Changes nothing."""
    from lbzf_ros.store.engine import DATABASE_NAME
    from lbzf_ros.store.status import database_status

    found = database_status(data / DATABASE_NAME)
    console = Console()
    console.print(_head(found), highlight=False, soft_wrap=True)
    console.print(_migrations(found))
    console.print(_pairs("Rows", ("table", "rows"), {name: f"{rows:,}" for name, rows in found.rows.items()}))
    console.print(_pairs("PRAGMAs of a reader", ("name", "value"), dict(found.pragmas)))


def _head(found: DatabaseStatus) -> str:
    verdict = "that of this program"
    if found.version > found.known_version:
        verdict = f"newer than this program's {found.known_version}: start the newer LBZF"
    elif found.version < found.known_version:
        verdict = (
            f"this program's is {found.known_version}: `lbzf db migrate` or the next start applies the rest"
        )
    return "\n".join(
        [
            f"{found.path}",
            f"  schema    {found.version} ({verdict})",
            f"  database  {_size(found.database_bytes)}",
            f"  WAL       {_size(found.wal_bytes)}",
            f"  free      {_size(found.free_bytes)} on its disk",
        ]
    )


def _migrations(found: DatabaseStatus) -> Table:
    table = Table("migration", "applied (UTC)", title="Migrations", title_justify="left")
    for migration in found.migrations:
        table.add_row(migration.id, _applied(migration))
    return table


def _applied(migration: MigrationState) -> str:
    if migration.applied_at is None:
        return "[yellow]pending[/yellow]"
    return migration.applied_at + ("" if migration.known else " [red]of a newer LBZF[/red]")


def _pairs(title: str, heads: tuple[str, str], values: dict[str, str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(heads[0])
    table.add_column(heads[1], justify="right")
    for name, value in values.items():
        table.add_row(name, value)
    return table


def _size(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
