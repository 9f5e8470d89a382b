"""Fifty open live pages: how late each event comes to each of them, whether one is missed, and the bridge's memory.

Fifty connections to `/api/v1/live/stream` are held by one process, as browsers hold them. An event is a cycle that
begins (the station's state names it) or ends (it is among the station's newest cycles). Its delay is counted from when
the scripted line published it: a cycle that ended has been committed by persistence and read by the bridge meanwhile.

    .venv/bin/python -m bench.bridge_live [--rows 10000000] [--minutes 10] [--pages 50] [--no-demo]

Exit status: 0 every event came to every page within a second and memory did not grow, 1 not so.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import re
import statistics
import time
from collections import defaultdict
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

from bench import bridge_plant, report
from bench.bridge_graph import CORES, WHAT, WITH_DEMO, Running, keep_to_cores, running_bridge, say

GOAL_S = 1.0
MOST_GROWTH_PERCENT = 1.0
LOOK_EVERY_S = 10.0
WARM_UP_S = 60.0
_LAST_WORDS_S = 5.0
"""What is said later may still be on its way when the pages are closed."""
_UID = re.compile(rb'"event_uid":"([0-9a-f-]{36})"')
_KINDS = {b"state": "start", b"cycles": "end"}
Heard = dict[tuple[str, str], list[float]]
"""Times (s, monotonic clock) at which pages heard of an event, by start or end and uid; one a page."""


def main() -> None:
    """Measure and write the result."""
    options = _options()
    keep_to_cores()
    place = bridge_plant.place(options.rows)
    with running_bridge(place, demo=not options.no_demo) as running:
        figures, problems = _measure(running, options.minutes * 60, options.pages)
    report.write_whole(
        "bridge_live",
        {
            "what": WHAT + ("" if options.no_demo else WITH_DEMO) + f"; all on {CORES} cores",
            "cycles": options.rows,
            **figures,
            "problems": problems,
        },
        whole=not options.try_out,
    )
    raise SystemExit(1 if problems else 0)


def _measure(running: Running, seconds: float, pages: int) -> tuple[dict[str, Any], list[str]]:
    ours, theirs = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    listener = spawn.Process(target=_listen, args=(running.url, pages, theirs), daemon=True)
    listener.start()
    load, cpu = os.getloadavg()[0], running.bridge.cpu_times()
    ours.recv()  # all are open
    say(f"{pages} pages are open; {seconds / 60:g} minutes")
    began_s = time.monotonic()
    memory: list[tuple[float, float]] = []
    while (passed_s := time.monotonic() - began_s) < seconds:
        memory.append((passed_s, running.bridge.memory_info().rss / 1e6))
        ended, waiting = len(running.line.said.ends), running.line.unacknowledged
        say(f"{passed_s:6.0f} s  bridge {memory[-1][1]:.1f} MB  {ended} cycles ended, {waiting} on their way")
        time.sleep(min(LOOK_EVERY_S, seconds - passed_s))
    until_s = time.monotonic()
    used = running.bridge.cpu_times()
    time.sleep(_LAST_WORDS_S)
    ours.send("stop")
    heard, sent_bytes = ours.recv()
    listener.join()
    said = running.line.said
    delays, missed, pairs = list[float](), 0, 0
    for kind, times in (("start", dict(said.starts)), ("end", dict(said.ends))):
        for uid, said_s in times.items():
            if began_s <= said_s <= until_s:
                found = heard.get((kind, uid), [])
                pairs, missed = pairs + pages, missed + pages - len(found)
                delays += [one - said_s for one in found]
    growth = _growth(memory)
    quantiles = {f"p{share}": report.percentile(delays, share / 100) for share in (50, 95, 99)}
    figures: dict[str, Any] = {
        "pages": pages,
        "watched_s": round(seconds),
        "load_1_min_before_after": [round(load, 1), round(os.getloadavg()[0], 1)],
        "events": pairs // pages,
        "deliveries": len(delays),
        "missed": missed,
        "delay_s": {name: round(value, 3) for name, value in {**quantiles, "max": max(delays)}.items()},
        "kb_per_page_and_s": round(sent_bytes / 1000 / pages / (seconds + _LAST_WORDS_S), 1),
        "bridge_cores": round((used.user + used.system - cpu.user - cpu.system) / seconds, 3),
        "bridge_rss_mb": {
            "first": round(memory[0][1], 1),
            "last": round(memory[-1][1], 1),
            "max": round(max(one for _, one in memory), 1),
            "growth_percent": growth,
            "growth": f"mean of the last fifth against that of the first after {WARM_UP_S:g} s",
        },
    }
    problems = []
    if missed or not delays:
        problems.append(f"{missed} of {pairs} deliveries did not come")
    if max(delays, default=0.0) >= GOAL_S:
        problems.append(f"an event came after {max(delays):.2f} s; it must be less than {GOAL_S:g} s")
    if growth is not None and growth > MOST_GROWTH_PERCENT:
        problems.append(f"memory has grown by {growth:g} %; at most {MOST_GROWTH_PERCENT:g} % may be")
    return figures, problems


def _growth(memory: list[tuple[float, float]]) -> float | None:
    """Percent; None: it was too short to say."""
    warm = [one for at_s, one in memory if at_s >= WARM_UP_S]
    fifth = len(warm) // 5
    if not fifth:
        return None
    return round(100 * (statistics.mean(warm[-fifth:]) / statistics.mean(warm[:fifth]) - 1), 2)


def _listen(url: str, pages: int, parent: Connection) -> None:
    asyncio.run(_hear_all(url, pages, parent))


async def _hear_all(url: str, pages: int, parent: Connection) -> None:
    heard: Heard = defaultdict(list)
    opened = [asyncio.Event() for _ in range(pages)]
    size = [0]
    jobs = [asyncio.create_task(_hear(url, heard, one, size)) for one in opened]
    await asyncio.gather(*(one.wait() for one in opened))
    parent.send("open")
    await asyncio.to_thread(parent.recv)
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    parent.send((dict(heard), size[0]))


async def _hear(url: str, heard: Heard, opened: asyncio.Event, size: list[int]) -> None:
    """One page."""
    to = urlsplit(url)
    reader, writer = await asyncio.open_connection(to.hostname, to.port, limit=1 << 20)
    request = f"GET /api/v1/live/stream HTTP/1.1\r\nHost: {to.netloc}\r\nAccept: text/event-stream\r\n\r\n"
    writer.write(request.encode())
    known: set[tuple[str, bytes]] = set()
    kind: str | None = None
    while line := await reader.readline():
        now_s = time.monotonic()
        size[0] += len(line)
        if line.startswith(b"event: "):
            kind = _KINDS.get(line[7:].strip())
            opened.set()
        elif kind and line.startswith(b"data: "):
            for uid in _UID.findall(line):
                if (kind, uid) not in known:
                    known.add((kind, uid))
                    heard[kind, uid.decode()].append(now_s)
    raise ConnectionError("the bridge has ended a stream")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000, help="Cycles in the database.")
    parser.add_argument("--minutes", type=float, default=10.0, help="How long (default: 10).")
    parser.add_argument("--pages", type=int, default=50, help="Open pages (default: 50).")
    parser.add_argument("--try-out", action="store_true", help="Only print what was found.")
    parser.add_argument("--no-demo", action="store_true", help="Without the demo plant's graph beside it.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
