"""Lines to the terminal that never hold up whoever says them."""

from __future__ import annotations

import os
import threading
from queue import Full, Queue
from types import TracebackType

_MOST_LINES = 10_000
_ENDS_WITHIN_S = 1.0


class Terminal:
    """Writes lines from a thread of its own, while it is open.

    Who has stopped reading (a pager, a log service that hangs, a pipe whose other end is closed) misses lines. Without
    the thread he would stop the plant: not even Ctrl-C ends a process that waits for its reader.
    """

    def __init__(self, descriptor: int = 1) -> None:
        """Args: descriptor: what to write to, by default the standard output."""
        self._descriptor = descriptor
        # Not sys.stdout: at its end Python waits for the lock of a stream that a thread is still writing to.
        self._lines: Queue[str | None] = Queue(_MOST_LINES)
        self._missed = 0
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)

    def __enter__(self) -> Terminal:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._lines.put_nowait(None)
        except Full:  # nobody reads
            return
        self._thread.join(_ENDS_WITHIN_S)

    def say(self, line: str) -> None:
        """Write a line, sooner or later; or never, when too many wait."""
        try:
            self._lines.put_nowait(line)
        except Full:
            self._missed += 1

    def _run(self) -> None:
        told = 0
        while (line := self._lines.get()) is not None:
            try:
                self._write(f"{line}\n")
                if (missed := self._missed) > told and self._lines.empty():
                    self._write(f"({missed - told} lines are not shown here: nobody read them)\n")
                    told = missed
            except OSError:  # the other end is closed
                return

    def _write(self, text: str) -> None:
        rest = text.encode("utf-8", "replace")
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
