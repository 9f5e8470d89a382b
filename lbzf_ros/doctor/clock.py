"""The clock: cycles are dated by it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from lbzf_ros.clock import kernel_clock
from lbzf_ros.core.errors import LbzfError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject

_NAME = "clock"
_NOT_BEFORE_NS = int(dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc).timestamp()) * NS_PER_S
"""LBZF is younger than this."""
_AHEAD_NS = 60 * NS_PER_S
_NTP = "let the machine ask a time server: `sudo timedatectl set-ntp true`, or install chrony and name the plant's own"


def check_clock(subject: Subject) -> Iterator[Finding]:
    """Is it plausible, is it kept right, and was it ahead before?"""
    now = dt.datetime.fromtimestamp(subject.now_ns / NS_PER_S, dt.timezone.utc)
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if subject.now_ns < _NOT_BEFORE_NS:
        advice = f"{_NTP}; until then cycles are dated wrong. Its battery (RTC) may be empty or missing"
        yield wrong(_NAME, f"{text} cannot be", advice)
    elif newest := _newest_ahead(subject):
        yield wrong(
            _NAME,
            f"{text}, but a cycle in the database ended at {newest}: the clock is wrong now, or was",
            f"{_NTP}; then look at the cycles of that time (data_quality_flag, docs/cycles.md)",
        )
    yield _synchronised(text)


def _synchronised(text: str) -> Finding:
    state = kernel_clock()
    if state is None:
        return unknown(_NAME, f"{text}; the kernel does not say whether it is synchronised", _NTP)
    is_kept, error_s = state
    if is_kept:
        return fine(_NAME, f"{text}, synchronised to within {error_s:.3f} s")
    return warning(_NAME, f"{text}, not synchronised with a time server", _NTP)


def _newest_ahead(subject: Subject) -> str:
    """End of the newest cycle, when that is in the future; empty: it is not, or nobody knows."""
    from lbzf_ros.store.engine import DATABASE_NAME
    from lbzf_ros.store.keeping.snapshot import newest_event_ns
    from lbzf_ros.store.migrate import connect
    from lbzf_ros.store.timestamps import to_text

    database = subject.data / DATABASE_NAME
    if not database.exists():
        return ""
    try:
        with closing(connect(database)) as connection:
            newest_ns = newest_event_ns(connection)
    except (sqlite3.Error, LbzfError):  # the check of the database says what is wrong with it
        return ""
    return to_text(newest_ns) if newest_ns is not None and newest_ns > subject.now_ns + _AHEAD_NS else ""
