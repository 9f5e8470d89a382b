"""`lbzf video`: what is recorded, and what is not and why."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of
from lbzf_ros.core.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from lbzf_ros.config.schema import Plant
    from lbzf_ros.video.ledger import Stretch

_NS_PER_S = 10**9

video = typer.Typer(name="video", no_args_is_help=True, help="What is recorded, and what is not and why.")


@video.command()
def gaps(
    data: Path = DATA,
    plant: Path | None = PLANT,
    day: str = typer.Option(
        "", "--day", help="Day at the plant, YYYY-MM-DD.", show_default="today, up to now"
    ),
    camera: list[str] = typer.Option([], "--camera", help="Only this camera, e.g. cam1; may be repeated."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, with every stretch that is recorded."),
) -> None:
    """Show every second of a day that is not recorded, and why; exit status 3 when there is one.

    Causes: [bold]camera[/bold] it sent nothing, [bold]disk[/bold] no room or a fault, [bold]restart[/bold] LBZF was
    killed or the power failed, [bold]maintenance[/bold] somebody stopped LBZF, [bold]deleted[/bold] it was recorded and
    the file went by now, [bold]unknown[/bold] nobody knows. Exit status: 0 nothing is missing, 1 it cannot be told, 3
    something is missing.
    """
    _, settings = plant_of(data, plant)
    from_ns, to_ns = _span(day, settings)
    found = {label: _stretches(data, label, from_ns, to_ns) for label in _cameras(settings, camera)}
    missing = {label: [s for s in all_of if s.cause] for label, all_of in found.items()}
    if as_json:
        typer.echo(json.dumps(_report(found, from_ns, to_ns), indent=2, ensure_ascii=False))
    else:
        Console().print(_table(missing, zoneinfo.ZoneInfo(settings.time_zone)))
        for label, all_of in found.items():
            known_s = sum(s.length_s for s in all_of if not s.cause)
            whole_s = max(1e-9, (to_ns - from_ns) / _NS_PER_S)
            typer.echo(
                f"{label}: {_duration(known_s)} of {_duration(whole_s)} recorded ({known_s / whole_s:.2%})"
            )
    if any(missing.values()):
        raise typer.Exit(3)


def _stretches(data: Path, label: str, from_ns: int, to_ns: int) -> tuple[Stretch, ...]:
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine
    from lbzf_ros.store.video import missing_spans, recorded_spans
    from lbzf_ros.video.ledger import Known, ledger, open_files
    from lbzf_ros.video.left_behind import was_stopped

    database = data / DATABASE_NAME
    if not database.exists():
        raise StoreError(
            f"{database}: there is no database, so nothing is known of any video. Is --data right?"
        )
    engine = reading_engine(database)
    try:
        recorded = recorded_spans(engine, label, from_ns, to_ns)
        missing = missing_spans(engine, label, from_ns, to_ns)
    finally:
        engine.dispose()
    entered = {span.path for span in recorded}
    spans = [Known(s.start_ns, s.end_ns, "deleted" if s.deleted else "", s.path) for s in recorded]
    spans += [
        Known(s.start_ns, s.end_ns, "", s.path) for s in open_files(data, label, from_ns, to_ns, entered)
    ]
    spans += [Known(s.start_ns, s.end_ns, s.cause, s.detail) for s in missing]
    return ledger(spans, from_ns, to_ns, stopped=was_stopped(data, label))


def _cameras(settings: Plant, wanted: list[str]) -> list[str]:
    labels = [camera.label for camera in settings.cameras]
    if wrong := [label for label in wanted if label not in labels]:
        raise ConfigError(f"--camera {wrong[0]}: the plant has {', '.join(labels)}")
    return wanted or labels


def _span(day: str, settings: Plant) -> tuple[int, int]:
    zone = zoneinfo.ZoneInfo(settings.time_zone)
    now = dt.datetime.now(zone)
    try:
        date = dt.date.fromisoformat(day) if day else now.date()
    except ValueError:
        raise ConfigError(f"--day {day!r}: must be a date such as 2026-07-15") from None
    begin = dt.datetime.combine(date, dt.time(), zone)
    end = min(dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), zone), now)
    if end <= begin:
        raise ConfigError(f"--day {day}: has not begun yet at the plant ({settings.time_zone})")
    return round(begin.timestamp()) * _NS_PER_S, round(end.timestamp() * 1000) * 1_000_000


def _table(missing: dict[str, list[Stretch]], zone: zoneinfo.ZoneInfo) -> Table:
    table = Table("camera", f"from ({zone.key})", "to", "length", "cause", "why", title="Not recorded")
    for label, stretches in missing.items():
        for one in stretches:
            begin, end = (
                f"{dt.datetime.fromtimestamp(ns / _NS_PER_S, zone):%H:%M:%S}"
                for ns in (one.start_ns, one.end_ns)
            )
            table.add_row(label, begin, end, _duration(one.length_s), one.cause, one.detail)
    return table


def _report(found: dict[str, tuple[Stretch, ...]], from_ns: int, to_ns: int) -> dict[str, object]:
    def line(one: Stretch) -> dict[str, object]:
        state = {"recorded": not one.cause, "cause": one.cause or None, "detail": one.detail}
        return {
            "from": _utc(one.start_ns),
            "to": _utc(one.end_ns),
            "seconds": round(one.length_s, 3),
            **state,
        }

    cameras = {label: [line(one) for one in stretches] for label, stretches in found.items()}
    return {"from": _utc(from_ns), "to": _utc(to_ns), "cameras": cameras}


def _utc(time_ns: int) -> str:
    return dt.datetime.fromtimestamp(time_ns / _NS_PER_S, dt.timezone.utc).isoformat(timespec="milliseconds")


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
