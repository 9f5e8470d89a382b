"""The first thing that is read on the board: is the module on pace this hour?"""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.indicators.status import Status
from lbzf_ros.reports.day.values import BoardHour, HourBoard
from web_bridge.pages.words import Words


@dataclass(frozen=True, slots=True)
class Answer:
    """In a sign, a few words, and one sentence; `status` gives it its colour."""

    status: str
    sign: str
    verdict: str
    detail: str


def answer(board: HourBoard, words: Words) -> Answer:
    """Whether the hour that runs is on pace."""
    running = next((hour for hour in board.hours if hour.running), None)
    if running is None:
        return _not_running(board, words)
    if running.expected is None:
        detail = words("board_made_so_far", real=words.number(running.real))
        return Answer(Status.UNKNOWN.value, "?", words("board_no_target"), detail)
    return Answer(
        running.status.value,
        words.sign(running.status),
        words(f"pace_{running.status.value}"),
        _detail(running, running.expected, words),
    )


def _detail(hour: BoardHour, expected: float, words: Words) -> str:
    real = hour.real or 0
    return words(
        "board_behind" if expected - real >= 1 else "board_on_pace",
        real=words.number(real),
        expected=words.units(round(expected)),
        missing=words.number(expected - real),
        target=words.units(hour.meta),
    )


def _not_running(board: HourBoard, words: Words) -> Answer:
    begun = [hour for hour in board.hours if hour.real is not None]
    if not board.hours:
        return Answer(Status.UNKNOWN.value, "", words("board_no_shift"), words("board_no_shift_detail"))
    if not begun:
        detail = words("board_begins", time=board.hours[0].label)
        return Answer(Status.UNKNOWN.value, "", words("board_not_begun"), detail)
    totals = board.totals
    if totals.percent is None:
        detail = words("board_made_so_far", real=words.number(totals.real))
    else:
        detail = words(
            "board_made_of", real=words.number(totals.real), target=words.units(totals.meta_until_now)
        )
    return Answer(totals.target_status.value, words.sign(totals.target_status), words("board_pause"), detail)
