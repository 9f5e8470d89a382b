"""Drill: nodes are killed with SIGKILL at random moments: one, two at once, or everything at once."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass

from lbzf_ros.chaos.stage import ENDS, Result, Settings, Stage, stage
from lbzf_ros.chaos.verdict import count_rows
from lbzf_ros.core.model import EventKind

NAME = "kill"
ABOUT = "SIGKILL to nodes at random moments: one, two at once, everything at once"
FULL_BLOWS, SHORT_BLOWS = 100, 8
_EVERYTHING = "everything"
_CHANCE_OF_TWO, _CHANCE_OF_ALL = 0.15, 0.05
_PAUSE_S = (0.1, 3.0)
_TRACKER = "cycle_tracker"
_REASON = "restart"
_AFTERWARDS_WITHIN_S = 120.0


_CHANCE_TO_RECOVER = 0.6
"""Before so many of the blows the graph may first measure again; the others hit it while it still recovers."""
_RECOVERS_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Blow:
    """Some nodes are killed.

    Attributes:
        recovered: not before pictures of all cameras get through again.
        after_s: so many seconds after that, or after the blow before.
        names: the nodes; none: everything at once.
    """

    recovered: bool
    after_s: float
    names: tuple[str, ...]


def plan_blows(nodes: list[str], count: int, seed: int) -> list[Blow]:
    """The same blows for the same seed. Two at once and everything at once are among every eight."""
    rng = random.Random(seed)
    blows: list[Blow] = []
    for number in range(count):
        size = {3: 2, 6: 0}.get(number) if number < 8 else _size(rng)
        names = rng.sample(nodes, 1 if size is None else size)
        recovered, after_s = rng.random() < _CHANCE_TO_RECOVER, round(rng.uniform(*_PAUSE_S), 2)
        blows.append(Blow(recovered, after_s, tuple(sorted(names))))
    return blows


def _size(rng: random.Random) -> int:
    dice = rng.random()
    if dice < _CHANCE_OF_ALL:
        return 0
    return 2 if dice < _CHANCE_OF_ALL + _CHANCE_OF_TWO else 1


def run(settings: Settings) -> Result:
    """Kill, and count what is left."""
    result = Result(NAME, settings.seed)
    blows = settings.blows or (FULL_BLOWS if settings.full else SHORT_BLOWS)
    with stage(settings, NAME, live=settings.live) as on:
        on.start()
        on.wait_for_ends(1, 60)
        planned = plan_blows(on.nodes, blows, settings.seed)
        running = _strike_all(on, planned, result)
        on.say("letting it run on")
        on.wait_for_ends(3, _AFTERWARDS_WITHIN_S)
        result.take(on.finish(once_more=settings.full))
        _count_running(on, running, result)
    return result


def _strike_all(on: Stage, blows: list[Blow], result: Result) -> set[str]:
    """Give the blows; gives the cycles that were running when the tracker was hit."""
    by_node: Counter[str] = Counter()
    running: set[str] = set()
    for number, blow in enumerate(blows, 1):
        if blow.recovered:
            _recover(on)
        _wait(on, blow.after_s)
        if not blow.names or _TRACKER in blow.names:
            running |= on.witness.open_cycles()
        if blow.names:
            on.system.kill(blow.names)
            by_node.update(blow.names)
        else:
            result.figures["processes_at_once"] = on.system.kill_everything()
            by_node.update(on.nodes)
            on.start()
        decided = on.witness.count(*ENDS)
        rows = count_rows(on.data, "status = 'complete'")
        what = ", ".join(blow.names) or _EVERYTHING
        on.say(
            f"{number}/{len(blows)}: {what} killed; {decided} cycles decided, {rows} complete in the table"
        )
    result.figures |= {
        "blows": len(blows),
        "blows_two_at_once": sum(len(blow.names) == 2 for blow in blows),
        "blows_everything": sum(not blow.names for blow in blows),
        "nodes_killed": sum(by_node.values()),
        **{f"killed_{name}": by_node[name] for name in on.nodes},
    }
    return running


def _recover(on: Stage) -> None:
    """Wait until a new picture of every camera has gone through all nodes; not for ever: a start may be paused."""
    on.witness.look()
    before, until_s = dict(on.witness.pictures), time.monotonic() + _RECOVERS_WITHIN_S
    while time.monotonic() < until_s:
        now = dict(on.witness.pictures)
        if all(now[camera] != stamp_ns for camera, stamp_ns in before.items()):
            return
        on.system.check()
        time.sleep(0.1)


def _wait(on: Stage, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        on.system.check()
        time.sleep(min(left_s, 0.2))


def _count_running(on: Stage, running: set[str], result: Result) -> None:
    """What became of the cycles that ran when the tracker was killed."""
    decided = on.witness.decisions
    continued = {uid for uid in running if any((uid, kind) in decided for kind in ENDS)}
    rest = running - continued
    aborted = {uid for uid in rest if _REASON in getattr(decided.get((uid, EventKind.ABORT)), "reasons", {})}
    to_the_end = {
        uid for uid in rest - aborted if (uid, EventKind.ABORT) in decided
    } | on.witness.open_cycles()
    result.figures |= {
        "running_when_tracker_was_killed": len(running),
        "of_these_continued": len(continued),
        "of_these_aborted": len(aborted),
        "of_these_running_to_the_end": len(rest & to_the_end),
    }
    forgotten = rest - aborted - to_the_end
    result.expect(not forgotten, f"cycles neither continued nor aborted: {', '.join(sorted(forgotten))}")
