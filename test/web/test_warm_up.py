"""What the bridge does before somebody asks."""

from __future__ import annotations

import time

import pytest
from starlette.testclient import TestClient

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.day import ended, kept
from test.web.clocks import Clocks
from test.web.factory import MORNING_NS, Line
from web_bridge import warm_up
from web_bridge.warm_up import WarmUp, work_out_today, work_out_weeks

DAY = "2026-07-15"


def _fill(line: Line) -> None:
    line.write(*(line.cycle(2, MORNING_NS + place * 60 * NS_PER_S, 20.0) for place in range(5)))


def test_weeks_are_worked_out_before_somebody_asks(
    line: Line, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(line)
    address = "/api/v1/trend?module=ANGELA&date=2026-07-20&days=28"
    before = client.get(address)
    work_out_weeks(line.context)

    def never(*_given: object, **_named: object) -> None:
        raise AssertionError("it was not worked out before")

    monkeypatch.setattr(ended, "trend_part", never)
    after = client.get(address)
    assert (after.status_code, after.json()) == (200, before.json())
    assert any(day["real"] for day in after.json()["days"])


def test_a_day_that_somebody_looks_at_is_worked_out_again_when_it_changes(line: Line, clocks: Clocks) -> None:
    _fill(line)
    days = line.context.days
    clocks.elapsed_s = 3600 - 100 * 86_400.0  # an hour into that morning
    now_ns = clocks.clock_ns()
    work_out_today(line.context)
    first = days.hour_board("ANGELA", DAY, now_ns=now_ns)
    work_out_today(line.context)
    assert days.hour_board("ANGELA", DAY, now_ns=now_ns) is first
    line.write(line.cycle(2, MORNING_NS + 1800 * NS_PER_S, 20.0))
    clocks.advance(1)
    work_out_today(line.context)
    (day,) = days.work_ahead(now_ns=clocks.clock_ns(), for_ns=0)
    second = days.hour_board("ANGELA", DAY, now_ns=clocks.clock_ns())
    assert second is day.board
    assert (first.totals.real or 0) + 1 == second.totals.real
    clocks.advance(3600)
    assert list(days.work_ahead(now_ns=clocks.clock_ns(), for_ns=0)) == []  # nobody looks any more


def test_a_comparison_that_somebody_looks_at_is_ready_for_the_time_that_it_is_now(
    line: Line, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(line)
    days = line.context.days
    clocks.elapsed_s = 3600 - 99 * 86_400.0  # an hour into the morning after
    days.comparison("ANGELA", "2026-07-16", now_ns=clocks.clock_ns())
    clocks.advance(30)
    work_out_today(line.context)
    with monkeypatch.context() as patch:

        def never(*_given: object, **_named: object) -> None:
            raise AssertionError("it was not worked out before")

        patch.setattr(kept, "choose", never)
        clocks.advance(1)
        found = days.comparison("ANGELA", "2026-07-16", now_ns=clocks.clock_ns())
    assert found.yesterday is not None
    assert found.yesterday.real == 5
    clocks.advance(3600)
    assert list(days.compare_ahead(now_ns=clocks.clock_ns(), for_ns=0)) == []  # nobody looks any more


def test_it_begins_when_there_is_a_database(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(line)
    monkeypatch.setattr(warm_up, "_PERIOD_S", 0.05)
    database = line.data / "lbzf.db"
    hidden = database.rename(database.with_name("not yet"))
    began = []
    monkeypatch.setattr(warm_up, "_keep_what_is_there", lambda: began.append(True))
    working = WarmUp(line.context)
    working.start()
    time.sleep(0.3)
    assert began == []
    hidden.rename(database)
    until_s = time.monotonic() + 30
    while not began:
        assert time.monotonic() < until_s
        time.sleep(0.02)
    working.stop()
