"""All drills by their names."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from lbzf_ros.chaos import clock, disk_full, kill, locked, restore
from lbzf_ros.chaos.stage import Result, Settings
from lbzf_ros.core.errors import GraphError


@dataclass(frozen=True, slots=True)
class Drill:
    """One way to break the system."""

    name: str
    about: str
    run: Callable[[Settings], Result]


DRILLS = {
    module.NAME: Drill(module.NAME, module.ABOUT, module.run)
    for module in (kill, disk_full, locked, clock, restore)
}


def carry_out(drill: Drill, settings: Settings) -> Result:
    """Run a drill; what it cannot go on after is a problem like any other."""
    began_s = time.monotonic()
    try:
        result = drill.run(settings)
    except GraphError as error:
        result = Result(drill.name, settings.seed, problems=[str(error)])
    result.took_s = round(time.monotonic() - began_s, 1)
    return result
