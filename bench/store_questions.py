"""The named queries that are measured, with parameters drawn at random from the days that the database holds."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from bench.store_data import BEGIN_NS, DAY_NS, HOUR_NS, MODULES, STATIONS
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.reader import CycleFilter, StoreReader

Ask = Callable[[StoreReader], object]
ZONE = timezone(timedelta(hours=-5))
MIDNIGHT_NS = 5 * HOUR_NS
"""Of the plant, after that of UTC."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its goal (p95 at 10 million cycles; None: none is set) and how often it is asked."""

    name: str
    goal_ms: float | None
    samples: int
    any: Callable[[random.Random, Sequence[int]], Ask]


def _last(rng: random.Random, _days: Sequence[int]) -> Ask:
    which = CycleFilter(module=rng.choice(MODULES), workstation=f"PUESTO_{rng.randint(1, STATIONS):02}")
    return lambda reader: reader.cycles(which, limit=50)


def _day(rng: random.Random, days: Sequence[int]) -> Ask:
    module, from_ns = rng.choice(MODULES), BEGIN_NS + rng.choice(days) * DAY_NS + MIDNIGHT_NS
    return lambda reader: reader.module_hours(module, from_ns=from_ns, to_ns=from_ns + DAY_NS)


def _half_hour_day(rng: random.Random, days: Sequence[int]) -> Ask:
    module, from_ns = rng.choice(MODULES), BEGIN_NS + rng.choice(days) * DAY_NS + MIDNIGHT_NS + HOUR_NS // 2
    return lambda reader: reader.module_hours(module, from_ns=from_ns, to_ns=from_ns + DAY_NS)


def month_of(day: int) -> tuple[int, int]:
    """Begin and end in ns of the plant's month that a day is in."""
    middle = datetime.fromtimestamp((BEGIN_NS + day * DAY_NS) // NS_PER_S + 43_200, ZONE)
    first = middle.replace(day=1, hour=0, minute=0, second=0)
    after = (first + timedelta(days=32)).replace(day=1)
    return int(first.timestamp()) * NS_PER_S, int(after.timestamp()) * NS_PER_S


def _month(rng: random.Random, days: Sequence[int]) -> Ask:
    from_ns, to_ns = month_of(rng.choice(days))
    return lambda reader: reader.quality_bands(from_ns=from_ns, to_ns=to_ns)


def _month_of_module(rng: random.Random, days: Sequence[int]) -> Ask:
    module, (from_ns, to_ns) = rng.choice(MODULES), month_of(rng.choice(days))
    return lambda reader: reader.quality_bands(from_ns=from_ns, to_ns=to_ns, module=module)


def _rejections(rng: random.Random, days: Sequence[int]) -> Ask:
    module, from_ns = rng.choice(MODULES), BEGIN_NS + rng.choice(days) * DAY_NS + MIDNIGHT_NS
    return lambda reader: reader.rejections(from_ns=from_ns, to_ns=from_ns + DAY_NS, module=module)


QUESTIONS = (
    Question("last 50 events of a workstation", 2, 1000, _last),
    Question("one day of a module by workstation and hour with SAM and efficiency", 20, 500, _day),
    Question("quality bands of a month, whole plant", 50, 200, _month),
    Question("quality bands of a month, one module", 50, 200, _month_of_module),
    Question(
        "one day of a module, hours half an hour off those of UTC",
        None,
        100,
        _half_hour_day,
    ),
    Question("rejections of a module and day by workstation and reason", None, 200, _rejections),
)
