"""Whose picture is next, and which are left out."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.nodes.speed import Speed
from lbzf_ros.nodes.waiting import WaitingPictures


def live(*cameras: str) -> WaitingPictures[str]:
    return WaitingPictures(dict.fromkeys(cameras, False))


def test_the_newest_picture_of_a_live_camera_waits_and_the_one_it_replaces_is_skipped() -> None:
    waiting = live("cam1")
    assert [waiting.put("cam1", i, f"picture {i}") for i in range(3)] == [False, True, True]
    assert waiting.take(8) == [("cam1", "picture 2")]
    assert not waiting.put("cam1", 3, "picture 3")


def test_all_pictures_of_a_recording_wait_in_their_order() -> None:
    waiting: WaitingPictures[int] = WaitingPictures({"cam1": True})
    assert not any(waiting.put("cam1", i, i) for i in range(5))
    assert [waiting.take(8) for _ in range(5)] == [[("cam1", i)] for i in range(5)]


def test_a_recordings_picture_that_is_sent_again_waits_once() -> None:
    waiting: WaitingPictures[str] = WaitingPictures({"cam1": True})
    for text in ("first", "again"):
        waiting.put("cam1", 7, text)
    waiting.put("cam1", 8, "next")
    assert [waiting.take(1)[0][1] for _ in range(2)] == ["first", "next"]


def test_a_recording_does_not_fill_the_memory() -> None:
    waiting: WaitingPictures[int] = WaitingPictures({"cam1": True})
    for i in range(100):
        waiting.put("cam1", i, i)
    # The first ones stay: the driver sends the others again.
    assert [waiting.take(1)[0][1] for _ in range(waiting.MOST)] == list(range(waiting.MOST))


def test_pictures_of_several_cameras_are_taken_together() -> None:
    waiting = live("cam1", "cam2", "cam3", "cam4")
    for camera in ("cam4", "cam1", "cam3"):
        waiting.put(camera, 0, camera)
    assert [camera for camera, _ in waiting.take(2)] == ["cam1", "cam3"]
    waiting.put("cam1", 1, "cam1")
    assert [camera for camera, _ in waiting.take(8)] == ["cam4", "cam1"]


@given(
    lossless=st.lists(st.booleans(), min_size=2, max_size=6),
    bursts=st.lists(st.integers(1, 5), min_size=1, max_size=40),
    most=st.integers(1, 4),
)
def test_no_camera_gets_more_turns_than_another_whoever_sends_most(
    lossless: list[bool], bursts: list[int], most: int
) -> None:
    waiting: WaitingPictures[int] = WaitingPictures({f"cam{i}": own for i, own in enumerate(lossless)})
    turns = dict.fromkeys((f"cam{i}" for i in range(len(lossless))), 0)
    stamp_ns = 0
    for burst in bursts:
        for number, camera in enumerate(turns):
            for _ in range(burst if number == 0 else 1):  # the first camera sends more often
                stamp_ns += 1
                waiting.put(camera, stamp_ns, stamp_ns)
        for camera, _ in waiting.take(most):
            turns[camera] += 1
        assert max(turns.values()) - min(turns.values()) <= 1


def test_a_worker_waits_for_a_picture_and_is_let_go_at_the_end() -> None:
    waiting, taken = live("cam1"), []

    def work() -> None:
        while pictures := waiting.take(1):
            taken.append(pictures)

    worker = threading.Thread(target=work)
    worker.start()
    waiting.put("cam1", 1, "picture")
    waiting.close()
    worker.join(5)
    assert not worker.is_alive()
    assert taken in ([[("cam1", "picture")]], [])


def test_too_slow_is_said_with_the_share_of_each_camera_that_loses() -> None:
    speed = Speed()
    assert not speed.judge({"cam1": (50, 0), "cam2": (50, 2)}).too_slow
    verdict = speed.judge({"cam1": (100, 20), "cam2": (100, 4)})
    assert verdict.too_slow
    assert verdict.text == "too slow for its cameras, pictures skipped: cam1 20 of 50"
    after = speed.judge({"cam1": (150, 20), "cam2": (150, 4)})
    assert (after.too_slow, after.text) == (False, "keeps up with its cameras")


def test_the_log_has_a_line_a_minute_with_all_that_was_skipped_meanwhile() -> None:
    speed, lines = Speed(), []
    for i in range(1, 15):
        verdict = speed.judge({"cam1": (50 * i, 10 * i), "cam2": (50 * i, 9 * i)})
        lines.append(speed.to_log(verdict, 10.0 * i))
    said = [(i, line) for i, line in enumerate(lines) if line]
    assert [i for i, _ in said] == [0, 6, 12]
    assert "since the last such line: cam1 60, cam2 54" in said[1][1]


@pytest.mark.parametrize("figures", [(0, 0), (50, 0)])
def test_nothing_is_logged_while_it_keeps_up(figures: tuple[int, int]) -> None:
    speed = Speed()
    assert speed.to_log(speed.judge({"cam1": figures}), 0.0) == ""
