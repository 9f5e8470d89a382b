"""Processor time and bytes of `lbzf record` beside the demo (two cameras of 640x480 at 5 pictures a second).

Each kind of pictures is recorded for `SPAN_S` seconds. Also what stays in the bag: pictures that were looked at and are
missing (a recording that begins in the middle of a run hears detections some pictures earlier than images).
`python -m bench.bag`
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench import report
from lbzf_ros.bags.contents import Images
from lbzf_ros.bags.reading import Bags, Origin
from lbzf_ros.bags.recordings import open_recording
from lbzf_ros.resources import resource_path
from test.support.graph import running_graph

SPAN_S = 30.0
DOMAIN = "97"
_STARTED_S = 4.0


def main() -> None:
    """Record the running demo once for each kind of pictures."""
    os.environ["ROS_DOMAIN_ID"] = DOMAIN
    with tempfile.TemporaryDirectory() as folder, running_graph(None, Path(folder, "data")):
        figures = {kind.value: _record(kind, Path(folder, kind.value)) for kind in Images}
    what = f"lbzf record of the demo, 2 cameras 640x480 at 5 fps, {SPAN_S:.0f} s for each kind of pictures"
    report.write("bag", {"what": what, "load_1_min": round(os.getloadavg()[0], 1), **figures})


def _record(images: Images, bag: Path) -> dict[str, Any]:
    plant = resource_path("config", "plant.yaml")
    command = [sys.executable, "-m", "lbzf_ros.cli", "record", "--plant", str(plant), "--out", str(bag)]
    command += ["--images", images.value]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        time.sleep(_STARTED_S)
        watched = psutil.Process(process.pid)
        began, began_s = watched.cpu_times(), time.monotonic()
        time.sleep(SPAN_S)
        ended, took_s = watched.cpu_times(), time.monotonic() - began_s
        memory_mb = watched.memory_info().rss / 1e6
        process.send_signal(signal.SIGINT)
        process.wait()
    used_s = ended.user + ended.system - began.user - began.system
    size = sum(path.stat().st_size for path in bag.iterdir())
    bags = open_recording([bag])
    assert isinstance(bags, Bags)
    seen = sum(len(set(heard.stamps[Origin.detections])) for heard in bags.cameras.values())
    missing = sum(map(bags.missing_pictures, bags.cameras)) if images is not Images.none else None
    return {
        "cpu_percent_of_a_core": round(100 * used_s / took_s, 1),
        "memory_mb": round(memory_mb),
        "kb_per_s": round(size / 1000 / (took_s + _STARTED_S)),
        "pictures_looked_at": seen,
        "of_these_not_in_the_bag": missing,
    }


if __name__ == "__main__":
    main()
