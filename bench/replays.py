"""The same result twice, at length: replays of a recorded run, each compared with the run by the checksum of its pack.

Ten at most and ten at speed 1, from each step in turn, through the graph and offline, while others keep the machine
busy. Those at speed 1 mostly wait for the recording's clock, so a few run at a time, each in its own ROS domain.
`python -m bench.replays` takes about 10 minutes on 2 cores, more on a busy machine; `--times` changes that.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench import report
from lbzf_ros.bags.reading import Bags, Origin
from lbzf_ros.bags.recordings import open_recording
from lbzf_ros.core.model import NS_PER_S
from test.bags.recorded import CAMERA, Run, command, record_run

TOGETHER = 5
"""Replays at speed 1 that run at the same time."""
ATTEMPTS = 5


class Kind(NamedTuple):
    """Replays that are alike."""

    origin: str
    way: str
    speed: str

    def __str__(self) -> str:
        return f"from {self.origin}, {self.way}, speed {self.speed}"


WAYS = tuple(
    (origin, way) for origin in ("images", "detections", "occupancy") for way in ("graph", "offline")
)
SPEEDS = ("max", "1")


def main() -> None:
    """Record, replay, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="replays at each speed")
    parser.add_argument("--cycles", type=int, default=1, help="complete cycles in the recorded run")
    parser.add_argument("--burners", type=int, default=2, help="processes that keep the machine busy")
    options = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run, attempts = _recorded(folder, options.cycles)
        expected = _checksum(run.data, folder / "pack", run)
        with _busy(options.burners):
            load = [round(os.getloadavg()[0], 1)]
            found = {
                f"speed {speed}": _replays(folder, run, speed, options.times, expected) for speed in SPEEDS
            }
            load.append(round(os.getloadavg()[0], 1))
        figures = {
            "what": "paper packs of replays against that of the run",
            "processes_that_kept_the_machine_busy": options.burners,
            "load_before_and_after": load,
            "recorded_s": _length_s(run),
            "attempts_until_every_picture_was_in_the_bag": attempts,
            "took_s": round(time.monotonic() - began_s),
            "checksum_of_the_run": expected,
            **found,
        }
    report.write("replays", figures)


def _recorded(folder: Path, cycles: int) -> tuple[Run, int]:
    """A run whose bag has every picture that was looked at, and how many attempts it took.

    The bag's recorder is not part of the lock-step: with too little processor time it loses pictures, and says so.
    What such a bag gives from pictures is not the run.
    """
    for attempt in range(1, ATTEMPTS + 1):
        (folder / str(attempt)).mkdir()
        run = record_run(folder / str(attempt), cycles=cycles)
        missing = _bags(run).missing_pictures(CAMERA)
        print(f"recorded: {missing} pictures missing", flush=True)
        if not missing:
            return run, attempt
    raise RuntimeError(f"no complete recording in {ATTEMPTS} attempts: the machine is too busy")


def _replays(folder: Path, run: Run, speed: str, times: int, expected: str) -> dict[str, Any]:
    together = TOGETHER if speed == "1" else 1
    kinds = [Kind(*WAYS[number % len(WAYS)], speed) for number in range(times)]
    with ThreadPoolExecutor(together) as pool:
        numbers = range(times)
        done = list(pool.map(lambda number: _replay(folder / f"replay{number}", run, kinds[number]), numbers))
    for kind, (checksum, took_s) in zip(kinds, done, strict=True):
        print(f"{kind}: {checksum} in {took_s:.0f} s", flush=True)
    return {
        "replays": times,
        "with_the_same_checksum": sum(checksum == expected for checksum, _ in done),
        "at_a_time": together,
        "took_s": report.spread([took_s for _, took_s in done], 1),
        "kinds": {str(kind): kinds.count(kind) for kind in dict.fromkeys(kinds)},
    }


def _replay(out: Path, run: Run, kind: Kind) -> tuple[str, float]:
    """Checksum of the pack, and seconds the replay took."""
    environment = {name: value for name, value in os.environ.items() if name != "ROS_DOMAIN_ID"}
    words = command("replay", run.bag, "--from", kind.origin, "--speed", kind.speed, "--out", out, "--force")
    began_s = time.monotonic()
    subprocess.run(
        [*words, *(["--offline"] if kind.way == "offline" else [])],
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    took_s = time.monotonic() - began_s
    return _checksum(out, out.with_name(f"{out.name}-pack"), run), took_s


def _checksum(data: Path, out: Path, run: Run) -> str:
    words = command("dataset", "--data", data, "--out", out, "--key", run.data / "dataset.key", "--force")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.rsplit("Checksum: ", 1)[1].strip()


def _length_s(run: Run) -> float:
    """Seconds from the first to the last picture that was looked at."""
    stamps = _bags(run).wanted(Origin.occupancy, CAMERA)
    return round((max(stamps) - min(stamps)) / NS_PER_S, 1)


def _bags(run: Run) -> Bags:
    bags = open_recording([run.bag])
    assert isinstance(bags, Bags)
    return bags


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    """Somebody else wants both cores."""
    burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(processes)]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.join()


def _burn() -> None:
    while True:
        pass


if __name__ == "__main__":
    main()
