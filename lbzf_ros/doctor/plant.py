"""The plant file."""

from __future__ import annotations

from collections.abc import Iterator

from lbzf_ros.doctor.finding import Finding, fine, wrong
from lbzf_ros.doctor.subject import Subject

_NAME = "plant"


def check_plant(subject: Subject) -> Iterator[Finding]:
    """Is it right?"""
    if subject.plant is None:
        yield wrong(
            _NAME, subject.plant_error, f"correct it; `lbzf check {subject.plant_file}` says when it is right"
        )
        return
    stations = sum(len(module.workstations) for module in subject.plant.modules)
    yield fine(_NAME, f"{subject.plant_file}: {len(subject.plant.cameras)} cameras, {stations} workstations")
