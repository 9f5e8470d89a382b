"""What every result file says: when, on which machine, with which software, and the figures."""

from __future__ import annotations

import datetime as dt
import json
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

from lbzf_ros import __version__

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """The machine in words: a figure without it says nothing."""
    info = Path("/proc/cpuinfo").read_text("utf-8")
    names = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "lbzf": __version__,
    }


def write(name: str, figures: dict[str, Any]) -> None:
    """Write a result file and print it."""
    report = {
        "measured_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": figures,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, "utf-8")
    print(text)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0..1) of the values lies, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float], digits: int = 2) -> dict[str, float]:
    """Median, minimum and maximum."""
    rounded = (statistics.median(values), min(values), max(values))
    return dict(zip(("median", "min", "max"), (round(v, digits) for v in rounded), strict=True))
