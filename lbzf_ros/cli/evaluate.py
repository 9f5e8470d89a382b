"""`lbzf evaluate`: how well measured cycles agree with what people labelled, timed and checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lbzf_ros import __version__
from lbzf_ros.cli.options import DATA
from lbzf_ros.core.errors import ConfigError, StoreError
from lbzf_ros.reports.evaluation.parameters import Parameters

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from lbzf_ros.reports.evaluation.evaluate import Question
    from lbzf_ros.reports.evaluation.labels.model import Reading
    from lbzf_ros.reports.evaluation.spans import Station, Window
    from lbzf_ros.reports.evaluation.tables import TextTable

_DEFAULTS = Parameters()
_FILE_WIDTH = 200
"""Characters of a line that goes to a file or another program."""
_TIME = "ISO 8601 with its zone, e.g. 2026-07-15T08:30:00-05:00."


def evaluate(  # noqa: PLR0913, PLR0917  # one for each option
    data: Path = DATA,
    labels: list[Path] = typer.Option(
        [],
        "--labels",
        help="Label file: .json, .jsonl, .csv or CVAT .xml; may be given several times, one a person or more.",
    ),
    module: str | None = typer.Option(None, "--module", help="Only this module.", show_default="all"),
    station: list[str] = typer.Option(
        [], "--station", help="Only this station, CODE or MODULE/CODE; may be given several times."
    ),
    from_time: str | None = typer.Option(
        None, "--from", help=f"Begin of the time that counts: {_TIME}", show_default="what the labels cover"
    ),
    to_time: str | None = typer.Option(
        None, "--to", help="End of it, not included.", show_default="what the labels cover"
    ),
    rejected: bool = typer.Option(False, "--rejected", help="Rejected cycles take part too."),
    iou: float = typer.Option(
        _DEFAULTS.min_iou, "--iou", help="Least temporal IoU of a cycle and its label, above 0 to 1."
    ),
    origin: str | None = typer.Option(
        None,
        "--origin",
        help="Time of second 0 and frame 0 of the labels.",
        show_default="what the file says, else when the video was last changed, as lbzf process has it",
    ),
    video: Path | None = typer.Option(
        None, "--video", help="The labelled video, for its begin.", show_default="the one beside the file"
    ),
    fps: float | None = typer.Option(
        None, "--fps", min=0.01, help="Pictures a second of the labelled video; CVAT files need it."
    ),
    cvat_label: str | None = typer.Option(
        None, "--cvat-label", help="CVAT label that marks a cycle.", show_default="the only one"
    ),
    out: Path | None = typer.Option(
        None, "--out", help="Folder for the files.", show_default="exports/evaluation in the data folder"
    ),
    plots: bool = typer.Option(True, "--plots/--no-plots", help="Whether to draw."),
    precision: float = typer.Option(
        100 * _DEFAULTS.precision,
        "--precision",
        help="Precision of a mean cycle time to advise on, ± percent.",
    ),
    seed: int = typer.Option(_DEFAULTS.seed, "--seed", help="Of the bootstrap."),
    resamples: int = typer.Option(_DEFAULTS.resamples, "--resamples", help="Of the bootstrap."),
) -> None:
    """Compare measured cycles with labels, stopwatch readings and checks by hand.

    Labels come from files, stopwatch readings and checks by hand from the database. Cycles and
    labels are paired one to one. Labels of two people are compared with one another too.
    Prints tables and writes JSON, CSV, LaTeX and plots. docs/evaluation.md explains each figure.
    """
    # Imported here: scipy and SQLAlchemy take a second, which the other commands need not wait for.
    from lbzf_ros.reports.evaluation.evaluate import evaluate as compare
    from lbzf_ros.reports.evaluation.labels.files import read_labels
    from lbzf_ros.reports.evaluation.output import write
    from lbzf_ros.reports.evaluation.tables import tables
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine

    parameters = Parameters(
        min_iou=iou,
        resamples=resamples,
        seed=seed,
        precision=precision / 100,
        confidence=_DEFAULTS.confidence,
    )
    if not (data / DATABASE_NAME).is_file():
        raise StoreError(f"{data / DATABASE_NAME}: there is none; name the data folder with --data")
    engine = reading_engine(data / DATABASE_NAME)
    try:
        question = _question(engine, module, station, window_of(from_time, to_time), rejected=rejected)
        reading = reading_of(engine, question.stations, origin_of(origin, video), fps, cvat_label)
        question = replace(question, labels=read_labels(labels, reading))
        found = compare(engine, question, parameters)
    finally:
        engine.dispose()
    console = Console()
    if not console.is_terminal:
        console = Console(width=_FILE_WIDTH)
    for table in tables(found):
        console.print(_rich(table))
    for note in found.notes:
        console.print(f"Note: {escape(note)}", highlight=False, soft_wrap=True)
    folder = data / "exports" / "evaluation" if out is None else out
    paths = write(found, folder, software_version=__version__, plots=plots)
    console.print(f"{len(paths)} files: {escape(str(folder))}", highlight=False, soft_wrap=True)


def _question(
    engine: Engine, module: str | None, station: list[str], window: Window, *, rejected: bool
) -> Question:
    from lbzf_ros.reports.evaluation.evaluate import Question
    from lbzf_ros.reports.evaluation.measured import stations

    return Question(stations(engine, module, tuple(station)), window, rejected)


def reading_of(
    engine: Engine,
    chosen: tuple[Station, ...],
    origin_ns: int | None,
    fps: float | None,
    cvat_label: str | None,
) -> Reading:
    """What label files do not say themselves; labels that name no station belong to the only one chosen."""
    from lbzf_ros.reports.evaluation.labels.model import Reading
    from lbzf_ros.reports.evaluation.measured import stations

    return Reading(
        stations=stations(engine, None, ()),
        station=chosen[0] if len(chosen) == 1 else None,
        origin_ns=origin_ns,
        fps=fps,
        cvat_label=cvat_label,
    )


def window_of(from_time: str | None, to_time: str | None) -> Window:
    """The time between two options.

    Raises:
        InvalidValue: an option is no time with a zone.
        ConfigError: it ends before it begins.
    """
    from lbzf_ros.reports.evaluation.spans import Window
    from lbzf_ros.store.people.checks import parse_time

    begin = None if from_time is None else parse_time(from_time, "--from")
    end = None if to_time is None else parse_time(to_time, "--to")
    if begin is not None and end is not None and end <= begin:
        raise ConfigError(f"--to {to_time}: must lie after --from {from_time}")
    return Window(begin, end)


def origin_of(origin: str | None, video: Path | None) -> int | None:
    """Time of second 0 of labels, as far as options say it.

    Raises:
        ConfigError: both options say it.
    """
    from lbzf_ros.reports.evaluation.labels.files import start_of_video
    from lbzf_ros.store.people.checks import parse_time

    if origin is not None and video is not None:
        raise ConfigError("--origin and --video: both say when the video began; give one")
    if origin is not None:
        return parse_time(origin, "--origin")
    return None if video is None else start_of_video(video)


def _rich(table: TextTable) -> Table:
    shown = Table(title=escape(table.title), title_justify="left")
    for number, name in enumerate(table.columns):
        shown.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in table.rows:
        shown.add_row(*map(escape, row))
    return shown
