"""The stopwatch: somebody watches a station and presses at the start and at the end of a cycle. It is ground truth."""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import span_text
from lbzf_ros.store.people.entry import Bind
from lbzf_ros.store.people.observations import Observation, ObservationKind, observe


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
