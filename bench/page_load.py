"""Every page in a real Chromium: milliseconds until it is loaded and until its largest part is painted, kB as sent.

Bridge and browser share two cores; behind the pages are three months of shifts and entries and all cycles of the
database. `first`: an empty cache, as somebody's first visit; `again`: a page that was open before.

    .venv/bin/python -m bench.page_load [--rows 10000000] [--visits 5]

Exit status: 0 every page is loaded within a second and 300 kB, 1 one is not. Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench import bridge_plant, report
from bench.bridge_graph import CORES, WHAT, keep_to_cores, running_bridge
from bench.bridge_plant import Place, date_of
from test.web.serve import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

GOAL_MS, GOAL_KB = 1000.0, 300.0
_SETTLED_MS = 700
_WATCH = """
window.lbzfPainted = 0;
new PerformanceObserver(list => { window.lbzfPainted = list.getEntries().at(-1).startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
"""
_FOUND = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const parts = performance.getEntriesByType("resource");
  return {
    first_byte_ms: page.responseStart,
    load_ms: page.loadEventEnd,
    painted_ms: window.lbzfPainted,
    kb: [page, ...parts].reduce((sum, one) => sum + one.transferSize, 0) / 1000,
    requests: 1 + parts.length,
  };
}"""


def main() -> None:
    """Measure and write the result."""
    options = _options()
    keep_to_cores()
    place = bridge_plant.place(options.rows)
    with running_bridge(place, demo=False) as running, chromium() as browser:
        load = os.getloadavg()[0]
        pages = {
            path: _page(browser, running.url + path, options.visits) for path in _paths(place, running.url)
        }
    problems = [
        f"{path}: {one['first']['load_ms']['median']} ms, {one['first']['kb']} kB"
        for path, one in pages.items()
        if one["first"]["load_ms"]["median"] >= GOAL_MS or one["first"]["kb"] >= GOAL_KB
    ]
    report.write_whole(
        "page_load",
        {
            "what": f"{WHAT}; bridge and Chromium on {CORES} cores, 1366x768, median of {options.visits} visits",
            "cycles": options.rows,
            "load_1_min_before": round(load, 1),
            "goal": {"load_ms": GOAL_MS, "kb": GOAL_KB},
            "pages": pages,
            "problems": problems,
        },
        whole=not options.try_out,
    )
    raise SystemExit(1 if problems else 0)


def _paths(place: Place, url: str) -> list[str]:
    from bench.bridge_asks import Asks

    day = f"?day={date_of(place.days[-1])}"
    uid = Asks(place, url).by_route["GET /cycles/{uid}"]()
    return [
        "/board/ANGELA",
        "/summary",
        "/modules/ANGELA",
        f"/modules/ANGELA{day}",
        "/stations/ANGELA",
        f"/stations/ANGELA{day}",
        "/stations/ANGELA/PUESTO_06",
        f"/stations/ANGELA/PUESTO_06{day}",
        uid,
        "/entry/ANGELA",
        "/zones?camera=cam1",
        "/admin",
    ]


def _page(browser: Browser, url: str, visits: int) -> dict[str, Any]:
    first, again = list[dict[str, float]](), list[dict[str, float]]()
    for _ in range(visits):
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="es-CO")
        context.add_init_script(_WATCH)
        first.append(_visit(context, url))
        again.append(_visit(context, url))
        context.close()
    return {"first": _of(first), "again": _of(again)}


def _visit(context: BrowserContext, url: str) -> dict[str, float]:
    page = context.new_page()
    page.goto(url, wait_until="load")
    page.wait_for_timeout(_SETTLED_MS)
    found: dict[str, float] = page.evaluate(_FOUND)
    page.close()
    return found


def _of(visits: Sequence[dict[str, float]]) -> dict[str, Any]:
    times = {
        name: {
            "median": round(statistics.median(one[name] for one in visits)),
            "max": round(max(one[name] for one in visits)),
        }
        for name in ("first_byte_ms", "load_ms", "painted_ms")
    }
    return {**times, "kb": round(max(one["kb"] for one in visits), 1), "requests": visits[0]["requests"]}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000, help="Cycles in the database.")
    parser.add_argument("--visits", type=int, default=5, help="Of each page (default: 5).")
    parser.add_argument("--try-out", action="store_true", help="Only print what was found.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
