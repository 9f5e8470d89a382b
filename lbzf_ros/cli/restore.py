"""`lbzf restore`: what a database can be brought back from, and bringing it back."""

from __future__ import annotations

import datetime as dt
import time
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.bars import shown_progress
from lbzf_ros.cli.keeping import account, size_text
from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import NS_PER_S

if TYPE_CHECKING:
    from lbzf_ros.store.keeping.choices import Choice, Source
    from lbzf_ros.store.keeping.restore import Restored

_US = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def restore(
    backup: str | None = typer.Argument(
        None, help="Name from the list, or a file.", show_default="list what there is"
    ),
    data: Path = DATA,
    plant: Path | None = PLANT,
    at: str | None = typer.Option(
        None, "--at", help="Moment whose state is wanted, e.g. 2026-07-15T14:05 (the plant's time)."
    ),
    latest: bool = typer.Option(False, "--latest", help="The newest state there is."),
    drill: bool = typer.Option(
        False,
        "--drill",
        help="Only try it, in a scratch place; of the newest state when nothing else is said.",
    ),
) -> None:
    """List what there is, or bring a state of the database back.

    The state is written to a new file, checked, brought up to date, and put in the place of the database, which is kept
    as DIR/backups/replaced-….db. The plant may run meanwhile: what it measured since is sent to the restored database
    again, as far back as the plant file says (storage.keep_sent_hours).
    """
    from lbzf_ros.store.keeping import restore as store

    _, settings = plant_of(data, plant)
    zone, console, now_ns = zoneinfo.ZoneInfo(settings.time_zone), Console(), time.time_ns()
    if sum([backup is not None, at is not None, latest]) > 1:
        raise ConfigError("say one of: a backup's name, --at, --latest")
    if not (backup or at or latest or drill):
        _list(console, data, zone, now_ns)
        return
    choice = _choice(data, backup, at, zone)
    console.print(
        f"Restoring {choice.source.name} ({choice.source.kind.value}), state of {_local(choice.at_ns, zone)}",
        highlight=False,
        soft_wrap=True,
    )
    do = store.drill if drill else store.restore
    with shown_progress() as progress:
        restored = do(data, choice, account(), now_ns=now_ns, progress=progress)
    console.print(_summary(restored, zone, is_drill=drill), highlight=False, soft_wrap=True)


def _choice(data: Path, backup: str | None, at: str | None, zone: dt.tzinfo) -> Choice:
    from lbzf_ros.store.keeping import choices

    if backup is not None:
        return choices.named(data, backup)
    return choices.latest(data) if at is None else choices.at(data, _time_ns(at, zone))


def _time_ns(text: str, zone: dt.tzinfo) -> int:
    try:
        time_ = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ConfigError(
            f"--at {text!r}: is no time; write it as 2026-07-15T14:05 (the plant's time) or with a zone"
        ) from None
    zoned = time_ if time_.tzinfo else time_.replace(tzinfo=zone)
    return (zoned - _EPOCH) // _US * 1000


def _list(console: Console, data: Path, zone: zoneinfo.ZoneInfo, now_ns: int) -> None:
    from lbzf_ros.store.keeping.choices import Kind, sources

    found = sources(data)
    if not found:
        console.print(
            f"{data}: nothing to restore yet; `lbzf db backup` makes a backup.",
            highlight=False,
            soft_wrap=True,
        )
        return
    console.print(f"{data}: what can be restored, times of {zone.key}", highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE, padding=0)
    for name in ("name", "state of", "age", "size", "cycles"):
        right = name in ("age", "size", "cycles")
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for source in found:
        state = _local(source.from_ns, zone)
        if source.kind is Kind.CONTINUOUS:
            state += f"\nto {_local(source.until_ns, zone)}"
        table.add_row(
            source.name if source.kind is Kind.BACKUP else f"{source.name}\n  {source.kind.value}",
            state,
            _span((now_ns - source.until_ns) / NS_PER_S),
            size_text(source.size_bytes),
            _cycles(source),
        )
    console.print(table)


def _cycles(source: Source) -> str:
    return f"{source.facts.rows.get('cycle_events', 0):,}" if source.facts else "–"


def _summary(restored: Restored, zone: dt.tzinfo, *, is_drill: bool) -> str:
    newest = restored.newest_event_ns
    done = "The drill went well" if is_drill else "Restored"
    rows, cycles = sum(restored.rows.values()), restored.rows.get("cycle_events", 0)
    last = "none" if newest is None else _local(newest, zone)
    missing = _span(restored.missing_s)
    lines = [
        f"{done}: {rows:,} rows, {cycles:,} cycles, checked, in {restored.took_s:.1f} s.",
        f"Missing: {missing} between that state and now; newest cycle in it: {last}",
    ]
    if restored.missing_to_replaced_s is not None:
        before = "the present database" if is_drill else "the database before"
        lines.append(f"The newest cycle of {before} is {_span(restored.missing_to_replaced_s)} later.")
    if restored.migrated_from is not None:
        lines.append(f"It had schema {restored.migrated_from} and was brought up to date.")
    if restored.erased:
        lines.append(f"{restored.erased} people who were erased since were erased again.")
    if restored.replaced is not None:
        lines.append(f"The database before is kept: {restored.replaced}")
    return "\n".join(lines)


def _local(time_ns: int, zone: dt.tzinfo) -> str:
    return f"{dt.datetime.fromtimestamp(time_ns // NS_PER_S, zone):%Y-%m-%d %H:%M:%S}"


def _span(seconds: float) -> str:
    for unit, size in (("days", 172_800.0), ("h", 7200.0), ("min", 120.0)):
        if seconds >= size:
            divisor = {"days": 86_400, "h": 3600, "min": 60}[unit]
            return f"{seconds / divisor:.1f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
