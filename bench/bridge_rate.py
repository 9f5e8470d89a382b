"""Requests a second of `GET /api/v1/events`, a page of 50 cycles, against a bare FastAPI route that reads the same.

Each is one uvicorn process on one core, asked by eight connections from the other core, in turn. `bare` gives the
rows of sqlite3 to FastAPI as dictionaries; `bare_json` writes the JSON itself. Ours has besides: who may, security
headers, request id, metrics, ETag, a schema, one consistent state of the database.

    .venv/bin/python -m bench.bridge_rate [--rows 10000000] [--seconds 10] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response

from bench import bridge_plant, report
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.running import WebSettings
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.rules import rules_of
from lbzf_ros.store import queries
from lbzf_ros.store.engine import DATABASE_NAME, PRAGMAS, reading_engine
from lbzf_ros.store.reader import StoreReader
from web_bridge.access.access import Access
from web_bridge.access.connection import server_config
from web_bridge.app import create_app
from web_bridge.context import Context
from web_bridge.live import LiveState

LIMIT, CONNECTIONS = 50, 8
PATH = f"/api/v1/events?limit={LIMIT}"
KINDS = ("ours", "bare", "bare_json")
_QUERY = f"{queries.CYCLES} ORDER BY e.start_ts DESC, e.id DESC LIMIT ?"
_UP_WITHIN_S = 60.0


def main() -> None:
    """Measure and write the result; with --serve be one of the servers."""
    options = _options()
    if options.serve:
        _serve(options.serve, options.data, options.port)
        return
    place = bridge_plant.place(options.rows)
    cores = sorted(os.sched_getaffinity(0))
    rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with ExitStack() as stack:
        urls = {kind: _start(stack, kind, place.data, cores[0]) for kind in KINDS}
        os.sched_setaffinity(0, {cores[-1]})
        items = {kind: len(_items(url)) for kind, url in urls.items()}
        for url in urls.values():
            asyncio.run(_rate(url, 1.0))
        for number in range(options.rounds):
            for kind in KINDS if number % 2 else KINDS[::-1]:
                rates[kind].append(asyncio.run(_rate(urls[kind], options.seconds)))
    ratios = {
        f"ours_to_{kind}": [round(a / b, 2) for a, b in zip(rates["ours"], rates[kind], strict=True)]
        for kind in KINDS[1:]
    }
    report.write_whole(
        "bridge_rate",
        {
            "what": f"requests/s of GET {PATH}, {CONNECTIONS} connections, one uvicorn process on one core, in turn",
            "cycles": options.rows,
            "items": items,
            "requests_per_s": {kind: report.spread(found, 1) for kind, found in rates.items()},
            "ratio_by_round": ratios,
            "ratio_median": {name: statistics.median(found) for name, found in ratios.items()},
        },
        whole=not options.try_out,
    )


def _start(stack: ExitStack, kind: str, data: Path, core: int) -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["taskset", "-c", str(core), sys.executable, "-m", "bench.bridge_rate", "--serve", kind]
    process = subprocess.Popen([*command, "--data", str(data), "--port", str(port)])
    stack.callback(process.wait)
    stack.callback(process.terminate)
    url, until_s = f"http://127.0.0.1:{port}{PATH}", time.monotonic() + _UP_WITHIN_S
    while True:
        try:
            _items(url)
            return url
        except OSError:
            if process.poll() is not None or time.monotonic() > until_s:
                raise
            time.sleep(0.2)


def _items(url: str) -> list[Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        found: list[Any] = json.load(answer)["items"]
    return found


async def _rate(url: str, seconds: float) -> float:
    """Answers a second."""
    until_s = time.perf_counter() + seconds
    began_s = time.perf_counter()
    counts = await asyncio.gather(*(_ask_on(url, until_s) for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - began_s)


async def _ask_on(url: str, until_s: float) -> int:
    to = urlsplit(url)
    reader, writer = await asyncio.open_connection(to.hostname, to.port)
    request = f"GET {to.path}?{to.query} HTTP/1.1\r\nHost: {to.netloc}\r\n\r\n".encode()
    count = 0
    while time.perf_counter() < until_s:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        await reader.readexactly(int(fields[b"content-length"]))
        count += 1
    writer.close()
    return count


def _serve(kind: str, data: Path, port: int) -> None:
    app = _ours(data) if kind == "ours" else _bare(data / DATABASE_NAME, own_json=kind == "bare_json")
    settings = WebSettings().access
    if kind == "ours":
        config = server_config(app, settings, port=port)
    else:
        config = uvicorn.Config(
            app, port=port, http="h11", access_log=False, log_level="warning", lifespan="off"
        )
    uvicorn.Server(config).run()


def _ours(data: Path) -> FastAPI:
    plant, engine = load_plant(data / "plant.yaml"), reading_engine(data / DATABASE_NAME)
    web = WebSettings()
    context = Context(
        reader=StoreReader(engine),
        live=LiveState(diagnostics_period_s=1.0),
        data=data,
        access=Access(web, data),
        plant=plant,
        days=DayReader(engine, rules_of(plant)),
        time_zone=plant.time_zone,
        recent_cycles=web.recent_cycles,
    )
    return create_app(context)


def _bare(database: Path, *, own_json: bool) -> FastAPI:
    app = FastAPI()
    connection = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
    for name, value in PRAGMAS.items():
        if name != "journal_mode":
            connection.execute(f"PRAGMA {name} = {value}")
    connection.row_factory = sqlite3.Row

    def read(limit: int) -> dict[str, Any]:
        return {"items": [dict(row) for row in connection.execute(_QUERY, (limit,))]}

    def written(limit: int = LIMIT) -> Response:
        return Response(json.dumps(read(limit)), media_type="application/json")

    def given(limit: int = LIMIT) -> dict[str, Any]:
        return read(limit)

    route: Callable[..., Any] = written if own_json else given
    app.get("/api/v1/events", response_model=None)(route)
    return app


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000, help="Cycles in the database.")
    parser.add_argument("--seconds", type=float, default=10.0, help="Each turn (default: 10).")
    parser.add_argument("--rounds", type=int, default=5, help="Turns of each (default: 5).")
    parser.add_argument("--try-out", action="store_true", help="Only print what was found.")
    parser.add_argument("--serve", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
