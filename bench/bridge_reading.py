"""Every read route of the bridge over 10 million cycles, with the graph at work: milliseconds at 20 requests a second.

Two runs. `mixed`: all routes in turn, in an order drawn at random, 20 requests a second in all. `alone`: each route by
itself at 20 a second for some seconds. Requests are sent when they are due, whatever the ones before take, and timed
from then. Bridge, graph, writer and who asks share two cores.

    .venv/bin/python -m bench.bridge_reading [--rows 10000000] [--seconds 600] [--each-seconds 10] [--no-demo]

Exit status: 0 every route answers within the goal, 1 one does not, 2 a route is not asked.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
from collections import defaultdict
from typing import Any

from bench import bridge_plant, report
from bench.bridge_asks import LEFT_OUT, Asks
from bench.bridge_graph import CORES, WHAT, WITH_DEMO, keep_to_cores, running_bridge, say
from bench.bridge_load import Answer, at_rate
from bench.store_data import SEED

PER_S = 20.0
GOAL_MS = 60.0
_OK = (200, 303, 404, 410)
"""404 and 410: pictures and explanations, of which the database here has only the rows."""


def main() -> None:
    """Measure and write the result."""
    options = _options()
    keep_to_cores()
    place = bridge_plant.place(options.rows)
    with running_bridge(place, demo=not options.no_demo) as running:
        asks = Asks(place, running.url)
        if missing := asks.missing():
            print(f"routes that nobody asks here: {', '.join(missing)}", file=sys.stderr)
            raise SystemExit(2)
        load = [os.getloadavg()[0]]
        each = [(route, ask()) for route, ask in asks.by_route.items() for _ in range(3)]
        asyncio.run(at_rate(running.url, each, PER_S))  # warm
        say(f"warm; all {len(asks.by_route)} routes in turn for {options.seconds:g} s")
        mixed = asyncio.run(at_rate(running.url, _mixed(asks, options.seconds), PER_S))
        alone: list[Answer] = []
        for route, ask in asks.by_route.items():
            say(f"alone: {route}")
            count = round(options.each_seconds * PER_S)
            alone += asyncio.run(at_rate(running.url, [(route, ask()) for _ in range(count)], PER_S))
        load.append(os.getloadavg()[0])
        rss_mb = running.bridge.memory_info().rss / 1e6
    by_route = _by_route(mixed, alone)
    slow = {
        name: one["mixed_ms"]["p95"] for name, one in by_route.items() if one["mixed_ms"]["p95"] > GOAL_MS
    }
    report.write_whole(
        "bridge_reading",
        {
            "what": WHAT + ("" if options.no_demo else WITH_DEMO) + f"; all on {CORES} cores",
            "cycles": options.rows,
            "requests_per_s": PER_S,
            "goal_p95_ms": GOAL_MS,
            "load_1_min_before_after": [round(one, 1) for one in load],
            "mixed": {"requests": len(mixed), "all_ms": _quantiles([one.ms for one in mixed])},
            "alone": {"requests": len(alone)},
            "bridge_rss_mb": round(rss_mb, 1),
            "p95_over_the_goal_mixed": slow,
            "routes": by_route,
            "not_timed": LEFT_OUT,
        },
        whole=not options.try_out,
    )
    raise SystemExit(1 if slow or any(not one["answered"] for one in by_route.values()) else 0)


def _mixed(asks: Asks, seconds: float) -> list[tuple[str, str]]:
    """Every route as often as the others, each round in an order of its own."""
    luck, found = random.Random(SEED), list[tuple[str, str]]()
    while len(found) < seconds * PER_S:
        routes = list(asks.by_route.items())
        luck.shuffle(routes)
        found += [(route, ask()) for route, ask in routes]
    return found


def _by_route(mixed: list[Answer], alone: list[Answer]) -> dict[str, Any]:
    runs = [defaultdict[str, list[Answer]](list), defaultdict[str, list[Answer]](list)]
    for answers, run in zip((mixed, alone), runs, strict=True):
        for one in answers:
            run[one.route].append(one)
    found: dict[str, Any] = {}
    for route, answers in sorted(runs[0].items()):
        every = answers + runs[1][route]
        found[route] = {
            "mixed_ms": _quantiles([one.ms for one in answers]),
            **({"alone_ms": _quantiles([one.ms for one in runs[1][route]])} if runs[1][route] else {}),
            "largest_kb": round(max(one.sent_bytes for one in every) / 1000, 1),
            "answered": all(one.status in _OK for one in every),
            "status": sorted({one.status for one in every}),
        }
    return dict(sorted(found.items(), key=lambda item: -item[1]["mixed_ms"]["p95"]))


def _quantiles(values: list[float]) -> dict[str, float]:
    found = {f"p{share}": report.percentile(values, share / 100) for share in (50, 95, 99)}
    return {name: round(value, 1) for name, value in {**found, "max": max(values)}.items()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, default=10_000_000, help="Cycles in the database (default: 10 million)."
    )
    parser.add_argument(
        "--seconds", type=float, default=600.0, help="All routes in turn, so long (default: 600)."
    )
    parser.add_argument(
        "--each-seconds", type=float, default=10.0, help="Each alone (default: 10; 0: not at all)."
    )
    parser.add_argument("--try-out", action="store_true", help="Only print what was found.")
    parser.add_argument("--no-demo", action="store_true", help="Without the demo plant's graph beside it.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
