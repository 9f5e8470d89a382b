"""What takes long the first time is done before somebody asks, so that the first page of the morning comes at once."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.core.indicators.hours import day_of
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.day.reader import MAX_TREND_DAYS
from web_bridge.context import Context
from web_bridge.figures_text import text_of
from web_bridge.pages.rendering import compile_templates

_WEEKS_AGAIN_S = 600.0
"""A day that has ended, and corrections of earlier ones, are worked in so soon."""
_PERIOD_S = 1.0
_BREATH_S = 0.05
"""Between one day and the next: whoever asks meanwhile waits for one of them at most, not for all."""


class WarmUp:
    """Works ahead in a thread of its own until it is stopped."""

    def __init__(self, context: Context) -> None:
        """For an application whose database may still be empty."""
        self._context = context
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warm-up", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; what is being read is not waited for."""
        self._stopped.set()

    def _run(self) -> None:
        compile_templates()
        weeks_s: float | None = None
        while not self._stopped.is_set():
            try:
                if weeks_s is None or time.monotonic() - weeks_s > _WEEKS_AGAIN_S:
                    work_out_weeks(self._context)
                    if weeks_s is None:
                        _keep_what_is_there()
                    weeks_s = time.monotonic()
                work_out_today(self._context, lambda: self._stopped.wait(_BREATH_S))
            except LbzfError as error:  # whoever asks is told
                logging.getLogger(__name__).info("%s", error)
            self._stopped.wait(_PERIOD_S)


def work_out_weeks(context: Context) -> None:
    """The longest trend of each module: every shorter one is a part of it.

    Raises:
        LbzfError: the database cannot be read, or knows not all modules yet.
    """
    now_ns = context.clock_ns()
    today = day_of(now_ns, context.time_zone)
    for module in context.plant.modules:
        context.days.trend(module.code, today, now_ns=now_ns, days=MAX_TREND_DAYS)


def work_out_today(context: Context, breathe: Callable[[], object] = lambda: None) -> None:
    """The days that run and that somebody looks at: they change with every cycle. After each, `breathe` is called.

    Raises:
        LbzfError: the database cannot be read.
    """
    for_ns = round(2 * _PERIOD_S * NS_PER_S)
    for day in context.days.work_ahead(now_ns=context.clock_ns(), for_ns=for_ns):
        text_of(day)
        breathe()
    for _ in context.days.compare_ahead(now_ns=context.clock_ns(), for_ns=for_ns):
        breathe()


def _keep_what_is_there() -> None:
    """The collector, which stops every thread, need not look through what stays again and again."""
    gc.collect()
    gc.freeze()
