"""The machine in words: a measured figure without it says nothing."""

from __future__ import annotations

import platform
from pathlib import Path

import psutil

from lbzf_ros import __version__


def machine() -> dict[str, str | int | float | None]:
    """Processor, cores, memory, system, and the versions of Python and LBZF."""
    info = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    names = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "lbzf": __version__,
    }
