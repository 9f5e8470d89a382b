"""`lbzf doctor`: what is wrong here, and what to do."""

from __future__ import annotations

import json
import time
from enum import Enum
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.doctor.checks import CHECKS, run_checks
from lbzf_ros.doctor.finding import Finding, Level, exit_status, worst
from lbzf_ros.doctor.subject import Subject

CheckName = Enum("CheckName", {name: name for name in CHECKS}, type=str)  # type: ignore[misc]

_COLOURS = {Level.FINE: "green", Level.UNKNOWN: "magenta", Level.WARNING: "yellow", Level.WRONG: "red"}


def doctor(
    data: Path = DATA,
    plant: Path | None = PLANT,
    only: list[CheckName] = typer.Option([], "--only", help="Only this check; may be given several times."),
    as_json: bool = typer.Option(False, "--json", help="The findings as JSON, for programs."),
) -> None:
    """Look at everything that LBZF needs, and say on one page what is wrong and what to do. Nothing is changed.

    ROS, DDS, GPU, TensorRT, model, cameras, disk, clock, database, backups, certificates, power mode, temperature,
    limits, and whether it runs. The plant may run meanwhile; each camera is asked for one picture.

    Exit status: 0 all is fine; 1 there are warnings, or something that could not be looked at; 2 something is wrong.
    """
    subject = _subject(data.resolve(), plant)
    names = [name for name in CHECKS if name in {chosen.value for chosen in only} or not only]
    findings = _looked(subject, names)
    level = worst(findings)
    if as_json:
        typer.echo(json.dumps(_as_json(findings, level, subject), indent=1, ensure_ascii=False))
    else:
        _print(findings)
    raise typer.Exit(exit_status(level))


def _subject(data: Path, plant: Path | None) -> Subject:
    try:
        file, settings = plant_of(data, plant)
    except ConfigError as error:
        return Subject(
            plant_file=plant or data, plant=None, plant_error=str(error), data=data, now_ns=time.time_ns()
        )
    return Subject(plant_file=file.resolve(), plant=settings, data=data, now_ns=time.time_ns())


def _looked(subject: Subject, names: list[str]) -> list[Finding]:
    findings: list[Finding] = []
    console = Console(stderr=True)
    with console.status("Looking…") as status:
        for place, (_, found) in enumerate(run_checks(subject, names), 1):
            findings += found
            if place < len(names):
                status.update(f"Looking at {names[place]} ({place + 1} of {len(names)})…")
    return findings


def _print(findings: list[Finding]) -> None:
    """What is wrong first, worst at the top, each with what to do; then what is fine, a line each."""
    console = Console(highlight=False)
    for level in reversed(Level):
        chosen = [finding for finding in findings if finding.level is level]
        for finding in chosen:
            word = f"[{_COLOURS[level]}]{level.value:8}[/]"
            console.print(f"{word} [bold]{finding.check}[/]: {escape(finding.text)}", soft_wrap=True)
            if finding.advice:
                console.print(f"         → {escape(finding.advice)}", soft_wrap=True)
    counts = ", ".join(
        f"{sum(finding.level is level for finding in findings)} {level.value}" for level in reversed(Level)
    )
    console.print(f"\n{counts}")


def _as_json(findings: list[Finding], level: Level, subject: Subject) -> dict[str, object]:
    return {
        "status": level.value,
        "checked_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(subject.now_ns // NS_PER_S)),
        "data": str(subject.data),
        "plant_file": str(subject.plant_file),
        "findings": [
            {
                "check": finding.check,
                "level": finding.level.value,
                "text": finding.text,
                "advice": finding.advice,
            }
            for finding in findings
        ],
    }
