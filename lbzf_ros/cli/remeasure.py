"""`lbzf remeasure`: a recorded day again, with today's zones, model and parameters."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.options import DATA
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.page import page_url

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from lbzf_ros.config.schema import Plant
    from lbzf_ros.remeasure.day import Day
    from lbzf_ros.remeasure.difference import StationDifference
    from lbzf_ros.remeasure.measure import Prepared, Report
    from lbzf_ros.remeasure.plan import Run
    from lbzf_ros.remeasure.report import Measured
    from lbzf_ros.remeasure.worker import Progress as RunProgress

_INTERRUPTED = 130
_SHOWN = 12


def remeasure(
    day: str = typer.Argument(..., metavar="DAY", help="Local date, e.g. 2026-07-15."),
    data: Path = DATA,
    plant: Path | None = typer.Option(
        None,
        "--plant",
        help="Plant file (YAML) with the zones, the model and the limits to measure with.",
        show_default="the one that lbzf up last ran on the folder",
    ),
    camera: list[str] = typer.Option(
        [], "--camera", help="Only this camera (cam1); may be given several times."
    ),
    hours: str | None = typer.Option(
        None,
        "--hours",
        help="Only cycles that begin in these local hours, e.g. 06:00-14:00.",
        show_default="the whole day",
    ),
    workers: int = typer.Option(
        0,
        "--workers",
        min=0,
        help="Cores to use: one process for each; a process that is left alone uses the others too.",
        show_default="all that this process may use",
    ),
    out: Path | None = typer.Option(
        None,
        "--out",
        help="Where the page with pictures goes.",
        show_default="difference.html in the second set",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the difference as JSON instead."),
) -> None:
    """Measure a recorded day again; the first measurement stays as it is.

    What the cameras recorded that day goes through all steps with the zones, the model and the limits of the plant
    file. The cycles go into a second set, a folder in DATA/remeasured, and the difference is shown station by station:
    cycles gained, lost and changed, with links to their video. docs/remeasure.md explains it.

    It can be interrupted (Ctrl-C, kill, a power cut): the same command goes on where it was. Exit status 0: measured;
    1: an error; 130: interrupted.
    """
    # Imported here: OpenCV, PyAV and SQLAlchemy take a second, which the other commands need not wait for.
    from lbzf_ros.cli.plant_file import plant_of
    from lbzf_ros.remeasure.day import day_of
    from lbzf_ros.remeasure.measure import prepared
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine

    if not (data / DATABASE_NAME).is_file():
        raise StoreError(f"{data / DATABASE_NAME}: there is none; name the data folder with --data")
    settings = plant_of(data, plant)[1]
    which = day_of(day, settings.time_zone, hours)
    first = reading_engine(data / DATABASE_NAME)
    try:
        with prepared(data, first, settings, which, camera) as work:
            took_s = _measured(work, which, workers or len(os.sched_getaffinity(0)))
            measured, stations = _difference(data, first, settings, work, which, took_s)
            _show(data, work, measured, stations, out, as_json=as_json)
    except KeyboardInterrupt:
        typer.echo("Interrupted. What is measured is kept: the same command goes on where it was.", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        first.dispose()


def _measured(work: Prepared, day: Day, cores: int) -> float:
    """Measure what is left; seconds that it took."""
    from lbzf_ros.remeasure.measure import measure_day

    began_s = time.monotonic()
    with _progress(work) as report:
        measure_day(work, day, cores, report)
    return time.monotonic() - began_s if work.tasks else 0.0


@contextmanager
def _progress(work: Prepared) -> Iterator[Report]:
    """A bar over all recording that is left, on the error output."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )
    began_s = time.monotonic()
    done_s: dict[str, float] = {}
    before_s: dict[str, float] = {}
    cycles: dict[str, int] = {}
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, speed_estimate_period=120) as bar:
        length_s = sum(run.length_s for _, run in work.tasks)
        task = bar.add_task("Measuring", total=length_s, note=f"{length_s / 3600:.2f} camera-hours")

        def report(run: Run, progress: RunProgress) -> None:
            reached_s = max(0.0, (progress.stamp_ns - run.begin_ns) / NS_PER_S)
            done_s[run.name] = run.length_s if progress.is_done else min(run.length_s, reached_s)
            before_s.setdefault(run.name, done_s[run.name])  # what an earlier attempt has done says no speed
            cycles[run.name] = progress.cycles
            total_s, new_s = sum(done_s.values()), sum(done_s.values()) - sum(before_s.values())
            speed = new_s / max(1e-6, time.monotonic() - began_s)
            note = f"{total_s / 3600:.2f} of {length_s / 3600:.2f} h, {speed:.0f} x real time"
            bar.update(task, completed=total_s, note=f"{note}, {sum(cycles.values())} cycles")
            for problem in progress.notes:
                console.print(f"[yellow]{run.camera}: {problem}[/yellow]")

        yield report


def _difference(
    data: Path, first: Engine, plant: Plant, work: Prepared, day: Day, took_s: float
) -> tuple[Measured, list[StationDifference]]:
    from lbzf_ros.remeasure.difference import compare
    from lbzf_ros.remeasure.report import Measured

    cameras = {run.camera for run in work.runs}
    stretches = {c: [(r.begin_ns, r.end_ns) for r in work.runs if r.camera == c] for c in cameras}
    measured = Measured(
        day,
        plant.time_zone,
        work.folder.relative_to(data).as_posix(),
        page_url(plant.web),
        {c: [piece for r in work.runs if r.camera == c for piece in r.pieces] for c in cameras},
        sum(run.length_s for run in work.runs),
        took_s,
        tuple(dict.fromkeys(work.notes)),
    )
    return measured, compare(first, work.engine, day, stretches)


def _show(
    data: Path,
    work: Prepared,
    measured: Measured,
    stations: list[StationDifference],
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    from lbzf_ros.disk import write_whole
    from lbzf_ros.remeasure.page import page
    from lbzf_ros.remeasure.report import values_of

    path = out or work.folder / "difference.html"
    up = os.path.relpath(data.resolve(), path.resolve().parent)
    write_whole(path, page(measured, stations, work.rois, data, up).encode())
    values = json.dumps(values_of(measured, stations), ensure_ascii=False, indent=2)
    write_whole(work.folder / "difference.json", values.encode())
    if as_json:
        typer.echo(values)
        return
    console = Console()
    console.print(_table(measured, stations))
    _list(console, measured, stations)
    if measured.took_s:
        speed = sum(run.length_s for _, run in work.tasks) / measured.took_s
        console.print(f"{measured.recorded_s / 3600:.2f} camera-hours, {speed:.1f} times real time")
    console.print(f"Second set: {work.folder}", soft_wrap=True)
    console.print(f"Page with pictures: {path}", soft_wrap=True)


def _table(measured: Measured, stations: list[StationDifference]) -> Table:
    from lbzf_ros.remeasure.difference import Change

    table = Table(title=f"{measured.day.date} measured again")
    for name in ("station", "before", "now", "the same", *(change.value for change in Change)):
        table.add_column(name, justify="left" if name == "station" else "right")
    for station in stations:
        counts = (station.first, station.second, station.same, *(station.count(change) for change in Change))
        table.add_row(f"{station.module}/{station.code}", *map(str, counts))
    if not stations:
        table.add_row("no cycle, before or now")
    table.caption = "\n".join(measured.notes) or None
    return table


def _list(console: Console, measured: Measured, stations: list[StationDifference]) -> None:
    """The first differences in words; the page has all."""
    from lbzf_ros.remeasure.report import clip_of, local, video_of

    found = [(station, difference) for station in stations for difference in station.differences]
    for station, difference in found[:_SHOWN]:
        seconds = difference.seconds
        more = "" if seconds is None else f" ({seconds:+.1f} s)"
        where = f"{local(measured, difference.row.start_ns)} {station.module}/{station.code}"
        console.print(
            f"{where} {difference.change.value}{more}: {difference.why}", soft_wrap=True, highlight=False
        )
        first = difference.first
        link = video_of(measured, difference.row) if first is None else clip_of(measured, first)
        if link:
            console.print(f"    {link}", soft_wrap=True, highlight=False)
    if len(found) > _SHOWN:
        console.print(f"… and {len(found) - _SHOWN} more: they are on the page.")
