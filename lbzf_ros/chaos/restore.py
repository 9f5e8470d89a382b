"""Drill: the database is deleted while everything runs, and brought back from a backup that is older than it was."""

from __future__ import annotations

import time

from lbzf_ros.chaos.stage import ENDS, Result, Settings, Stage, stage
from lbzf_ros.chaos.verdict import count_rows
from lbzf_ros.core.model import EventKind
from lbzf_ros.store.engine import DATABASE_NAME

NAME = "restore"
ABOUT = "the database deleted while everything runs, and restored from an older backup"
FULL_ENDS, SHORT_ENDS = 40, 2
_NOTICED_WITHIN_S = 30.0


def run(settings: Settings) -> Result:
    """Back up, measure on, delete, measure on, restore, and count."""
    result = Result(NAME, settings.seed)
    ends = FULL_ENDS if settings.full else SHORT_ENDS
    with stage(settings, NAME) as on:
        on.start()
        on.wait_for_ends(ends, 300)
        strike(on, result, ends)
        on.wait_for_ends(3, 60)
        result.take(on.finish(once_more=settings.full))
    return result


def strike(on: Stage, result: Result, ends: int) -> None:
    """The same on a system that runs already.

    Args:
        on: the system.
        result: takes the figures.
        ends: cycles that must end between backup and loss, and again between loss and restoring.
    """
    on.wait_until_delivered()
    on.say("a backup is made")
    on.command("db", "backup")
    saved = count_rows(on.data, "status = 'complete'")
    on.wait_for_ends(ends, 300)
    on.wait_until_delivered()
    lacking = count_rows(on.data, "status = 'complete'") - saved
    on.say(f"the database is deleted; {lacking} complete cycles are not in the backup")
    for ending in ("", "-wal", "-shm"):
        (on.data / f"{DATABASE_NAME}{ending}").unlink(missing_ok=True)
    told_s = _until_told(on)
    on.wait_for_ends(ends, 300)
    waiting = on.witness.pending()
    result.expect(not (on.data / DATABASE_NAME).exists(), "an empty database took the place of the lost one")
    on.say(f"lbzf restore --latest; {waiting} decisions wait")
    began_s = time.monotonic()
    on.command("restore", "--latest")
    result.figures["restored_after_s"] = round(time.monotonic() - began_s, 1)
    wanted = on.witness.count(EventKind.END)
    on.system.wait_for(
        "all cycles in the restored database",
        lambda: count_rows(on.data, "status = 'complete'") >= wanted,
        _NOTICED_WITHIN_S * 2,
    )
    result.figures |= {
        "complete_in_the_backup": saved,
        "complete_lost_with_the_database": lacking,
        "told_after_s": told_s,
        "waiting_when_restored": waiting,
        "all_there_again_after_s": round(time.monotonic() - began_s, 1),
        "ended_by_then": on.witness.count(*ENDS),
    }
    result.expect(lacking > 0, "no cycle was written after the backup: the drill has shown nothing")


def _until_told(on: Stage) -> float:
    """Wait until /healthz says that persistence cannot write."""
    began_s = time.monotonic()

    def told() -> bool:
        nodes = on.system.health().get("nodes", [])
        return any(node["name"] == "persistence" and node.get("errors") for node in nodes)

    on.system.wait_for("persistence says that the database is gone", told, _NOTICED_WITHIN_S)
    return round(time.monotonic() - began_s, 1)
