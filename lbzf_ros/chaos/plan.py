"""The plant that a drill runs: any plant file, played in lock-step from a fixed time, with the drill's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.graph import DEMO_PLANT
from lbzf_ros.resources import resource_path

START_TIME = "2026-07-15T08:00:00-05:00"
_SHORT_SAM_MINUTES = 0.15
"""Units of 9 s: the simulator's operators make as many cycles as possible."""

_RESEND_S = 0.5
"""Less waiting after a blow, so that more cycles are decided between two of them."""


def write_plant(
    folder: Path,
    source: Path | None = None,
    *,
    live: bool = False,
    storage: Mapping[str, object] | None = None,
    recorder: Mapping[str, object] | None = None,
) -> Plant:
    """Write `folder/plant.yaml`.

    Args:
        folder: where it goes.
        source: plant file to take; None: the demo plant, whose simulated operators then work three times as fast.
        live: simulated cameras keep to the clock and lose pictures that nobody takes. Otherwise every picture is looked
            at, as fast as the graph can, and the same pictures come in every run.
        storage: settings of that section.
        recorder: settings of that section.

    Returns:
        The plant.
    """
    given = source or resource_path("config", DEMO_PLANT)
    load_plant(given)  # a wrong one is said with its own name
    plant: dict[str, Any] = yaml.safe_load(given.read_text("utf-8"))
    for module in plant["modules"]:
        for camera in module["cameras"]:
            _play(camera, given.resolve().parent, live=live)
    if source is None:
        for time in plant["standard_times"]:
            time["sam_minutes"] = _SHORT_SAM_MINUTES
    plant["graph"] = {**plant.get("graph", {}), "resend_s": _RESEND_S}
    plant["storage"] = {**plant.get("storage", {}), "reserve_gb": 0.0, **(storage or {})}
    plant["recorder"] = {**plant.get("recorder", {}), "segment_minutes": 1, **(recorder or {})}
    file = folder / "plant.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(plant, allow_unicode=True, sort_keys=False), "utf-8")
    return load_plant(file)


def _play(camera: dict[str, Any], folder: Path, *, live: bool) -> None:
    source = str(camera["source"])
    if "://" in source:
        return
    if not live:
        camera |= {"pace": "lockstep", "start_time": START_TIME}
    if source.startswith("simulator:"):
        return
    camera["at_end"] = "loop"
    if not source.startswith(("/", "${")):
        camera["source"] = str(folder / source)
