"""`lbzf process` on the labelled footage: how many times real time, against decoding it and nothing else.

The whole command is timed, start of Python included; runs of both alternate (LBZF_VIDEO names the file).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from bench import report
from lbzf_ros.config.load import load_plant
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.resources import resource_path
from lbzf_ros.video.sources import FileSource

RUNS = 5


def main() -> None:
    """Time both in turn."""
    plant_file = resource_path("config", "station_visits.yaml")
    camera = load_plant(plant_file).cameras[0]
    process_s, decode_s, recorded_s = [], [], 0.0
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as data:
            command = [
                sys.executable,
                "-m",
                "lbzf_ros.cli",
                "process",
                "--plant",
                str(plant_file),
                "--data",
                data,
            ]
            began_s = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            process_s.append(time.perf_counter() - began_s)
        began_s = time.perf_counter()
        stamps = [frame.stamp_ns for frame in FileSource(camera).frames()]
        decode_s.append(time.perf_counter() - began_s)
        recorded_s = (stamps[-1] - stamps[0]) / NS_PER_S
    report.write(
        "process_speed",
        {
            "recorded_s": round(recorded_s, 1),
            "process_s": report.spread(process_s),
            "decode_only_s": report.spread(decode_s),
            "times_real_time": report.spread([recorded_s / took_s for took_s in process_s], 1),
            "process_over_decode": report.spread(
                [a / b for a, b in zip(process_s, decode_s, strict=True)], 1
            ),
        },
    )


if __name__ == "__main__":
    main()
