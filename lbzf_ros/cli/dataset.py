"""`lbzf dataset`: the paper pack, measured cycles with their provenance as files; `lbzf dataset verify` checks one."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

from lbzf_ros import __version__
from lbzf_ros.cli.bars import shown_progress
from lbzf_ros.cli.evaluate import origin_of, reading_of, window_of
from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of
from lbzf_ros.core.errors import ConfigError, LbzfError, StoreError

if TYPE_CHECKING:
    from lbzf_ros.config.schema import Plant
    from lbzf_ros.reports.dataset.pack import Packed
    from lbzf_ros.reports.dataset.people import People
    from lbzf_ros.reports.evaluation.evaluate import Question
    from lbzf_ros.reports.evaluation.labels.model import Labels

_TIME = "ISO 8601 with its zone, e.g. 2026-07-15T08:30:00-05:00."

dataset = typer.Typer(
    name="dataset",
    invoke_without_command=True,
    help="Write the paper pack: cycles, provenance, evaluation and a checksum over all, in one folder.",
)


@dataset.callback()
def write(  # noqa: PLR0913, PLR0917  # one for each option
    context: typer.Context,
    data: Path = DATA,
    out: Path | None = typer.Option(
        None, "--out", help="Folder for the pack; must not be there yet.", show_default="needed"
    ),
    module: str | None = typer.Option(None, "--module", help="Only this module.", show_default="all"),
    station: list[str] = typer.Option(
        [], "--station", help="Only this station, CODE or MODULE/CODE; may be given several times."
    ),
    from_time: str | None = typer.Option(
        None, "--from", help=f"Only cycles that began then or later: {_TIME}", show_default="all"
    ),
    to_time: str | None = typer.Option(
        None, "--to", help="Only cycles that began before.", show_default="all"
    ),
    labels: list[Path] = typer.Option(
        [],
        "--labels",
        help="Label file to evaluate with, as of lbzf evaluate; may be given several times.",
    ),
    origin: str | None = typer.Option(None, "--origin", help="As of lbzf evaluate."),
    video: Path | None = typer.Option(None, "--video", help="As of lbzf evaluate."),
    fps: float | None = typer.Option(None, "--fps", min=0.01, help="As of lbzf evaluate."),
    cvat_label: str | None = typer.Option(None, "--cvat-label", help="As of lbzf evaluate."),
    plant: Path | None = PLANT,
    with_operators: bool = typer.Option(
        False,
        "--with-operators",
        help="Keep codes of operators, names of who checked and labelled, and notes: personal data.",
    ),
    key: Path | None = typer.Option(
        None, "--key", help="File with the key of pseudonyms.", show_default="dataset.key in the data folder"
    ),
    frames: bool = typer.Option(
        False, "--frames", help="Copy the pictures in which cycles start: of people."
    ),
    force: bool = typer.Option(False, "--force", help="Replace a pack that is there already."),
) -> None:
    """Write the paper pack: cycles, provenance, evaluation and a checksum over all, in one folder.

    The same cycles, labels and options give the same bytes. People get pseudonyms; there is no video and, without
    --frames, no picture in it. docs/dataset.md says what is in it.
    """
    if context.invoked_subcommand:
        return
    if out is None:
        raise ConfigError("--out: name the folder for the pack")
    console = Console()
    question = _question(data, module, station, from_time, to_time)
    question = replace(question, labels=_labels(data, question, labels, origin, video, fps, cvat_label))
    found = _write(
        data,
        out,
        question,
        _people(data, key, with_operators=with_operators),
        _plant(data, plant, console),
        frames=frames,
        force=force,
    )
    for note in found.notes:
        console.print(f"Note: {escape(note)}", highlight=False, soft_wrap=True)
    rows = ", ".join(f"{count} {name}" for name, count in found.rows.items())
    console.print(f"{escape(str(out))}: {rows}", highlight=False, soft_wrap=True)
    console.print(f"Checksum: {found.checksum}", highlight=False, soft_wrap=True)


@dataset.command()
def verify(folder: Path = typer.Argument(help="The pack.")) -> None:
    """Check that every file of a pack is as it was written, and the checksum over all."""
    from lbzf_ros.reports.dataset.manifest import verify as check

    found = check(folder)
    if found.problems:
        raise LbzfError("\n".join([f"{folder}: is not as it was written", *found.problems]))
    typer.echo(f"{folder}: {found.files} files are as they were written\nChecksum: {found.checksum}")


def _write(
    data: Path,
    out: Path,
    question: Question,
    people: People,
    plant: Plant | None,
    *,
    frames: bool,
    force: bool,
) -> Packed:
    from lbzf_ros.reports.dataset.pack import Order, write_pack

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # like Ctrl-C: nothing is left behind
    order = Order(data, question, people, frames, plant, __version__, time.time_ns())
    with shown_progress() as progress:
        return write_pack(order, out, replace_old=force, progress=progress)


def _question(
    data: Path, module: str | None, station: list[str], from_time: str | None, to_time: str | None
) -> Question:
    from lbzf_ros.reports.evaluation.evaluate import Question
    from lbzf_ros.reports.evaluation.measured import stations
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine

    if not (data / DATABASE_NAME).is_file():
        raise StoreError(f"{data / DATABASE_NAME}: there is none; name the data folder with --data")
    window = window_of(from_time, to_time)
    engine = reading_engine(data / DATABASE_NAME)
    try:
        return Question(stations(engine, module, tuple(station)), window)
    finally:
        engine.dispose()


def _labels(
    data: Path,
    question: Question,
    labels: list[Path],
    origin: str | None,
    video: Path | None,
    fps: float | None,
    cvat_label: str | None,
) -> tuple[Labels, ...]:
    from lbzf_ros.reports.evaluation.labels.files import read_labels
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine

    engine = reading_engine(data / DATABASE_NAME)
    try:
        reading = reading_of(engine, question.stations, origin_of(origin, video), fps, cvat_label)
    finally:
        engine.dispose()
    return read_labels(labels, reading)


def _people(data: Path, key: Path | None, *, with_operators: bool) -> People:
    from lbzf_ros.reports.dataset.people import KEY_NAME, People, key_of

    if with_operators and key is not None:
        raise ConfigError("--with-operators and --key: without pseudonyms no key is needed; give one of them")
    return People(None if with_operators else key_of(data / KEY_NAME if key is None else key))


def _plant(data: Path, given: Path | None, console: Console) -> Plant | None:
    """The plant file; one that was not asked for may be gone."""
    try:
        return plant_of(data, given)[1]
    except ConfigError as error:
        if given is not None:
            raise
        console.print(f"Note: {escape(str(error))}", highlight=False, soft_wrap=True)
        return None
