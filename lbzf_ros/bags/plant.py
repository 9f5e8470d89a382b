"""The plant in a bag: with all its settings, so that a replay needs nothing else; and the plant of a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from mcap.reader import make_reader

from lbzf_ros.bags.recover import files_of
from lbzf_ros.bags.stored import is_mcap
from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.schema import Plant

PLANT_NAME = "plant.yaml"
"""The plant in a bag, as an attachment of each of its files."""
_NO_LONGER = (("graph", "frames_in_flight"),)
"""Settings that bags may have and plants have no longer, by section. None of them could change a cycle."""
_STANDS_FOR_CAMERA = "recording"
"""Source of a camera in a replay. No file of this name is ever opened: pictures come from the recording."""


def plant_document(plant: Plant) -> bytes:
    """A plant with every setting as it was in force, defaults and whole paths included, as YAML.

    Sources are as they were written: passwords are in the environment or in a file of their own, and stay there.
    """
    return yaml.safe_dump(plant.model_dump(mode="json"), sort_keys=False, allow_unicode=True).encode()


def plant_in_bag(bag: Path) -> dict[str, Any] | None:
    """The plant of a bag as it was written; None: it holds none, or it is no bag of lbzf record (video, SQLite)."""
    for path in files_of(bag) if is_mcap(bag) else []:
        with path.open("rb") as stream:
            for attachment in make_reader(stream).iter_attachments():
                if attachment.name == PLANT_NAME:
                    return _of_today(dict(yaml.safe_load(attachment.data)))
    return None


def _of_today(plant: dict[str, Any]) -> dict[str, Any]:
    """A plant without the settings that are no longer there: a bag has every setting of its time."""
    for section, name in _NO_LONGER:
        (plant.get(section) or {}).pop(name, None)
    return plant


def lossless_cameras(plant: dict[str, Any]) -> list[str]:
    """Cameras of a plant whose pictures waited for the graph: files, and what plays in lock-step."""
    return [
        str(camera["label"])
        for module in plant.get("modules", [])
        for camera in module.get("cameras", [])
        if camera.get("pace") == "lockstep"
        or not ("://" in camera["source"] or camera["source"].startswith("simulator:"))
    ]


def for_replay(plant: dict[str, Any] | Plant, *, where: str, detector: str | None = None) -> Plant:
    """A plant whose cameras are recordings: they wait for the graph, nothing is recorded, backed up or connected to.

    None of this can change a cycle, so `parameter_hash` is that of the recorded plant.

    Args:
        plant: the plant, or the content of its file.
        where: name of it, for messages.
        detector: another backend; None: the plant's.

    Raises:
        ConfigError: it is wrong.
    """
    content = plant.model_dump(mode="json") if isinstance(plant, Plant) else plant
    for module in content.get("modules", []):
        for camera in module.get("cameras", []):
            # A file, as far as anybody can see: whatever its pace, it waits for the graph and loses nothing.
            camera.update(source=f"/{_STANDS_FOR_CAMERA}", credentials_file=None)
    content["recorder"] = {**(content.get("recorder") or {}), "video": False}
    content["backup"] = {**(content.get("backup") or {}), "continuous": False}
    if detector:
        content["detector"] = {**(content.get("detector") or {}), "backend": detector}
    return parse_plant(content, where=where, folder=Path.cwd())
