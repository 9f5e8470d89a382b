"""A healthy data folder and machine, of which each test breaks one thing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lbzf_ros.config.load import load_plant
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.doctor.checks import run_checks
from lbzf_ros.doctor.finding import Finding
from lbzf_ros.doctor.subject import Subject
from test.store.examples import MORNING_NS, plant_data


def subject(
    folder: Path,
    *,
    root: Path = Path("/"),
    now_ns: int = MORNING_NS,
    environment: Mapping[str, str] | None = None,
    path: Path | None = None,
    **settings: Any,
) -> Subject:
    """The example plant in `folder`, its data in `folder/data`.

    Args:
        folder: for both.
        root: where /proc, /sys and /etc are; a folder of the test for what cannot be broken on this machine.
        now_ns: present time.
        environment: what is different from the environment of the test.
        path: a folder with programs that come before those of the machine.
        settings: sections of the plant file.
    """
    file, data = folder / "plant.yaml", folder / "data"
    data.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump(plant_data() | settings), "utf-8")
    found = dict(os.environ) | dict(environment or {})
    if path:
        found["PATH"] = f"{path}{os.pathsep}{found['PATH']}"
    try:
        plant, error = load_plant(file), ""
    except ConfigError as problem:
        plant, error = None, str(problem)
    return Subject(
        plant_file=file,
        plant=plant,
        plant_error=error,
        data=data,
        now_ns=now_ns,
        root=root,
        environment=found,
    )


def look(subject: Subject, name: str) -> list[Finding]:
    """What one check finds."""
    ((_, found),) = run_checks(subject, [name])
    return found


def one(subject: Subject, name: str) -> Finding:
    """What a check finds that finds one thing."""
    (found,) = look(subject, name)
    return found


def machine(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder in place of /, with these files: stands for a machine that cannot be had here."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return folder


def program(folder: Path, name: str, script: str) -> Path:
    """A folder with a program: stands for one of a machine that cannot be had here."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    file.chmod(0o755)
    return folder
