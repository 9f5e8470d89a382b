"""Which backups are kept: pure rule over names and times."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.store.keeping.rotation import kept

BOGOTA = zoneinfo.ZoneInfo("America/Bogota")
START = dt.datetime(2026, 7, 15, 8, tzinfo=dt.timezone.utc)

times = st.lists(
    st.integers(0, 6 * 365 * 24).map(lambda hours: START - dt.timedelta(hours=hours)),
    max_size=60,
    unique=True,
)
counts = st.tuples(st.integers(1, 20), st.integers(0, 15), st.integers(0, 4))


def named(moments: list[dt.datetime]) -> dict[str, dt.datetime]:
    return {moment.isoformat(): moment for moment in moments}


def keep(
    backups: dict[str, dt.datetime], daily: int = 14, monthly: int = 12, yearly: int = 3
) -> dict[str, str]:
    return kept(backups, daily=daily, monthly=monthly, yearly=yearly, zone=BOGOTA)


def test_four_years_of_nights() -> None:
    nights = named([START - dt.timedelta(days=day) for day in range(4 * 365)])
    stay = keep(nights)
    days = [nights[name].date().isoformat() for name in stay]
    assert days[:14] == [(START - dt.timedelta(days=day)).date().isoformat() for day in range(14)]
    months = ["2026-06-30", "2026-05-31", "2026-04-30", "2026-03-31", "2026-02-28", "2026-01-31"]
    months += [
        "2025-12-31",
        "2025-11-30",
        "2025-10-31",
        "2025-09-30",
        "2025-08-31",
    ]  # July has the newest of all
    assert days[14:] == [*months, "2024-12-31"]


def test_the_plants_day_counts() -> None:
    evening = dt.datetime(2026, 7, 16, 2, tzinfo=dt.timezone.utc)  # 21:00 of the day before in Bogotá
    backups = named([evening, evening - dt.timedelta(hours=10), evening + dt.timedelta(hours=10)])
    assert list(keep(backups, daily=9, monthly=0, yearly=0)) == [
        (evening + dt.timedelta(hours=10)).isoformat(),
        evening.isoformat(),
    ]


def test_a_gap_of_weeks_deletes_nothing() -> None:
    before = named([START - dt.timedelta(days=day) for day in range(14)])
    after = named([START + dt.timedelta(days=60)])
    assert len(keep(before | after)) == 14


@given(times, counts)
def test_the_rule(moments: list[dt.datetime], limits: tuple[int, int, int]) -> None:
    backups = named(moments)
    daily, monthly, yearly = limits
    stay = keep(backups, daily, monthly, yearly)
    if backups:
        assert max(backups, key=backups.__getitem__) in stay
    expected: set[str] = set()
    for count, form in ((daily, "%Y-%m-%d"), (monthly, "%Y-%m"), (yearly, "%Y")):
        newest: dict[str, str] = {}
        for name in sorted(backups, key=backups.__getitem__):
            newest[backups[name].astimezone(BOGOTA).strftime(form)] = name
        expected |= {newest[period] for period in sorted(newest, reverse=True)[:count]}
    assert set(stay) == expected


@given(times, counts)
def test_what_stayed_stays_when_it_is_asked_again(
    moments: list[dt.datetime], limits: tuple[int, int, int]
) -> None:
    backups = named(moments)
    stay = keep(backups, *limits)
    assert keep({name: backups[name] for name in stay}, *limits).keys() == stay.keys()


@given(times, counts)
def test_a_backup_a_night_leaves_what_all_at_once_would(
    moments: list[dt.datetime], limits: tuple[int, int, int]
) -> None:
    """Rotating after each backup keeps the same as rotating once at the end."""
    left: dict[str, dt.datetime] = {}
    for name, moment in sorted(named(moments).items(), key=lambda item: item[1]):
        left[name] = moment
        left = {kept_name: left[kept_name] for kept_name in keep(left, *limits)}
    assert left.keys() == keep(named(moments), *limits).keys()
