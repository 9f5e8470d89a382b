"""A line at work for as long as somebody looks: the figures move as they do in a plant."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from test.web.factory import NODES, Line
from web_bridge.live import CameraState

_PERIOD_S = 0.2


@contextmanager
def at_work(
    line: Line,
    running_s: Mapping[int, float | None],
    *,
    dark: frozenset[str] = frozenset(),
    alarms: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Report every picture of a line on the real clocks, in a thread, for the length of a block.

    Args:
        line: on the real clocks.
        running_s: stations (counted from 1) with the age of their running cycle at the beginning; None: idle.
        dark: cameras without signal.
        alarms: what persistence says is wrong, by its part.
    """
    stop = threading.Event()
    began_s = time.monotonic()

    def report() -> None:
        while True:
            ages_s = {
                number: None if age_s is None else age_s + time.monotonic() - began_s
                for number, age_s in running_s.items()
            }
            stamp_ns = time.time_ns()
            line.report_nodes(*(node for node in NODES if node != "persistence"))
            line.live.report_node("persistence", dict(alarms or {}), now_s=line.context.now_s())
            for label in ("cam1", "cam2"):
                if label in dark:
                    line.report_camera(label, CameraState.OFFLINE)
                else:
                    line.report_camera(label, frame_ns=stamp_ns)
            stations = line.plant.modules[0].workstations
            line.report_stations(
                stamp_ns,
                {
                    number: age_s
                    for number, age_s in ages_s.items()
                    if stations[number - 1].camera not in dark
                },
            )
            if stop.wait(_PERIOD_S):
                return

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
