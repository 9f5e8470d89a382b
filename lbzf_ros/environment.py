"""The environment in which nodes run. The command line, the launch file and the tests take it from here.

It needs nothing to be sourced: where ROS comes from wheels, everything is in the virtual environment.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lbzf_ros.resources import resource_path

_MIB = 1 << 20
_MMAP_THRESHOLD = 4 * _MIB
"""Above a 640x480 picture (0.9 MiB): a picture is then taken from the heap and not mapped and unmapped each time."""
_TRIM_THRESHOLD = 16 * _MIB


def node_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of a node process; what the caller has set himself stays as it is.

    Args:
        base: the environment to start from, by default this process's.
    """
    given = dict(os.environ if base is None else base)
    return {**_defaults(given), **given, **_ros_from_wheels(given)}


def picture_environment() -> dict[str, str]:
    """What a process that publishes pictures needs in addition: shared memory in which several pictures fit."""
    return _fast_dds("fastdds_pictures.xml")


def _fast_dds(profile: str) -> dict[str, str]:
    path = str(resource_path("config", profile))
    return {"FASTRTPS_DEFAULT_PROFILES_FILE": path, "FASTDDS_DEFAULT_PROFILES_FILE": path}  # old and new name


def _defaults(given: Mapping[str, str]) -> dict[str, str]:
    humble = given.get("ROS_DISTRO") == "humble"  # older names, and no date in the console format
    return {
        **({"ROS_LOCALHOST_ONLY": "1"} if humble else {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}),
        **_fast_dds("fastdds.xml"),
        "RCUTILS_CONSOLE_OUTPUT_FORMAT": ("" if humble else "{date_time_with_ms} ")
        + "[{severity}] {message}",
        "RCUTILS_COLORIZED_OUTPUT": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",  # a crash in native code (DDS, a decoder, a GPU) says in the log where it was
        # A service that belongs to nobody has no home, and ROS does not start without a place for its logs.
        **({} if "HOME" in given else {"ROS_LOG_DIR": tempfile.gettempdir()}),
        "MALLOC_MMAP_THRESHOLD_": str(_MMAP_THRESHOLD),
        "MALLOC_TRIM_THRESHOLD_": str(_TRIM_THRESHOLD),
        "MALLOC_ARENA_MAX": "2",
    }


def _ros_from_wheels(given: Mapping[str, str]) -> dict[str, str]:
    """Do what the wheels' start-up hook does, so that it has no reason to start every Python twice."""
    prefix = Path(sys.prefix)
    site = prefix / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    if not (site / "ros_wheels_bootstrapper").is_dir():
        return {}
    folders = [str(prefix / "lib"), *(str(path) for path in sorted(site.glob("ros_*.libs")))]
    inherited = [path for path in given.get("LD_LIBRARY_PATH", "").split(os.pathsep) if path]
    return {
        "AMENT_PREFIX_PATH": given.get("AMENT_PREFIX_PATH") or str(prefix),
        "LD_LIBRARY_PATH": os.pathsep.join(dict.fromkeys([*folders, *inherited])),
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }
