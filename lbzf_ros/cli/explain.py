"""`lbzf explain`: why a cycle was decided as it was."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.core.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from lbzf_ros.reports.explain.explained import Explained

_FORMATS = (".png", ".svg")


def explain(
    cycle: str = typer.Argument(
        ...,
        metavar="EVENT_UID|STATION",
        help="A cycle's event_uid or its beginning; or MODULE/CODE of a station.",
    ),
    at: str | None = typer.Argument(
        None,
        metavar="[TIME]",
        help="With a station: when the cycle ran, e.g. 2026-07-15T10:03; without a zone it is local time.",
    ),
    data: Path = DATA,
    plant: Path | None = PLANT,
    out: Path | None = typer.Option(
        None,
        "--out",
        help="Where the timeline goes: FILE.png or FILE.svg.",
        show_default="exports/explain/CAMERA_UID.png in the data folder",
    ),
    as_json: bool = typer.Option(
        False, "--json", help="Print it as JSON instead; a timeline is written with --out only."
    ),
) -> None:
    """Why a cycle was decided as it was: what was seen, which timers ran out, which rule decided.

    Prints the story in order, with all figures and their limits, and draws its timeline. Cycles that
    run, were rejected or given up can be asked for too. docs/explain.md explains the picture.
    """
    # Imported here: matplotlib and SQLAlchemy take a second, which the other commands need not wait for.
    from lbzf_ros.reports.explain.explained import explained
    from lbzf_ros.reports.explain.story import as_text, story
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine

    if out is not None and out.suffix not in _FORMATS:
        raise ConfigError(f"--out {out}: must end in {' or '.join(_FORMATS)}")
    if not (data / DATABASE_NAME).is_file():
        raise StoreError(f"{data / DATABASE_NAME}: there is none; name the data folder with --data")
    engine = reading_engine(data / DATABASE_NAME)
    try:
        found = explained(engine, data, _uid(engine, cycle, at, data, plant))
    finally:
        engine.dispose()
    typer.echo(_json(found) if as_json else as_text(story(found)))
    path = out or data / "exports" / "explain" / f"{found.row.camera}_{found.row.event_uid}.png"
    if found.why is not None and (out is not None or not as_json):
        _write(found, path)
        typer.echo(f"\nTimeline: {path}", err=as_json)


def _uid(engine: Engine, cycle: str, at: str | None, data: Path, plant: Path | None) -> str:
    from lbzf_ros.cli.plant_file import plant_of
    from lbzf_ros.reports.explain.explained import uid_at, uid_meant

    if at is not None:
        return uid_at(engine, cycle, at, plant_of(data, plant)[1].time_zone)
    if "/" in cycle:
        raise ConfigError(f"{cycle}: a station needs a time, e.g. lbzf explain {cycle} 2026-07-15T10:03")
    return uid_meant(engine, cycle)


def _write(found: Explained, path: Path) -> None:
    from lbzf_ros.disk import write_whole
    from lbzf_ros.reports.explain.timeline import draw

    write_whole(path, draw(found, path.suffix[1:]))


def _json(found: Explained) -> str:
    why = None if found.why is None else dataclasses.asdict(found.why)
    row = {**found.row._asdict(), "reasons": dict(found.row.reasons)}
    return json.dumps(_plain({"cycle": row, "explanation": why}), ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    """What is not known is null."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
