"""Files and pictures of the bridge while its own graph measures and records: milliseconds at 20 requests a second.

What `bridge_reading` leaves out, because its big database has only the rows: clips that are cut from the video,
pictures of cycles, drawn explanations, reference pictures, workbooks. The demo plant runs whole until there are cycles
with video; then all are asked for in turn. What waits for the camera's next picture (at 5 a second up to 200 ms) is
told apart, and so is the first time that each is asked for: an explanation is drawn then, and kept. Bridge, graph and
who asks share two cores.

    .venv/bin/python -m bench.bridge_files [--seconds 120]

Exit status: 0 every route but those that wait for a camera answers within the goal, 1 one does not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
import urllib.error
import urllib.request
from collections import defaultdict
from typing import Any

from bench import report
from bench.bridge_asks import API
from bench.bridge_graph import CORES, keep_to_cores, say
from bench.bridge_load import Answer, at_rate
from bench.demo import running_demo
from bench.store_data import SEED

PER_S, GOAL_MS = 20.0, 60.0
_CYCLES = 12
_WITHIN_S = 600.0
_WAITS = f"GET {API}/cameras/{{camera}}/frame.jpg"
_OF_A_CYCLE = ("clip.mp4", "frame.jpg", "explanation", "explanation.png")


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=float, default=120.0, help="All routes in turn, so long (default: 120)."
    )
    parser.add_argument("--try-out", action="store_true", help="Only print what was found.")
    options = parser.parse_args()
    keep_to_cores()
    with running_demo() as demo:
        uids = _cycles_with_video(demo.url)
        workbook = _exported(demo.url)
        paths = _paths(demo.url, uids, workbook) | {_WAITS: [f"{API}/cameras/cam1/frame.jpg"]}
        first = [(route, path) for route, those in paths.items() for path in those]
        firsts = asyncio.run(at_rate(demo.url, first, 2.0))
        luck, asked = random.Random(SEED), list[tuple[str, str]]()
        while len(asked) < options.seconds * PER_S:
            turn = list(paths.items())
            luck.shuffle(turn)
            asked += [(route, luck.choice(those)) for route, those in turn]
        say(f"all {len(paths)} routes in turn for {options.seconds:g} s")
        load = [os.getloadavg()[0]]
        answers = asyncio.run(at_rate(demo.url, asked, PER_S))
        load.append(os.getloadavg()[0])
    routes = _by_route(answers)
    slow = [name for name, one in routes.items() if name != _WAITS and one["p95_ms"] > GOAL_MS]
    report.write_whole(
        "bridge_files",
        {
            "what": f"the demo plant (lbzf up: 2 simulated cameras at 5 fps, recorded), all on {CORES} cores",
            "requests_per_s": PER_S,
            "goal_p95_ms": GOAL_MS,
            "load_1_min_before_after": [round(one, 1) for one in load],
            "over_the_goal": slow,
            "waits_for_the_cameras_next_picture": _WAITS,
            "first_of_each_alone_p50_ms": {name: one["p50_ms"] for name, one in _by_route(firsts).items()},
            "routes": routes,
        },
        whole=not options.try_out,
    )
    raise SystemExit(1 if slow or any(one["status"] != [200] for one in routes.values()) else 0)


def _paths(url: str, uids: list[str], workbook: str) -> dict[str, list[str]]:
    """What may be asked for, by route template."""
    found = {
        f"GET {API}/events/{{uid}}/{name}": [f"{API}/events/{uid}/{name}" for uid in uids]
        for name in _OF_A_CYCLE
    }
    zones = _read(f"{url}{API}/rois?in_force=true")["items"]
    found[f"GET {API}/rois/{{id}}/reference.jpg"] = [
        f"{API}/rois/{one['id']}/reference.jpg" for one in zones if one["has_reference"]
    ]
    found[f"GET {API}/exports/{{name}}"] = [f"{API}/exports/{workbook}"]
    return found


def _cycles_with_video(url: str) -> list[str]:
    """Wait for so many cycles whose clip can be cut.

    Raises:
        TimeoutError: there were not enough in time.
    """
    until_s, found = time.monotonic() + _WITHIN_S, list[str]()
    while len(found) < _CYCLES:
        if time.monotonic() > until_s:
            raise TimeoutError(f"{len(found)} cycles with video after {_WITHIN_S:g} s, {_CYCLES} are needed")
        time.sleep(5)
        events = _read(f"{url}{API}/events?status=complete&limit=100")["items"]
        found = [
            one["event_uid"] for one in events if _is_there(f"{url}{API}/events/{one['event_uid']}/clip.mp4")
        ]
        say(f"{len(found)} of {_CYCLES} cycles with video")
    return found


def _exported(url: str) -> str:
    """The name of today's workbook, made now."""
    session = _read(f"{url}{API}/session")
    date = _read(f"{url}{API}/days")["date"]
    request = urllib.request.Request(
        f"{url}{API}/exports",
        json.dumps({"date": date, "module": None}).encode(),
        {
            "Content-Type": "application/json",
            "X-CSRF-Token": session["csrf_token"],
            "Idempotency-Key": "bench",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["workbook"])


def _read(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def _is_there(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status) == 200
    except urllib.error.HTTPError:
        return False


def _by_route(answers: list[Answer]) -> dict[str, Any]:
    by_route = defaultdict[str, list[Answer]](list)
    for one in answers:
        by_route[one.route].append(one)
    ordered = sorted(by_route.items(), key=lambda item: -_p95([one.ms for one in item[1]]))
    return {
        route: {
            "p50_ms": round(report.percentile([one.ms for one in some], 0.5), 1),
            "p95_ms": round(_p95([one.ms for one in some]), 1),
            "largest_kb": round(max(one.sent_bytes for one in some) / 1000, 1),
            "status": sorted({one.status for one in some}),
        }
        for route, some in ordered
    }


def _p95(values: list[float]) -> float:
    return report.percentile(values, 0.95)


if __name__ == "__main__":
    main()
