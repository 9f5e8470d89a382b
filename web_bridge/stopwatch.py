"""Which measured cycle a stopwatch reading belongs to."""

from __future__ import annotations

from sqlalchemy import Connection, text

from lbzf_ros.core.model import NS_PER_S
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
