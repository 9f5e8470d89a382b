"""Told to stop (Ctrl-C, SIGTERM, the terminal closed): it is noted, and the run ends in order when it looks."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from types import FrameType, TracebackType

ENDS_A_RUN = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Notes signals, from its making on. As a context manager it gives them back at the end.

    Not a threading.Event: a handler runs between two steps of the main thread, and when that one is just inside the
    event's wait() or set(), the handler's set() waits for the lock that the thread under it holds, for ever. The last
    word of a run that cannot be ended any more is then its Ctrl-C.
    """

    def __init__(self, numbers: Sequence[signal.Signals] = ENDS_A_RUN) -> None:
        """Note these signals from now on. To be called in the main thread."""
        self._is_set = False
        ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()  # nohup
        self._before = {
            number: signal.signal(number, self._note) for number in numbers if number not in ignored
        }

    def __enter__(self) -> StopSignals:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_set(self) -> bool:
        """Whether one has come."""
        return self._is_set

    def wait(self, pause_s: float) -> bool:
        """Pause, and give `is_set`. A signal does not shorten a pause (PEP 475): use short ones."""
        if not self._is_set:
            time.sleep(pause_s)
        return self._is_set

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._is_set = True
