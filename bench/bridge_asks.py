"""Every read route with parameters as people ask: today, yesterday, a day in the middle, first pages and deep ones."""

from __future__ import annotations

import json
import random
import sqlite3
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlencode

from bench.bridge_plant import Place, date_of
from bench.store_data import BEGIN_NS, DAY_NS, HOUR_NS, MODULES, SEED, STATIONS
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.timestamps import to_text
from web_bridge.access.permissions import TABLE

API = "/api/v1"
LEFT_OUT = {
    f"GET {API}/live/stream": "a stream: bench/bridge_live.py",
    f"GET {API}/events/{{uid}}/clip.mp4": "cuts video, of which the database here has only the rows",
    f"GET {API}/events/{{uid}}/explanation.png": "a drawing",
    f"GET {API}/cameras/{{camera}}/frame.jpg": "waits for the camera's next picture",
    "GET /zones/{camera}/proposal": "waits for the camera's next picture",
    f"GET {API}/rois/{{id}}/reference.jpg": "a file; no view was kept here",
    f"GET {API}/exports/{{name}}": "a file",
    f"GET {API}/bags/{{bag}}/{{name}}": "a file",
    "GET /access/static": "a file",
}
"""Routes that are not timed here, and why."""
_DEEP_PAGES = 40
Ask = Callable[[], str]


class Asks:
    """Paths to ask for, by route template; each call draws other parameters."""

    def __init__(self, place: Place, url: str) -> None:
        """Find what the parameters need in the database and through the API."""
        self._luck = random.Random(SEED)
        self._place = place
        middle = place.days[len(place.days) // 2]
        self._days = [place.today, place.days[-1], middle]
        with closing(sqlite3.connect(place.database)) as connection:
            self._uids: list[str] = [uid for day in self._days for uid in _uids(connection, day)]
            self._rejected: list[str] = [
                uid for (uid,) in connection.execute(_REJECTED_UIDS, (_text(place.today),))
            ]
        self._keys = {
            path: _deep(url, path)
            for path in (f"{API}/events", f"{API}/rejected", f"{API}/audit", f"{API}/standard-times")
        }
        self.by_route: dict[str, Ask] = dict(self._all())

    def missing(self) -> list[str]:
        """Routes of the table of permissions that are neither asked nor left out for a reason."""
        reads = {f"{method} {path}" for method, path in TABLE if method == "GET"}
        return sorted(reads - set(self.by_route) - set(LEFT_OUT))

    def _all(self) -> Iterator[tuple[str, Ask]]:
        for path, ask in {**self._api(), **self._pages()}.items():
            yield f"GET {path}", ask

    def _api(self) -> dict[str, Ask]:
        query, span = self._query, self._span
        found: dict[str, Ask] = {
            "/healthz": lambda: "/healthz",
            f"{API}/session": lambda: f"{API}/session",
            f"{API}/live": lambda: f"{API}/live",
            f"{API}/events": self._events,
            f"{API}/rejected": lambda: self._list("rejected", self._cycles()),
            f"{API}/events/{{uid}}": lambda: f"{API}/events/{self._uid()}",
            f"{API}/events/{{uid}}/observations": lambda: f"{API}/events/{self._uid()}/observations",
            f"{API}/events/{{uid}}/explanation": lambda: f"{API}/events/{self._uid()}/explanation",
            f"{API}/events/{{uid}}/frame.jpg": lambda: f"{API}/events/{self._uid()}/frame.jpg",
            f"{API}/audit": lambda: self._list("audit", {}),
            f"{API}/standard-times": lambda: self._list("standard-times", {}),
            f"{API}/rois": lambda: f"{API}/rois?{urlencode({'module': self._module(), 'in_force': 'true'})}",
            f"{API}/modules/{{module}}/thresholds": lambda: f"{API}/modules/{self._module()}/thresholds",
            f"{API}/workstations/{{module}}/{{workstation}}/zones": lambda: (
                f"{API}/workstations/{self._module()}/{self._station()}/zones"
            ),
            f"{API}/targets": lambda: query("targets", shift=False),
            f"{API}/days": lambda: f"{API}/days?{urlencode({'date': date_of(self._day())})}",
            f"{API}/days/station": lambda: query("days/station", workstation=self._station()),
            f"{API}/trend": lambda: query("trend", shift=False, days=self._luck.choice((28, 28, 92))),
            f"{API}/comparison": lambda: query("comparison", shift=False),
        }
        for name in ("modules", "cameras", "workstations", "operators", "lost-time-codes", "exports", "bags", "health",
                     "metrics", "openapi.json"):  # fmt: skip
            found[f"{API}/{name}"] = lambda name=name: f"{API}/{name}"  # type: ignore[misc]
        for name in ("hour-board", "days/module", "balance", "shift-summary"):
            found[f"{API}/{name}"] = lambda name=name: query(name)  # type: ignore[misc]
        found[f"{API}/shifts"] = lambda: query("shifts", shift=False)
        for name in ("assignments", "production-orders", "lost-time", "observations"):
            found[f"{API}/{name}"] = lambda name=name: span(name)  # type: ignore[misc]
        return found

    def _pages(self) -> dict[str, Ask]:
        def day(path: str) -> str:
            return f"{path}?day={date_of(self._day())}"

        return {
            "/login": lambda: "/login",
            "/": lambda: "/",
            "/static": lambda: f"/static/{self._luck.choice(('css/base.css', 'js/board.js'))}",
            "/summary": lambda: self._luck.choice(("/summary", day("/summary"))),
            "/board/{module}": lambda: f"/board/{self._module()}",
            "/board/{module}/hours": lambda: f"/board/{self._module()}/hours",
            "/modules/{module}": lambda: day(f"/modules/{self._module()}"),
            "/stations/{module}": lambda: day(f"/stations/{self._module()}"),
            "/stations/{module}/{station}": lambda: day(f"/stations/{self._module()}/{self._station()}"),
            "/entry/{module}": lambda: f"/entry/{self._module()}",
            "/cycles/{uid}": lambda: f"/cycles/{self._uid()}",
            "/zones": lambda: f"/zones?camera=cam{self._luck.randint(1, 8)}",
            "/admin": lambda: "/admin",
        }

    def _module(self) -> str:
        return self._luck.choice(MODULES)

    def _station(self) -> str:
        return f"PUESTO_{self._luck.randint(1, STATIONS):02}"

    def _day(self) -> int:
        return self._luck.choice(self._days)

    def _uid(self) -> str:
        return self._luck.choice(self._uids + self._rejected)

    def _query(self, name: str, *, shift: bool = True, **more: object) -> str:
        values: dict[str, object] = {"module": self._module(), "date": date_of(self._day()), **more}
        if shift and self._luck.random() < 0.3:
            values["shift"] = "jornada_1"
        return f"{API}/{name}?{urlencode(values)}"

    def _span(self, name: str) -> str:
        begin_ns = BEGIN_NS + self._day() * DAY_NS
        values = {"module": self._module(), "from": to_text(begin_ns), "to": to_text(begin_ns + DAY_NS)}
        return f"{API}/{name}?{urlencode(values)}"

    def _cycles(self) -> dict[str, object]:
        """A filter: none, a module's hour, a station's day."""
        begin_ns = BEGIN_NS + self._day() * DAY_NS + 11 * HOUR_NS
        hour = {"from": to_text(begin_ns + 2 * HOUR_NS), "to": to_text(begin_ns + 3 * HOUR_NS)}
        day = {"from": to_text(begin_ns), "to": to_text(begin_ns + 9 * HOUR_NS)}
        found: list[dict[str, object]] = [
            {},
            {"module": self._module(), **hour},
            {"module": self._module(), "workstation": self._station(), **day},
        ]
        return self._luck.choice(found)

    def _events(self) -> str:
        values = self._cycles()
        if self._luck.random() < 0.3:
            values["status"] = self._luck.choice(("complete", "aborted", "manual_override"))
        return self._list("events", values)

    def _list(self, name: str, values: dict[str, object]) -> str:
        """The first part of a list, or one deep in it; of 50 items or as many as may be."""
        path = f"{API}/{name}"
        if not values and self._keys[path] and self._luck.random() < 0.5:
            values = {"after": self._keys[path]}
        values = values | {"limit": self._luck.choice((50, 200))}
        return f"{path}?{urlencode(values)}"


_UIDS = "SELECT event_uid FROM cycle_events WHERE start_ts >= ? AND start_ts < ? ORDER BY start_ts LIMIT 100"
_REJECTED_UIDS = (
    "SELECT event_uid FROM cycle_events_rejected WHERE start_ts < ? ORDER BY start_ts DESC LIMIT 50"
)


def _text(day: int) -> str:
    return to_text(BEGIN_NS + day * DAY_NS + 12 * HOUR_NS)


def _uids(connection: sqlite3.Connection, day: int) -> list[str]:
    end = to_text(BEGIN_NS + day * DAY_NS + 13 * HOUR_NS - NS_PER_S)
    return [uid for (uid,) in connection.execute(_UIDS, (_text(day), end))]


def _deep(url: str, path: str) -> str | None:
    """The key of a part deep in a list; None: it is short."""
    after: str | None = None
    for _ in range(_DEEP_PAGES):
        values = {"limit": 200} | ({"after": after} if after else {})
        with urllib.request.urlopen(f"{url}{path}?{urlencode(values)}", timeout=30) as answer:
            found = json.load(answer)["next_after"]
        if found is None:
            return after
        after = found
    return after
