"""Order on the wire: nothing is taken twice, nothing is lost, and time may begin anew."""

import threading

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.nodes.flow import Answers, InFlight, Turn


def test_a_sender_waits_while_too_many_are_under_way() -> None:
    flow, sent = answering(InFlight(2, resend_s=60))
    for stamp in (1, 2):
        flow.send(stamp, lambda stamp=stamp: sent.append(stamp))  # type: ignore[misc]
    third = threading.Thread(target=flow.send, args=(3, lambda: sent.append(3)))
    third.start()
    third.join(0.2)
    assert sent == [1, 2]
    flow.answered(1)
    third.join(5)
    assert sent == [1, 2, 3]


def answering(flow: InFlight) -> tuple[InFlight, list[int]]:
    """A sender whose first picture has been answered, and a list for what it sends."""
    flow.send(0, lambda: None)
    flow.answered(0)
    return flow, []


def test_the_first_picture_goes_alone_until_it_is_answered() -> None:
    """A step without zones passes over pictures; an answer to a later one would be taken for theirs."""
    flow, sent = InFlight(4, resend_s=0), list[int]()
    flow.answered(0)  # what a tracker says before it has seen a picture
    flow.send(1, lambda: sent.append(1))
    second = threading.Thread(target=flow.send, args=(2, lambda: sent.append(2)))
    second.start()
    for _ in range(2):  # its zones have not come
        flow.resend_late()
    second.join(0.2)
    assert sent == [1, 1, 1]
    flow.answered(1)
    second.join(5)
    assert sent[3:] == [2]


def test_what_is_not_answered_is_sent_again_the_oldest_first_and_alone() -> None:
    flow, sent = answering(InFlight(4, resend_s=0))
    for stamp in (1, 2, 3, 4):
        flow.send(stamp, lambda stamp=stamp: sent.append(stamp))  # type: ignore[misc]
    flow.answered(1)
    flow.resend_late()
    assert sent[4:] == [2]
    flow.answered(1)  # an old answer, come again
    assert sent[4:] == [2]
    flow.answered(2)
    assert sent[4:] == [2, 3, 4]
    flow.answered(4)
    flow.resend_late()
    assert sent[4:] == [2, 3, 4]


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
