"""`lbzf db audit`: who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lbzf_ros.cli.options import DATA
from lbzf_ros.core.errors import StoreError

if TYPE_CHECKING:
    from lbzf_ros.store.people.audit import AuditRow

_LONGEST = 60


def audit(
    data: Path = DATA,
    since: str | None = typer.Option(
        None, "--since", help="Only from this time on, with its zone: 2026-07-15T08:30:00-05:00."
    ),
    actor: str | None = typer.Option(None, "--actor", help="Only of this e-mail or account."),
    subject: str | None = typer.Option(
        None, "--subject", help="Only of this row, e.g. operators/17, or table, e.g. operators/."
    ),
    limit: int = typer.Option(50, "--limit", min=1, max=500, help="Most changes to show."),
    before: str | None = typer.Option(None, "--before", help="Go on where an earlier list ended."),
) -> None:
    """Show what people changed, newest first: when (UTC), who, what, before and after. Changes nothing."""
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine
    from lbzf_ros.store.people.audit import AuditFilter, audit_rows
    from lbzf_ros.store.people.checks import parse_time

    database = data / DATABASE_NAME
    if not database.is_file():
        raise StoreError(f"{database}: there is none; name the data folder with --data")
    from_ns = None if since is None else parse_time(since, "--since")
    engine = reading_engine(database)
    try:
        page = audit_rows(
            engine, AuditFilter(from_ns=from_ns, actor=actor, subject=subject), limit=limit, after=before
        )
    finally:
        engine.dispose()
    Console().print(_table(page.items))
    if page.next_key is not None:
        typer.echo(f"There are older ones: --before {page.next_key}")


def _table(rows: tuple[AuditRow, ...]) -> Table:
    from lbzf_ros.store.timestamps import to_text

    table = Table("time (UTC)", "who", "what", "row", "change", "request")
    for row in rows:
        who = f"{row.actor} ({row.role})" if row.role else row.actor
        # As plain text: what people typed is no markup.
        cells = (
            to_text(row.at_ns),
            who,
            row.action,
            row.subject,
            _change(row.before, row.after),
            row.request_id,
        )
        table.add_row(*map(Text, cells))
    return table


def _change(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """Each field that differs, one a line."""
    names = {**(before or {}), **(after or {})}
    lines = []
    for name in names:
        old, new = (before or {}).get(name), (after or {}).get(name)
        if before is None:
            lines.append(f"{name}: {_shown(new)}")
        elif old != new or after is None:
            lines.append(f"{name}: {_shown(old)} → {_shown(new)}")
    return "\n".join(lines)


def _shown(value: object) -> str:
    text = "–" if value is None else " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
