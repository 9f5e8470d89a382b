"""Order on the wire: nothing is taken twice, nothing is lost, and time may begin anew."""

import threading

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.nodes.flow import Answers, InFlight, Turn


def test_a_sender_waits_while_too_many_are_under_way() -> None:
    flow, sent = InFlight(2, resend_s=60), []
    for stamp in (1, 2):
        flow.send(stamp, lambda stamp=stamp: sent.append(stamp))  # type: ignore[misc]
    third = threading.Thread(target=flow.send, args=(3, lambda: sent.append(3)))
    third.start()
    third.join(0.2)
    assert sent == [1, 2]
    flow.answered(1)
    third.join(5)
    assert sent == [1, 2, 3]


def test_what_is_not_answered_is_sent_again() -> None:
    flow, sent = InFlight(4, resend_s=0), []
    for stamp in (1, 2, 3):
        flow.send(stamp, lambda stamp=stamp: sent.append(stamp))  # type: ignore[misc]
    flow.answered(2)
    flow.resend_late()
    assert sent == [1, 2, 3, 3]


def test_a_restarted_driver_does_not_send_what_was_answered_before() -> None:
    flow, sent = InFlight(4, resend_s=60), []
    flow.answered(10)
    for stamp in (9, 10, 11):
        assert flow.send(stamp, lambda stamp=stamp: sent.append(stamp))  # type: ignore[misc]
    assert sent == [11]


def test_cancelling_lets_the_sender_go() -> None:
    flow, results = InFlight(1, resend_s=60), []
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
