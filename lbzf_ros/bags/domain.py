"""In which ROS domain the system of a data folder runs: so that nobody has to know its number."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import psutil

from lbzf_ros.bags.errors import BagError

_VARIABLE = "ROS_DOMAIN_ID"


def domain_of(data: Path, wanted: str | None) -> int:
    """The ROS domain to listen in.

    Args:
        data: the data folder of a running `lbzf up`.
        wanted: content of ROS_DOMAIN_ID; wins over the data folder.

    Raises:
        BagError: nothing runs on the folder and no domain is given.
    """
    if wanted:
        if not wanted.isdecimal():
            raise BagError(f"{_VARIABLE} is {wanted!r}; allowed are whole numbers from 0 on, or leave it out")
        return int(wanted)
    owner = _owner(data / "run" / "up.lock")
    for process in owner.children(recursive=True) if owner else []:
        try:
            found = process.environ().get(_VARIABLE, "")
        except psutil.Error:  # it ends meanwhile
            continue
        if found.isdecimal():
            return int(found)
    raise BagError(
        f"{data}: no lbzf up runs on this folder. Start it, name another folder with --data, or set {_VARIABLE} to the "
        "domain in which the system will run: a recorder that is there first misses nothing"
    )


def _owner(lock_file: Path) -> psutil.Process | None:
    """The process that holds a data folder."""
    try:
        with lock_file.open("r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return psutil.Process(int(lock.read().strip() or os.getpid()))
    except (OSError, ValueError, psutil.Error):
        return None
    return None
