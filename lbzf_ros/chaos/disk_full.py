"""Drill: the disk under the data folder fills up while the graph runs, and has room again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lbzf_ros.chaos.stage import ENDS, Result, Settings, Stage, stage
from lbzf_ros.chaos.verdict import count_rows
from lbzf_ros.store.engine import DATABASE_NAME

NAME = "disk-full"
ABOUT = "the disk of the data folder fills up: first below the reservation, then to the last byte"
SIZE_MB, RESERVE_MB = 160, 60
_LEFT_MB = 20
"""Left free in the first step: less than the reservation."""
FULL_S, SHORT_S = 30.0, 6.0
_NOTICED_WITHIN_S = 20.0
_MB = 1_000_000
STORAGE = {"reserve_gb": RESERVE_MB / 1000}


def run(settings: Settings) -> Result:
    """Fill it, wait, make room, and count."""
    result = Result(NAME, settings.seed)
    with stage(settings, NAME, storage=STORAGE) as on, small_disk(on.data) as why_not:
        if why_not:
            result.skipped = why_not
            return result
        on.start()
        on.wait_for_ends(1, 60)
        strike(on, result, FULL_S if settings.full else SHORT_S)
        on.wait_for_ends(3, 60)
        result.take(on.finish(once_more=settings.full))
    return result


def strike(on: Stage, result: Result, seconds: float) -> None:
    """Fill the disk in two steps, and make room again."""
    filler = on.data / "filler"
    _fill(filler, _LEFT_MB * _MB)
    on.say(f"less than the reservation is free ({_LEFT_MB} of {RESERVE_MB} MB): video and pictures must stop")
    result.figures["told_below_reservation_after_s"] = _until_told(on, "recorder")
    _below_reservation(on, result)
    _fill(filler, 0)
    on.say(f"nothing is free for {seconds:g} s")
    _nothing_free(on, result, seconds)
    filler.unlink()
    on.say("there is room again")
    result.figures["delivered_after_s"] = round(on.wait_until_delivered(60), 1)


def _below_reservation(on: Stage, result: Result) -> None:
    files, rows = _files(on.data), count_rows(on.data)
    on.wait_for_ends(3, 60)
    on.wait_until_delivered(30)
    more_rows, more_files = count_rows(on.data) - rows, _files(on.data) - files
    result.figures |= {"rows_below_reservation": more_rows, "pictures_below_reservation": more_files}
    result.expect(more_rows > 0, "below the reservation no row was written")
    result.expect(more_files == 0, f"below the reservation {more_files} pictures and videos were begun")
    health = on.system.health()
    told = [node["name"] for node in health.get("nodes", []) if node.get("errors")]
    result.figures["healthz_names"] = ", ".join(told)
    result.expect("recorder" in told, f"/healthz does not say that the recorder has stopped: {health}")


def _nothing_free(on: Stage, result: Result, seconds: float) -> None:
    decided, acknowledged = on.witness.count(*ENDS), len(on.witness.acknowledged)
    told = len(on.witness.errors)
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        on.system.check()
        time.sleep(0.1)
    result.figures |= {
        "decided_with_nothing_free": on.witness.count(*ENDS) - decided,
        "acknowledged_with_nothing_free": len(on.witness.acknowledged) - acknowledged,
        "told_with_nothing_free": "; ".join(
            sorted({part for part, text in on.witness.errors[told:] if text})
        ),
        "database_mb": round((on.data / DATABASE_NAME).stat().st_size / _MB, 2),
    }


def _until_told(on: Stage, node: str) -> float:
    began_s, told = time.monotonic(), len(on.witness.errors)

    def said() -> bool:
        return any(part.startswith(node) and text for part, text in on.witness.errors[told:])

    on.system.wait_for(f"{node} says that there is too little room", said, _NOTICED_WITHIN_S)
    return round(time.monotonic() - began_s, 1)


def _files(data: Path) -> int:
    return sum(1 for name in ("frames", "video") for path in (data / name).rglob("*.*") if path.is_file())


def _fill(filler: Path, left_bytes: int) -> None:
    """Make a file so large that only so much is left."""
    with filler.open("ab") as file:
        free = shutil.disk_usage(filler.parent).free
        size = file.tell()
        grow = free - left_bytes
        if grow <= 0:
            return
        try:
            os.posix_fallocate(file.fileno(), size, grow)
        except OSError:  # somebody was faster: byte by byte until it is full
            while _write(file.fileno()):
                pass


def _write(file: int) -> bool:
    try:
        return os.write(file, bytes(4096)) > 0
    except OSError:
        return False


@contextmanager
def small_disk(folder: Path) -> Iterator[str]:
    """A small file system of its own at a folder; gives why that cannot be done, empty when it can."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={SIZE_MB * _MB},mode=0755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "lbzf-chaos", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"a small disk cannot be mounted (that needs root): {done.stderr.strip()}"
        return
    try:
        yield ""
    finally:
        # Lazily: should anything still have a file open in it, the mount goes as soon as it is closed.
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
