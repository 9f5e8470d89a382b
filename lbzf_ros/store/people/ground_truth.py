"""What a person says about a measured cycle: it is right, it took that long, it counts in another way.

The measured figures stay as they are. Who comes second is told about the first, and says whether to replace it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import notes_text, seconds, short_text, time_text
from lbzf_ros.store.people.entry import Bind, Entry, entry
from lbzf_ros.store.people.errors import Conflict, NotThere

_CYCLE = """
SELECT status, end_ts, notes, gt_verified_by, gt_verified_at, gt_corrected_duration_s
FROM cycle_events WHERE event_uid = :uid
"""
_REJECTED = "SELECT 1 FROM cycle_events_rejected WHERE event_uid = :uid"
_FINISHED = ("complete", "manual_override")


def verify_event(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    event_uid: str,
    corrected_duration_s: float | None = None,
    replace: bool = False,
) -> None:
    """Say that a cycle was checked by hand, and how long it really took when that differs.

    Args:
        bind: where to write.
        actor: who checked it.
        now_ns: current time.
        event_uid: of a finished cycle.
        corrected_duration_s: what was found; None: as measured.
        replace: also when somebody else has checked it.

    Raises:
        InvalidValue: the duration cannot be, or the cycle is not finished.
        NotThere: no such cycle.
        Conflict: somebody else has checked it, and not `replace`.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "verify a cycle") as making:
        uid, row = _finished(making, event_uid)
        duration_s = (
            None if corrected_duration_s is None else seconds(corrected_duration_s, f"cycle {uid}: duration")
        )
        if row["gt_verified_by"] not in (None, actor.name) and not replace:
            found = (
                "as measured"
                if row["gt_corrected_duration_s"] is None
                else f"{row['gt_corrected_duration_s']} s"
            )
            raise Conflict(
                f"cycle {uid} was checked by {row['gt_verified_by']} at {row['gt_verified_at']} ({found}); "
                "say that you replace it, or leave it",
                "cycle_checked",
                name=row["gt_verified_by"],
                at=row["gt_verified_at"],
            )
        changes = {
            "gt_verified_by": actor.name,
            "gt_verified_at": time_text(now_ns, "verify"),
            "gt_corrected_duration_s": duration_s,
        }
        making.update("event.verify", "cycle_events", uid, changes, key="event_uid")


def unverify_event(bind: Bind, actor: Actor, *, now_ns: int, event_uid: str) -> None:
    """Take back that a cycle was checked; whoever did it, it is in the audit log.

    Raises:
        InvalidValue: the cycle is not finished.
        NotThere: no such cycle.
        Conflict: it was not checked.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "take back a verification") as making:
        uid, row = _finished(making, event_uid)
        if row["gt_verified_by"] is None:
            raise Conflict(
                f"cycle {uid} is not marked as checked; there is nothing to take back", "cycle_not_checked"
            )
        changes = dict.fromkeys(("gt_verified_by", "gt_verified_at", "gt_corrected_duration_s"))
        making.update("event.unverify", "cycle_events", uid, changes, key="event_uid")


def override_event(
    bind: Bind, actor: Actor, *, now_ns: int, event_uid: str, reason: str, replace: bool = False
) -> None:
    """Give a finished cycle the status `manual_override`, with the reason in its notes.

    Raises:
        InvalidValue: no reason, or the cycle is not finished.
        NotThere: no such cycle.
        Conflict: it has this status with another reason, and not `replace`.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "override a cycle") as making:
        uid, row = _finished(making, event_uid)
        notes = notes_text(reason, f"cycle {uid}: reason")
        if notes is None:
            raise InvalidValue(f"cycle {uid}: an override needs its reason", "missing")
        if row["status"] == "manual_override" and row["notes"] != notes and not replace:
            raise Conflict(
                f"cycle {uid} is overridden already: {str(row['notes'])[:200]!r}; say that you replace it, or leave it",
                "cycle_overridden",
            )
        changes = {"status": "manual_override", "notes": notes}
        making.update("event.override", "cycle_events", uid, changes, key="event_uid")


def withdraw_override(bind: Bind, actor: Actor, *, now_ns: int, event_uid: str) -> None:
    """Make an overridden cycle a complete one again; its reason goes to the audit log.

    Raises:
        InvalidValue: the cycle is not finished.
        NotThere: no such cycle.
        Conflict: it is not overridden.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "withdraw an override") as making:
        uid, row = _finished(making, event_uid)
        if row["status"] != "manual_override":
            raise Conflict(
                f"cycle {uid} is {row['status']}; there is no override to withdraw", "cycle_not_overridden"
            )
        changes = {"status": "complete", "notes": None}
        making.update("event.withdraw_override", "cycle_events", uid, changes, key="event_uid")


def _finished(making: Entry, event_uid: object) -> tuple[str, dict[str, Any]]:
    uid = short_text(event_uid, "event_uid")
    found = making.connection.execute(text(_CYCLE), {"uid": uid}).mappings().first()
    if found is None:
        if making.connection.execute(text(_REJECTED), {"uid": uid}).first() is not None:
            raise InvalidValue(
                f"cycle {uid} was rejected and does not count; add an observation to it instead",
                "cycle_rejected",
            )
        raise NotThere(f"there is no cycle {uid!r}", "cycle_unknown")
    if found["status"] not in _FINISHED:
        raise InvalidValue(
            f"cycle {uid} is {found['status']}; only finished cycles can be judged", "cycle_running"
        )
    return uid, dict(found)
