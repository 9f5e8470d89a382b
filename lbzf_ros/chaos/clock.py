"""Drill: the clock of the whole system is set forward and back by an hour.

Every process gets a small library (clock.c) that adds the seconds in a file to the wall clock. So capture times, timers
and the process manager see the jump, and the clock of the machine stays as it is.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.chaos.stage import ENDS, Result, Settings, Stage, stage
from lbzf_ros.core.errors import GraphError
from lbzf_ros.core.model import NS_PER_S, EventKind

NAME = "clock"
ABOUT = "the wall clock of all processes set forward by an hour, then back by more than that"
HOUR_S = 3600
FULL_ENDS, SHORT_ENDS = 20, 2
_BACK_WITHIN_S = 150.0
_SOURCE = Path(__file__).with_name("clock.c")
_REASON = "clock_set_back"


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock that the system sees.

    Attributes:
        environment: what its processes have to be started with.
        file: the seconds that are added.
    """

    environment: dict[str, str]
    file: Path

    def set_off(self, seconds: int) -> None:
        """Let it differ from the machine's by so much."""
        with self.file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))


def make_clock(folder: Path) -> Clock | str:
    """A clock that can be set; why not, where that is impossible."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return "no C compiler is installed (cc): the clock of single processes cannot be set"
    folder.mkdir(parents=True, exist_ok=True)
    library, file = folder / "clock.so", folder / "clock.offset"
    file.write_bytes(struct.pack("=q", 0))
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GraphError(f"{_SOURCE.name} cannot be compiled: {done.stderr}")
    return Clock({"LD_PRELOAD": str(library), "LBZF_CHAOS_CLOCK": str(file)}, file)


def run(settings: Settings) -> Result:
    """An hour ago, now, and an hour ago again: the last stretch has the same capture times as the first."""
    result = Result(NAME, settings.seed)
    clock = make_clock(settings.folder / NAME)
    if isinstance(clock, str):
        result.skipped = clock
        return result
    ends = FULL_ENDS if settings.full else SHORT_ENDS
    with stage(settings, NAME, live=True, environment=clock.environment) as on:
        clock.set_off(-HOUR_S)
        on.start()
        began_s = time.monotonic()
        on.wait_for_ends(ends, 300)
        _set_forward(on, clock, result)
        on.wait_for_ends(ends, 300)
        strike(on, clock, result, back_s=HOUR_S + round(time.monotonic() - began_s), ends=ends)
        result.take(on.finish(once_more=settings.full))
        _count_repeated(on, result)
    return result


def _set_forward(on: Stage, clock: Clock, result: Result) -> None:
    on.say("the clock is set forward by an hour")
    running = on.witness.open_cycles()
    clock.set_off(0)
    result.figures["running_when_set_forward"] = len(running)


def strike(on: Stage, clock: Clock, result: Result, *, back_s: int, ends: int) -> None:
    """Set the clock back and wait until cycles are measured by the earlier time."""
    running = on.witness.open_cycles()
    on.say(f"the clock is set back by {back_s} s while {len(running)} cycles run")
    before_ns = max(event.decided_ns for event in on.witness.decisions.values())
    clock.set_off(-back_s)
    jumped_s = time.monotonic()
    limit_ns = before_ns - HOUR_S // 2 * NS_PER_S
    on.system.wait_for(
        "a cycle that begins by the earlier time", lambda: _begun(on, limit_ns), _BACK_WITHIN_S
    )
    result.figures |= {
        "set_back_s": back_s,
        "first_cycle_after_s": round(time.monotonic() - jumped_s, 1),
        "running_when_set_back": len(running),
    }
    on.wait_for_ends(ends, 300)
    on.wait_until_delivered()
    decided = on.witness.decisions
    aborted = [uid for uid in running if (uid, EventKind.ABORT) in decided]
    said = [uid for uid in aborted if _REASON in decided[uid, EventKind.ABORT].reasons]
    ended = [uid for uid in running if any((uid, kind) in decided for kind in ENDS)]
    result.figures |= {"of_these_aborted": len(aborted), "of_these_ended": len(ended)}
    open_yet = set(running) - {*aborted, *ended}
    result.expect(not open_yet, f"still running by the clock before: {', '.join(sorted(open_yet))}")
    result.expect(
        len(said) == len(aborted), f"{len(aborted) - len(said)} aborted without the reason {_REASON}"
    )


def _begun(on: Stage, before_ns: int) -> bool:
    """Whether the newest decision carries an earlier time; decisions are kept in the order they were seen."""
    on.witness.look()
    latest = list(on.witness.kept.values())[-1]
    return latest.kind is EventKind.START and latest.start_ns < before_ns


def _count_repeated(on: Stage, result: Result) -> None:
    """Cycles of the first and of the last stretch, which have the same capture times."""
    ends = [event for (_, kind), event in on.witness.kept.items() if kind in ENDS]
    jumps = [
        n for n in range(1, len(ends)) if ends[n].start_ns < ends[n - 1].start_ns - HOUR_S // 2 * NS_PER_S
    ]
    after = ends[jumps[-1] :] if jumps else []
    begins_ns, end_ns = (
        (min(event.start_ns for event in after), max(event.start_ns for event in after)) if after else (0, 0)
    )
    before = [event for event in ends[: jumps[-1]] if begins_ns <= event.start_ns <= end_ns] if jumps else []
    result.figures |= {"cycles_of_the_hour_first": len(before), "cycles_of_the_hour_again": len(after)}
    result.expect(bool(before and after), "the repeated hour does not hold cycles of both times")
