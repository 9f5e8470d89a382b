"""The list of checks. A new one is a function `(Subject) -> Iterable[Finding]` and a line here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from lbzf_ros.doctor import (
    backups,
    cameras,
    certificates,
    clock,
    database,
    disk,
    gpu,
    limits,
    plant,
    power,
    ros,
    running,
    units,
)
from lbzf_ros.doctor.finding import Finding, unknown
from lbzf_ros.doctor.subject import Subject

_LOG = logging.getLogger(__name__)

Check = Callable[[Subject], Iterable[Finding]]

CHECKS: dict[str, Check] = {
    "plant": plant.check_plant,
    "ros": ros.check_ros,
    "dds": ros.check_dds,
    "gpu": gpu.check_gpu,
    "tensorrt": gpu.check_tensorrt,
    "model": gpu.check_model,
    "cameras": cameras.check_cameras,
    "disk": disk.check_disk,
    "clock": clock.check_clock,
    "database": database.check_database,
    "backups": backups.check_backups,
    "certificates": certificates.check_certificates,
    "power": power.check_power,
    "temperature": power.check_temperature,
    "limits": limits.check_limits,
    "running": running.check_running,
    "service": running.check_service,
    "units": units.check_units,
}
"""By the name with which `--only` chooses them, in their order."""


def run_checks(subject: Subject, names: Iterable[str]) -> Iterator[tuple[str, list[Finding]]]:
    """Look at one thing after the other. A check that fails says that it does not know, and the others go on."""
    for name in names:
        try:
            yield name, list(CHECKS[name](subject))
        except Exception as error:  # whatever happens in one check, the page must come
            _LOG.debug("%s", name, exc_info=True)
            text = f"could not be looked at: {type(error).__name__}: {error}"
            yield (
                name,
                [unknown(name, text, "look at it by hand, and report this: it is a fault of the check")],
            )
