"""Signals that end a run: whatever the main thread is doing when they come."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from lbzf_ros.stop_signals import StopSignals

ENDS_WITHIN_S = 20.0

# A signal before every line that the loop runs, in whatever it calls, and a second one while the first is handled.
_A_SIGNAL_AT_EACH_LINE = """
import signal, sys
from lbzf_ros.stop_signals import StopSignals

stop = StopSignals()

def trace(frame, what, argument):
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    return trace

sys.settrace(trace)
rounds = 0
while rounds < 3:
    stop.wait(0.01)
    rounds += 1
sys.settrace(None)
print(stop.is_set())
"""


def test_a_signal_at_any_line_is_noted_and_blocks_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _A_SIGNAL_AT_EACH_LINE],
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_signals_are_given_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with StopSignals() as stop:
        assert not stop.wait(0.0)
        signal.raise_signal(signal.SIGTERM)  # in this thread; os.kill may choose another, and be noted later
        assert stop.wait(0.0)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_who_was_told_does_not_pause() -> None:
    with StopSignals() as stop:
        signal.raise_signal(signal.SIGTERM)  # not SIGHUP: the tests, too, may run under nohup
        began_s = time.monotonic()
        assert stop.wait(ENDS_WITHIN_S)
        assert time.monotonic() - began_s < ENDS_WITHIN_S / 2


def test_with_nohup_the_end_of_the_terminal_is_no_reason_to_stop() -> None:
    program = (
        "import os, signal\n"
        "from lbzf_ros.stop_signals import StopSignals\n"
        "stop = StopSignals()\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "print(stop.wait(0.0))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "print(stop.wait(0.0))\n"
    )
    command = ["nohup", sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False)
    assert done.stdout == "False\nTrue\n", done.stderr
