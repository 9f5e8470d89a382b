"""Order on the wire: nothing is taken twice, nothing is lost, and time may begin anew."""

import random
import threading
from collections.abc import Callable

import pytest

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.nodes.flow import Answers, InFlight, Turn


def test_the_next_picture_waits_for_the_answer_to_the_one_before() -> None:
    flow, sent = InFlight(60, goes_on=True), list[int]()
    flow.answered(0)  # what a tracker says before it has seen a picture
    flow.send(1, lambda: sent.append(1))
    second = threading.Thread(target=flow.send, args=(2, lambda: sent.append(2)))
    second.start()
    second.join(0.2)
    assert sent == [1]
    flow.answered(1)
    second.join(5)
    assert sent == [1, 2]
    flow.answered(1)  # an old answer, come again
    assert flow.is_waiting
    flow.answered(2)
    flow.resend_late()
    assert (sent, flow.is_waiting) == ([1, 2], False)


class Step:
    """A step of the graph as the nodes are: takes each picture once, in order, and passes it on."""

    def __init__(self, loses: Callable[[int], bool], next_step: Callable[[int], object]) -> None:
        self.taken: list[int] = []
        self._loses, self._next, self._answers = loses, next_step, Answers[int]()

    def hear(self, stamp: int) -> None:
        if self._loses(stamp):
            return
        turn = self._answers.judge(stamp)
        if turn is Turn.NEW:
            self.taken.append(self._answers.add(stamp, stamp))
        if turn in (Turn.NEW, Turn.AGAIN):
            self._next(stamp)


@pytest.mark.parametrize("goes_on", [True, False], ids=["live", "replay"])
def test_nothing_is_skipped_when_any_step_loses_any_picture(goes_on: bool) -> None:
    """Each of three steps and the answer lose the first of every two pictures, and others at random."""
    chance, lost = random.Random(1), set[tuple[int, int]]()

    def loses(step: int) -> Callable[[int], bool]:
        def is_lost(stamp: int) -> bool:
            first = stamp % 2 == 1 and (step, stamp) not in lost
            lost.add((step, stamp))
            return first or chance.random() < 0.2

        return is_lost

    flow = InFlight(0, goes_on=goes_on)
    steps: list[Step] = []
    answer_is_lost = loses(0)

    def answer(stamp: int) -> None:
        if not answer_is_lost(stamp):
            flow.answered(stamp)

    for number in (3, 2, 1):
        steps.insert(0, Step(loses(number), steps[0].hear if steps else answer))

    def send_all() -> None:
        for stamp in range(1, 41):
            flow.send(stamp, lambda stamp=stamp: steps[0].hear(stamp))  # type: ignore[misc]
        flow.wait_until_answered()

    sender = threading.Thread(target=send_all)
    sender.start()
    while sender.is_alive():
        flow.resend_late()
        sender.join(0.001)
    assert [step.taken for step in steps] == [list(range(1, 41))] * 3
    assert len(lost) == 4 * 40


def test_a_restarted_driver_does_not_send_what_was_answered_before() -> None:
    flow, sent = InFlight(60, goes_on=True), []
    flow.send(8, lambda: sent.append(8))  # the tracker's word comes late
    flow.answered(10)
    for stamp in (9, 10, 11):
        assert flow.send(stamp, lambda stamp=stamp: sent.append(stamp))  # type: ignore[misc]
    assert sent == [8, 11]


def test_in_a_replay_an_answer_of_the_time_before_says_nothing_after_the_clock_was_set_back() -> None:
    flow, sent = InFlight(60, goes_on=False), []
    for stamp in (5000, 100, 200):
        flow.send(stamp, lambda stamp=stamp: sent.append(stamp))  # type: ignore[misc]
        if stamp != 5000:
            flow.answered(5000)  # twice, because it was sent again
            assert flow.is_waiting
        flow.answered(stamp)
    assert sent == [5000, 100, 200]


def test_cancelling_lets_the_sender_go() -> None:
    flow, results = InFlight(60, goes_on=True), []
    flow.send(1, lambda: None)
    waiting = threading.Thread(target=lambda: results.append(flow.send(2, lambda: None)))
    waiting.start()
    flow.cancel()
    waiting.join(5)
    assert results == [False]


def test_a_repeated_picture_gets_its_old_answer() -> None:
    answers: Answers[str] = Answers()
    for second in (1, 2, 3):
        assert answers.judge(second * NS_PER_S) is Turn.NEW
        answers.add(second * NS_PER_S, f"answer {second}")
    assert answers.judge(2 * NS_PER_S) is Turn.AGAIN
    assert answers.known(2 * NS_PER_S) == "answer 2"


def test_a_picture_out_of_order_is_refused_but_a_clock_set_back_begins_anew() -> None:
    answers: Answers[str] = Answers()
    answers.add(10_000 * NS_PER_S, "late")
    assert answers.judge(9_995 * NS_PER_S) is Turn.OLD
    assert answers.judge(6_400 * NS_PER_S) is Turn.RESTART
    assert answers.judge(6_400 * NS_PER_S) is Turn.NEW


def test_a_file_played_again_from_its_start_is_taken_after_a_while() -> None:
    answers: Answers[str] = Answers()
    answers.add(5 * NS_PER_S, "late")
    turns = [answers.judge(i) for i in range(Answers.KEPT)]
    assert turns == [Turn.OLD] * (Answers.KEPT - 1) + [Turn.RESTART]
