"""Draws why cycles were decided as they were, in a thread of its own: a picture takes half a second of a core."""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros.core.errors import LbzfError

_WAITING = 20
"""Most cycles that wait for their picture; more are skipped."""
_KNOWN = 200
_STOPS_WITHIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture: PNG.

    Attributes:
        camera: label.
        decided_ns: capture time of the picture that decided the cycle.
        png: content of a file.
        took_s: since it was asked for.
    """

    camera: str
    decided_ns: int
    png: bytes
    took_s: float


class Explainer:
    """Draws one cycle after the other. The thread, and matplotlib, begin with the first one."""

    def __init__(self, engine: Engine, data: Path) -> None:
        """Draw cycles of a database, with pictures of a data folder."""
        self._engine, self._data = engine, data
        self._asked: queue.Queue[tuple[str, float] | None] = queue.Queue()
        self._done: deque[Drawn | str] = deque(maxlen=_WAITING)
        self._known: OrderedDict[str, None] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.skipped = 0

    def ask(self, event_uids: Iterable[str]) -> None:
        """Draw these cycles, each once, whose decisions are in the database."""
        for uid in event_uids:
            if uid in self._known:
                continue
            if self._asked.qsize() >= _WAITING:
                self.skipped += 1
                continue
            self._known[uid] = None
            if len(self._known) > _KNOWN:
                self._known.popitem(last=False)
            self._asked.put((uid, time.monotonic()))
        if self._thread is None and not self._asked.empty():
            self._thread = threading.Thread(target=self._work, name="explainer", daemon=True)
            self._thread.start()

    def take(self) -> list[Drawn | str]:
        """What was drawn since the last call; a text says what could not be drawn and why."""
        return [self._done.popleft() for _ in range(len(self._done))]

    def close(self) -> None:
        """Draw no more."""
        self._closed = True
        self._asked.put(None)
        if self._thread is not None:
            self._thread.join(_STOPS_WITHIN_S)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            uid, at_s = asked
            if self._closed:
                return
            try:
                self._draw(uid, at_s)
            except Exception as error:  # whatever it is: the page must not go down with a picture
                self._done.append(f"cycle {uid}: {error}")

    def _draw(self, uid: str, at_s: float) -> None:
        # Imported here: matplotlib takes 60 MB, which only those need who look at the pictures.
        from lbzf_ros.reports.explain.explained import explained
        from lbzf_ros.reports.explain.timeline import draw

        found = explained(self._engine, self._data, uid)
        if found.why is None:
            raise LbzfError("why it was decided so was not kept")
        png = draw(found)
        self._done.append(Drawn(found.row.camera or "", found.why.decided_ns, png, time.monotonic() - at_s))
