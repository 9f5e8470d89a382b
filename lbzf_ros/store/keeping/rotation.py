"""Which backups are kept: the last one of each of the last days, months and years that have one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

_PERIODS: tuple[Callable[[dt.date], tuple[int, ...]], ...] = (
    lambda day: (day.year, day.month, day.day),
    lambda day: (day.year, day.month),
    lambda day: (day.year,),
)


def kept(
    backups: Mapping[str, dt.datetime], *, daily: int, monthly: int, yearly: int, zone: dt.tzinfo
) -> dict[str, str]:
    """Names that stay, and why.

    Periods are counted by those that have a backup, so a plant that stood still for weeks loses none of its last
    ones. Of a period the newest counts.

    Args:
        backups: time of each, with a zone, by name.
        daily: days.
        monthly: months.
        yearly: years.
        zone: of the plant; its day counts.
    """
    newest_first = sorted(backups, key=lambda name: (backups[name], name), reverse=True)
    reasons: dict[str, str] = {}
    for label, count, period in zip(
        ("daily", "monthly", "yearly"), (daily, monthly, yearly), _PERIODS, strict=True
    ):
        seen: set[tuple[int, ...]] = set()
        for name in newest_first:
            key = period(backups[name].astimezone(zone).date())
            if key not in seen and len(seen) < count:
                seen.add(key)
                reasons.setdefault(name, label)
    return {name: reasons[name] for name in newest_first if name in reasons}
