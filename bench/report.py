"""What every result file says: when, on which machine, with which software, and the figures."""

from __future__ import annotations

import datetime as dt
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lbzf_ros.machine import machine

RESULTS = Path(__file__).parent / "results"


def write(name: str, figures: dict[str, Any]) -> None:
    """Write a result file and print it."""
    report = {
        "measured_at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine() | {"opencv": cv2.__version__, "numpy": np.__version__},
        "figures": figures,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, "utf-8")
    print(text)


def write_whole(name: str, figures: dict[str, Any], *, whole: bool) -> None:
    """Write a result file; of a quick try that is not the whole measurement only print what was found."""
    if whole:
        write(name, figures)
    else:
        print(json.dumps(figures, indent=2, ensure_ascii=False))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0..1) of the values lies, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float], digits: int = 2) -> dict[str, float]:
    """Median, minimum and maximum."""
    rounded = (statistics.median(values), min(values), max(values))
    return dict(zip(("median", "min", "max"), (round(v, digits) for v in rounded), strict=True))
