"""Lines to somebody who may have stopped reading."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from lbzf_ros.cli import terminal
from lbzf_ros.cli.terminal import Terminal

ENDS_WITHIN_S = 10.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Ends of a pipe: to read, to write."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:  # the test has closed it
            continue


def fill(end: int) -> int:
    """Write until it takes no more; how many bytes that were."""
    os.set_blocking(end, False)
    count = 0
    try:
        while True:
            count += os.write(end, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(end, True)
        return count


def test_lines_come_in_their_order(pipe: tuple[int, int]) -> None:
    with Terminal(pipe[1]) as out:
        for number in range(100):
            out.say(f"{number} ñ")
    assert os.read(pipe[0], 65536).decode() == "".join(f"{number} ñ\n" for number in range(100))


def test_who_does_not_read_holds_nobody_up_and_is_told_what_he_missed(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_MOST_LINES", 5)
    filled = fill(pipe[1])
    began_s = time.monotonic()
    with Terminal(pipe[1]) as out:
        for number in range(100):
            out.say(str(number))
        assert time.monotonic() - began_s < ENDS_WITHIN_S
        while filled:
            filled -= len(os.read(pipe[0], filled))
        read = b""
        while b"not shown" not in read:
            read += os.read(pipe[0], 65536)
            out.say("again")
    shown, missed = read.decode().split("(", 1)
    assert shown.startswith("0\n1\n2\n3\n4\n")
    assert int(missed.split()[0]) >= 100 - 5 - 1


def test_the_end_does_not_wait_for_who_does_not_read(pipe: tuple[int, int]) -> None:
    fill(pipe[1])
    began_s = time.monotonic()
    with Terminal(pipe[1]) as out:
        out.say("nobody reads this")
    assert time.monotonic() - began_s < ENDS_WITHIN_S


def test_a_reader_who_has_gone_is_no_error(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    with Terminal(pipe[1]) as out:
        out.say("one")
        out.say("two")
