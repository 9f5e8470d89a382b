"""`lbzf maintenance`: everything that a data folder needs every night."""

from __future__ import annotations

import logging
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.keeping import LOG, STOPPED, is_watched, logged, only_one, open_job
from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of

if TYPE_CHECKING:
    from lbzf_ros.cli.maintenance_steps import Context
    from lbzf_ros.store.keeping.report import StepReport


class StepName(str, Enum):
    """The steps, in their order."""

    integrity = "integrity"
    backup = "backup"
    second_place = "second_place"
    frames = "frames"
    video = "video"
    orphans = "orphans"
    workbooks = "workbooks"
    optimize = "optimize"
    wal = "wal"


_LEVELS = {"ok": logging.INFO, "warning": logging.WARNING, "failed": logging.ERROR}
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


def maintenance(
    data: Path = DATA,
    plant: Path | None = PLANT,
    only: list[StepName] = typer.Option([], "--only", help="Only this step; may be given several times."),
    space: bool = typer.Option(
        False, "--space", help="Only make room on the disk; for a timer that does so every few minutes."
    ),
) -> None:
    """Keep a data folder in order; the plant may run meanwhile.

    Checks the database, backs it up (in a second place too, when one is set), removes pictures whose time is up and
    video when room is needed, reports orphans, writes the workbooks of the last days, and tidies the database. A step
    that fails does not stop the others; the exit status is 1 then. Results go to DIR/logs/maintenance.log too.
    deploy/systemd has timers for it.
    """
    from lbzf_ros.store.keeping.retention import MAINTENANCE
    from lbzf_ros.store.people.audit import Actor

    _, settings = plant_of(data, plant)
    names = [StepName.video] if space else [name for name in StepName if name in only or not only]
    with open_job(data, settings, Actor(MAINTENANCE)) as job, logged(data):
        from lbzf_ros.cli.maintenance_steps import Context

        if space:
            with only_one(data, "space"):
                reports = _run(names, Context(job, settings, has_space=True))
        else:
            with only_one(data, "maintenance"):
                reports = _run(names, Context(job, settings))
        is_stopped = job.should_stop()
    if is_watched():
        Console().print(_table(reports))
    if is_stopped:
        typer.echo("Stopped; the next run goes on from here.", err=True)
        raise typer.Exit(STOPPED)
    if any(report.state.value == "failed" for report in reports):
        raise typer.Exit(1)


def _run(names: list[StepName], context: Context) -> list[StepReport]:
    reports: list[StepReport] = []
    for name in names:
        if context.job.should_stop():
            break
        reports.append(_step(name, context))
    return reports


def _step(name: StepName, context: Context) -> StepReport:
    from lbzf_ros.cli.maintenance_steps import run_step
    from lbzf_ros.core.errors import StoreError
    from lbzf_ros.store.keeping.report import StepReport, write_report

    began_s = time.monotonic()
    outcome = run_step(name.value, context)
    report = StepReport(
        step=name.value,
        state=outcome.state,
        text=outcome.text,
        at_ns=time.time_ns(),
        took_s=round(time.monotonic() - began_s, 3),
    )
    LOG.log(_LEVELS[report.state.value], "%s: %s: %s", report.step, report.state.value, report.text)
    try:
        write_report(context.job.data, report)
    except StoreError as error:
        LOG.error("%s", error)  # a full disk also refuses this; the step itself is what counts
    return report


def _table(reports: list[StepReport]) -> Table:
    table = Table(title="Maintenance", title_justify="left")
    for heading in ("step", "result", "s", ""):
        table.add_column(heading, justify="right" if heading == "s" else "left")
    for report in reports:
        colour = _COLOURS[report.state.value]
        result = f"[{colour}]{report.state.value}[/{colour}]"
        table.add_row(report.step, result, f"{report.took_s:.1f}", report.text)
    return table
