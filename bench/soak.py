"""The whole graph for half an hour at ten real RTSP cameras: does memory grow, is anything lost?

Ten network cameras (H.264, 640x480, 15 pictures a second, 1 Mbit/s; people come and go) play on 127.0.0.1. `lbzf up`
runs on two cores with a light detector, looks at 5 pictures a second of each and records all of them by copy. Every
10 s the memory and processor time of every node are noted, and how many pictures, events and video files there are. The
verdict: memory grows by less than 1 % in the last 20 minutes, every second is recorded, every decided event is in the
database. Pictures that were left out because the machine was too slow are told, and are no gap: the video has them.

    .venv/bin/python -m bench.soak [--minutes 30] [--cameras 10]

Needs GStreamer's RTSP server (`gir1.2-gst-rtsp-server-1.0`). Exit status: 0 all holds, 1 something does not, 130
Ctrl-C, which stops everything that was started.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import report
from bench.soak_plant import DETECTOR, FILM_FPS, KILOBIT_S, LOOKED_AT_FPS, write_films, write_plant
from bench.soak_verdict import (
    cores,
    fitted,
    gaps,
    growth,
    pictures,
    problems_of_events,
    problems_of_memory,
    problems_of_video,
    resident_growth,
    restarted,
)
from bench.soak_watch import Events, Sample, Watch, events_of
from lbzf_ros.chaos.system import System
from lbzf_ros.environment import node_environment
from test.support.rtsp_loop import rtsp_films

CORES = 2
LOOK_EVERY_S = 10.0
_ALL_SEEN_WITHIN_S = 120.0
_DELIVERED_WITHIN_S = 60.0
_GAPS_WITHIN_S = 60.0
_MOST_SKIPPED = 0.05


@dataclass(frozen=True, slots=True)
class Soak:
    """What was seen.

    Attributes:
        samples: one look every `LOOK_EVERY_S`.
        events: at the end, when nothing waited for delivery any more.
        missing: by camera, stretches that are not recorded.
    """

    samples: list[Sample]
    events: Events
    missing: dict[str, list[dict[str, Any]]]


def soak(folder: Path, *, minutes: float, cameras: int, film_s: float) -> Soak:
    """Run it.

    Args:
        folder: where films, plant and data go.
        minutes: how long it is watched once all nodes work together.
        cameras: how many.
        film_s: seconds after which the films begin again, about; see `write_films`.

    Raises:
        GraphError: the system did not come up, or ended by itself.
    """
    os.environ.update(node_environment())
    films = write_films(folder, film_s, say)
    with rtsp_films(films, cameras, FILM_FPS) as urls:
        write_plant(folder / "plant.yaml", urls)
        with System(folder / "plant.yaml", folder / "data") as system:
            system.start()
            say(f"{cameras} cameras, all nodes up; {minutes:g} minutes")
            with Watch(system) as watch:
                system.wait_for("all cameras seen", lambda: watch.all_seen(cameras), _ALL_SEEN_WITHIN_S)
                began_s = time.time()
                samples = _watch(watch, minutes * 60)
                system.wait_for(
                    "all events delivered",
                    lambda: not events_of(system.data).not_acknowledged,
                    _DELIVERED_WITHIN_S,
                )
                return Soak(samples, events_of(system.data), gaps(_ask_for_gaps(system), began_s))


def _watch(watch: Watch, seconds: float) -> list[Sample]:
    samples = [watch.look()]
    while watch.at_s < samples[0].at_s + seconds:
        time.sleep(max(0.0, samples[0].at_s + len(samples) * LOOK_EVERY_S - watch.at_s))
        samples.append(watch.look())
        say(_progress(samples[-1]))
    return samples


def _progress(seen: Sample) -> str:
    memory_mb = sum(one.rss_mb for one in seen.memory.values())
    skipped = sum(one.skipped for one in seen.pictures.values())
    return (
        f"{seen.at_s:6.0f} s  {len(seen.memory)} nodes {memory_mb:.1f} MB  load {seen.load_1_min:.1f}  "
        f"events {seen.events.ended} ended, {seen.events.not_acknowledged} on their way  "
        f"gaps {seen.events.video_gaps}  pictures skipped {skipped}"
    )


def _ask_for_gaps(system: System) -> dict[str, Any]:
    command = [sys.executable, "-m", "lbzf_ros.cli", "video", "gaps", "--json"]
    command += ["--data", str(system.data), "--plant", str(system.plant)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_GAPS_WITHIN_S)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"lbzf video gaps failed: {done.stderr}")
    return dict(json.loads(done.stdout))


def judged(found: Soak) -> tuple[dict[str, Any], list[str]]:
    """Figures for the result file, and what does not hold."""
    last = fitted(found.samples)
    grown, loads = growth(last), [one.load_1_min for one in found.samples]
    end = found.samples[-1]
    problems = [
        *problems_of_memory(grown),
        *problems_of_video(found.missing),
        *problems_of_events(found.events),
        *restarted(found.samples),
    ]
    figures: dict[str, Any] = {
        "watched_s": round(end.at_s - found.samples[0].at_s),
        "load_1_min": {
            "mean": round(statistics.mean(loads), 1),
            "min": min(loads),
            "max": max(loads),
        },
        "cores": cores(found.samples),
        "memory_growth_over_s": round(last[-1].at_s - last[0].at_s),
        "memory_growth": grown,
        "resident_growth": resident_growth(last),
        "memory_pss_mb_at_the_end": round(sum(one.pss_mb for one in end.memory.values()), 1),
        "pictures": pictures(found.samples, LOOKED_AT_FPS),
        "events": asdict(found.events),
        "not_recorded": found.missing,
        "problems": problems,
    }
    if left_out := _left_out(figures["pictures"]):
        figures["note"] = left_out
    return figures, problems


def _left_out(seen: dict[str, dict[str, float]]) -> str:
    received, skipped = (sum(one[name] for one in seen.values()) for name in ("received", "skipped"))
    if skipped <= _MOST_SKIPPED * received:
        return ""
    return (
        f"{skipped / received:.0%} of the pictures were not looked at: this machine was too slow, or busy with other "
        "work (load_1_min). They are in the video; but this is no measurement at the full rate"
    )


def say(text: str) -> None:
    """A line of progress with the time of day."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def main() -> None:
    """Run it, write the result and the picture."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # and so does everything that is started
    try:
        with tempfile.TemporaryDirectory(prefix="lbzf-soak-") as folder:
            found = soak(
                Path(folder), minutes=options.minutes, cameras=options.cameras, film_s=options.film_seconds
            )
    except KeyboardInterrupt:
        say("stopped; nothing that the soak had started runs any more")
        raise SystemExit(130) from None
    if options.samples:
        options.samples.write_text(json.dumps([one.as_row() for one in found.samples]), "utf-8")
    figures, problems = judged(found)
    what = (
        f"lbzf up on {CORES} cores, {options.cameras} RTSP cameras ({FILM_FPS} fps 640x480, {KILOBIT_S} kbit/s H.264, "
        f"served by the same machine), looked at {LOOKED_AT_FPS} times a second by `{DETECTOR}`, recorded by copy"
    )
    report.write("soak", {"what": what, **figures})
    if options.picture:
        from bench.soak_picture import draw

        draw(found.samples, options.picture)
    raise SystemExit(1 if problems else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="How long (default: 30).")
    parser.add_argument("--cameras", type=int, default=10, help="How many (default: 10).")
    parser.add_argument(
        "--film-seconds",
        type=float,
        default=140.0,
        help="About so long is what the cameras play, from an empty hall to an empty hall (default: 140).",
    )
    parser.add_argument("--samples", type=Path, help="Write every look to this file, as JSON.")
    parser.add_argument("--picture", type=Path, help="Draw memory over time into this PNG.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
