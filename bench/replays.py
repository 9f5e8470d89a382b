"""The same result twice, at length: replays of a recorded run, each compared with the run by the checksum of its pack.

Ten at speed 1 and ten at most of each kind, through the graph and offline, on a busy machine.
`python -m bench.replays` takes over half an hour on 2 cores; `--times` and `--cycles` make it shorter.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

from bench import report
from test.bags.recorded import Run, command, record_run

BURNERS = 2


def main() -> None:
    """Record, replay, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="replays of each kind")
    parser.add_argument("--cycles", type=int, default=2, help="complete cycles in the recorded run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = record_run(folder, cycles=options.cycles)
        expected = _checksum(run.data, folder / "live", run)
        burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(BURNERS)]
        for burner in burners:
            burner.start()
        kinds = {
            f"{origin}, {way}, speed {speed}": _replays(
                folder, run, origin, way, speed, options.times, expected
            )
            for (origin, speed), way in product(
                (("images", "max"), ("detections", "max"), ("occupancy", "max"), ("detections", "1")),
                ("graph", "offline"),
            )
        }
        for burner in burners:
            burner.kill()
    what = (
        f"paper packs of replays against that of the recorded run; {BURNERS} processes kept the machine busy"
    )
    report.write("replays", {"what": what, "checksum_of_the_run": expected, **kinds})


def _replays(
    folder: Path, run: Run, origin: str, way: str, speed: str, times: int, expected: str
) -> dict[str, Any]:
    took_s, equal = [], 0
    environment = {name: value for name, value in os.environ.items() if name != "ROS_DOMAIN_ID"}
    for _ in range(times):
        out = folder / "replay"
        words = command("replay", run.bag, "--from", origin, "--speed", speed, "--out", out, "--force")
        began_s = time.monotonic()
        subprocess.run([*words, *(["--offline"] if way == "offline" else [])], check=True, env=environment)
        took_s.append(time.monotonic() - began_s)
        equal += _checksum(out, folder / "pack", run) == expected
    return {"replays": times, "with_the_same_checksum": equal, "took_s": report.spread(took_s, 1)}


def _checksum(data: Path, out: Path, run: Run) -> str:
    words = command("dataset", "--data", data, "--out", out, "--key", run.data / "dataset.key", "--force")
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return done.stdout.rsplit("Checksum: ", 1)[1].strip()


def _burn() -> None:
    while True:
        pass


if __name__ == "__main__":
    main()
