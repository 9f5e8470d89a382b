from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import RoiSet
from lbzf_ros.store.people import orders
from lbzf_ros.store.people.errors import Conflict, NotThere
from lbzf_ros.store.people.orders import ProductionOrder
from lbzf_ros.store.writer import EventWriter
from test.store.examples import cycle
from test.store.people.entries import BROKEN_TEXTS, ENGINEER, NOON_NS, at, count, last_change, rows

_ORDERS_OF_CYCLES = "SELECT ref_op_order FROM cycle_events ORDER BY start_ts"


def start(engine: Engine, code: str, minute: float, end: float | None = None, **changes: Any) -> int:
    order = ProductionOrder(
        code=code, start_ns=at(minute), end_ns=None if end is None else at(end), **changes
    )
    return orders.start_order(engine, ENGINEER, now_ns=NOON_NS, module="ANGELA", order=order)


def listed(engine: Engine, from_minute: float = -1000, to_minute: float = 1000) -> list[tuple[Any, ...]]:
    page = orders.orders(engine, module="ANGELA", from_ns=at(from_minute), to_ns=at(to_minute))
    return [(row.code, row.start_ns, row.end_ns) for row in page.items]


def test_the_next_order_ends_the_one_before(plant: Engine) -> None:
    first = start(plant, "OP-1", 0, reference="Ref22 Slim", units=1200)
    start(plant, "OP-2", 60)
    assert listed(plant) == [("OP-1", at(0), at(60)), ("OP-2", at(60), None)]
    assert listed(plant, 60, 70) == [("OP-2", at(60), None)]
    assert start(plant, "OP-0", -60) > first  # entered late: it ends where the first begins
    assert listed(plant)[0] == ("OP-0", at(-60), at(0))


def test_orders_of_a_module_do_not_overlap(plant: Engine) -> None:
    start(plant, "OP-1", 0, 60)
    with pytest.raises(Conflict, match="OP-1"):
        start(plant, "OP-2", 30)
    with pytest.raises(Conflict, match="OP-1"):
        start(plant, "OP-2", -30, 10)
    second = start(plant, "OP-2", 60)
    with pytest.raises(Conflict, match="OP-1"):
        orders.correct_order(
            plant,
            ENGINEER,
            now_ns=NOON_NS,
            order_id=second,
            order=ProductionOrder(code="OP-2", start_ns=at(50)),
        )
    orders.end_order(plant, ENGINEER, now_ns=NOON_NS, order_id=second, end_ns=at(90))
    assert last_change(plant)[0] == "order.end"
    with pytest.raises(Conflict, match="already"):
        orders.end_order(plant, ENGINEER, now_ns=NOON_NS, order_id=second, end_ns=at(91))
    orders.remove_order(plant, ENGINEER, now_ns=NOON_NS, order_id=second)
    assert listed(plant) == [("OP-1", at(0), at(60))]


def test_cycles_follow_their_order_whoever_comes_first(plant: Engine, roi_sets: dict[str, RoiSet]) -> None:
    def orders_of_cycles() -> list[str | None]:
        return [row["ref_op_order"] for row in rows(plant, _ORDERS_OF_CYCLES)]

    writer = EventWriter(plant)
    writer.write([cycle(roi_sets, start_ns=at(minute)) for minute in (0, 10, 20)])
    first = start(plant, "OP-1", 5)
    assert orders_of_cycles() == [None, "OP-1", "OP-1"]
    writer.write([cycle(roi_sets, start_ns=at(30))])
    second = start(plant, "OP-2", 15)
    assert orders_of_cycles() == [None, "OP-1", "OP-2", "OP-2"]
    changed = ProductionOrder(code="OP-2b", start_ns=at(25), end_ns=at(29))
    orders.correct_order(plant, ENGINEER, now_ns=NOON_NS, order_id=second, order=changed)
    assert orders_of_cycles() == [None, "OP-1", None, None]
    orders.remove_order(plant, ENGINEER, now_ns=NOON_NS, order_id=first)
    assert orders_of_cycles() == [None] * 4


def test_pages(plant: Engine) -> None:
    for n in range(5):
        start(plant, f"OP-{n}", n * 10)
    codes, after = [], None
    while True:
        page = orders.orders(plant, module="ANGELA", from_ns=at(0), to_ns=at(100), limit=2, after=after)
        codes += [row.code for row in page.items]
        after = page.next_key
        if after is None:
            break
    assert codes == [f"OP-{n}" for n in range(5)]


@pytest.mark.parametrize("broken", [*BROKEN_TEXTS, "", "a\nb"], ids=range(len(BROKEN_TEXTS) + 2))
def test_a_broken_text_is_refused(plant: Engine, broken: Any) -> None:
    with pytest.raises(InvalidValue):
        start(plant, broken, 0)
    with pytest.raises(InvalidValue):
        start(plant, "OP-1", 0, reference=broken)
    for units in (0, -1, 1.5, True, 10**30, "7"):
        with pytest.raises(InvalidValue, match="units"):
            start(plant, "OP-1", 0, units=units)
    with pytest.raises(NotThere):
        orders.remove_order(plant, ENGINEER, now_ns=NOON_NS, order_id=1)
    assert count(plant, "production_orders") == count(plant, "audit_log") == 0
