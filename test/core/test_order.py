"""Which pictures a step takes, by their stamps alone."""

import pytest

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.core.order import BACK_S, KEPT, Order, Turn


def after(*stamps_s: float) -> Order:
    order = Order()
    for stamp_s in stamps_s:
        assert order.judge(round(stamp_s * NS_PER_S)) in (Turn.NEW, Turn.RESTART)
        order.took(round(stamp_s * NS_PER_S))
    return order


@pytest.mark.parametrize(
    ("stamp_s", "turn"),
    [
        pytest.param(100.2, Turn.NEW, id="next"),
        pytest.param(3700.0, Turn.NEW, id="an-hour-fast"),
        pytest.param(100.0, Turn.AGAIN, id="repeated"),
        pytest.param(99.9, Turn.OLD, id="out-of-order"),
        pytest.param(100.0 - BACK_S, Turn.RESTART, id="clock-set-back"),
    ],
)
def test_a_picture_is_judged_by_its_stamp(stamp_s: float, turn: Turn) -> None:
    assert after(99.8, 100.0).judge(round(stamp_s * NS_PER_S)) is turn


def test_time_has_begun_anew_when_nothing_else_comes_for_a_while() -> None:
    order = after(100.0)
    turns = [order.judge(round((95 + i / 5) * NS_PER_S)) for i in range(KEPT)]
    assert turns == [Turn.OLD] * (KEPT - 1) + [Turn.RESTART]


def test_a_new_picture_forgives_the_late_ones_before_it() -> None:
    order = after(100.0)
    for second in range(101, 140):
        assert order.judge((second - 2) * NS_PER_S + 1) is Turn.OLD
        assert order.judge(second * NS_PER_S) is Turn.NEW
        order.took(second * NS_PER_S)


def test_after_a_restart_nothing_is_known_again() -> None:
    order = after(100.0, 50.0)
    assert order.judge(50 * NS_PER_S) is Turn.AGAIN
    assert order.judge(100 * NS_PER_S) is Turn.NEW
