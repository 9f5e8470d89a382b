"""The stopwatch: somebody watches a station and presses at the start and at the end of a cycle. It is ground truth."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import span_text
from lbzf_ros.store.people.entry import Bind
from lbzf_ros.store.people.observations import Observation, ObservationKind, observe
from lbzf_ros.store.timestamps import from_text, to_text

_LONGEST_NS = 2 * 3600 * NS_PER_S
_MOST = 50
# A short walk back along idx_events_ws_start: what began long before cannot share half of its time.
_NEAR = """
SELECT e.event_uid, e.start_ts, e.end_ts FROM cycle_events e
JOIN workstations w ON w.id = e.workstation_id JOIN modules m ON m.id = w.module_id
WHERE m.code = :module AND w.code = :workstation AND e.end_ts IS NOT NULL
  AND e.start_ts < :end AND e.start_ts >= :earliest
ORDER BY e.start_ts DESC LIMIT :most
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presses:
    """What the stopwatch says.

    Attributes:
        start_ns: first press.
        end_ns: second press; at most a day later.
        event_uid: of the cycle that it is about; None: the one that was measured then.
        notes: anything else.
    """

    start_ns: int
    end_ns: int
    event_uid: str | None = None
    notes: str | None = None


def enter_stopwatch(
    bind: Bind, actor: Actor, *, now_ns: int, module: str, workstation: str, presses: Presses
) -> int:
    """Enter a reading; gives the row id of the observation.

    It is an observation of kind ground_truth_duration with `stopwatch_seconds`, at the middle between both presses:
    they were half of `stopwatch_seconds` before and after `observed_ts`. `lbzf evaluate` compares a reading with the
    cycle that ran when it was observed; at the moment of a press that may still be the one before or already the next.

    Args:
        bind: where to write.
        actor: who watched.
        now_ns: current time.
        module: code.
        workstation: code.
        presses: start and end.

    Raises:
        InvalidValue: a time or a text cannot be, or the cycle is another station's.
        NotThere: no such module, station or cycle.
        StoreError: the database refused.
    """
    span_text(presses.start_ns, presses.end_ns, "stopwatch")
    payload: dict[str, object] = {
        "stopwatch_seconds": round((presses.end_ns - presses.start_ns) / NS_PER_S, 3)
    }
    if presses.notes is not None:
        payload["notes"] = presses.notes
    seen = Observation(
        kind=ObservationKind.GROUND_TRUTH_DURATION.value,
        payload=payload,
        observed_ns=(presses.start_ns + presses.end_ns) // 2,
        event_uid=presses.event_uid,
    )
    return observe(bind, actor, now_ns=now_ns, module=module, workstation=workstation, seen=seen)


def cycle_of(
    connection: Connection, module: str, workstation: str, start_ns: int, end_ns: int
) -> tuple[str, float] | None:
    """The finished cycle that shares most time with a span, at least half of both, with its seconds.

    Args:
        connection: of either kind.
        module: code.
        workstation: code.
        start_ns: of the span.
        end_ns: of the span.
    """
    values = {
        "module": module,
        "workstation": workstation,
        "end": to_text(end_ns),
        "earliest": to_text(start_ns - _LONGEST_NS),
        "most": _MOST,
    }
    best: tuple[int, str, float] | None = None
    for uid, start, end in connection.execute(text(_NEAR), values):
        began, ended = from_text(start), from_text(end)
        shared = min(ended, end_ns) - max(began, start_ns)
        if 2 * shared >= max(ended - began, end_ns - start_ns) and (best is None or shared > best[0]):
            best = shared, uid, (ended - began) / NS_PER_S
    return None if best is None else best[1:]
