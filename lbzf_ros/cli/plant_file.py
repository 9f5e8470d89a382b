"""Which plant file a data folder belongs to: `lbzf up` writes it down, so that nobody prunes with other settings."""

from __future__ import annotations

import logging
from pathlib import Path

from lbzf_ros import graph
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.disk import write_whole
from lbzf_ros.resources import resource_path

_LOG = logging.getLogger(__name__)
_NOTE = Path("run", "plant")


def remember_plant(data: Path, plant_file: Path) -> None:
    """Write down that a data folder is run with a plant file. The folder is held by the caller.

    On a full disk it is not written down: the plant runs nevertheless, and so does what makes room.
    """
    note = data / _NOTE
    try:
        write_whole(note, f"{plant_file.resolve()}\n".encode())
    except OSError as error:
        _LOG.warning("%s: cannot be written: %s", note, error.strerror)


def plant_of(data: Path, given: Path | None) -> tuple[Path, Plant]:
    """The plant file that was given, or the one that the folder was last run with, or the demo plant.

    Raises:
        ConfigError: it cannot be read, or is wrong.
    """
    path = given or _remembered(data) or resource_path("config", graph.DEMO_PLANT)
    return path, load_plant(path)


def _remembered(data: Path) -> Path | None:
    try:
        return Path((data / _NOTE).read_text("utf-8").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{data / _NOTE}: cannot be read ({error}); name the plant file with --plant"
        ) from None
