"""Drill: another process holds the database locked while cycles end."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lbzf_ros.chaos.stage import ENDS, Result, Settings, Stage, stage
from lbzf_ros.chaos.verdict import count_rows
from lbzf_ros.store.engine import DATABASE_NAME

NAME = "locked"
ABOUT = "the database locked by another process (BEGIN EXCLUSIVE) while cycles end"
FULL_S, SHORT_S = 30.0, 8.0  # both longer than the writer's busy_timeout of 5 s
_LOCK_WITHIN_S = 20
_TOLD_S = 20.0  # longer than the shortest drill: until then persistence must have told that it cannot write
_ON_THEIR_WAY_S = 1.0
"""What was committed just before is acknowledged by then."""
_FINISHED = "status IN ('complete', 'aborted')"


def run(settings: Settings) -> Result:
    """Lock, wait, let go, and count."""
    result = Result(NAME, settings.seed)
    with stage(settings, NAME) as on:
        on.start()
        on.wait_for_ends(1, 60)
        strike(on, result, FULL_S if settings.full else SHORT_S)
        on.wait_for_ends(3, 60)
        result.take(on.finish(once_more=settings.full))
    return result


def strike(on: Stage, result: Result, seconds: float) -> None:
    """Hold the lock for so long, and wait until everything is written afterwards."""
    on.say(f"another process locks the database for {seconds:g} s")
    with _locked(on.data / DATABASE_NAME):
        time.sleep(_ON_THEIR_WAY_S)
        rows, acknowledged = count_rows(on.data, _FINISHED), len(on.witness.acknowledged)
        decided = on.witness.count(*ENDS)
        told = len(on.witness.errors)
        began_s = time.monotonic()

        def says_so() -> list[str]:
            return [
                text for part, text in on.witness.errors[told:] if part.startswith("persistence") and text
            ]

        # A write waits some seconds for the lock before it fails, and the first one comes when a cycle is decided.
        while (held_s := time.monotonic() - began_s) < seconds or (
            held_s < seconds + _TOLD_S and not says_so()
        ):
            on.system.check()
            time.sleep(0.1)
        waiting, meanwhile = on.witness.pending(), on.witness.count(*ENDS) - decided
        result.expect(count_rows(on.data, _FINISHED) == rows, "rows were written in spite of the lock")
        wrongly = len(on.witness.acknowledged) - acknowledged
        says = says_so()
    took_s = on.wait_until_delivered(60)
    result.figures |= {
        "locked_s": round(held_s, 1),
        "decided_meanwhile": meanwhile,
        "waiting_at_the_end_of_it": waiting,
        "delivered_after_s": round(took_s, 1),
        "told": says[-1].replace(f"{on.data}/", "") if says else "",
    }
    result.expect(wrongly <= 0, f"{wrongly} events were acknowledged while nothing could be written")
    result.expect(meanwhile > 0, "no cycle ended meanwhile: the drill has shown nothing")
    result.expect(bool(says), "persistence has told nobody that it cannot write")


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None, timeout=_LOCK_WITHIN_S)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")
