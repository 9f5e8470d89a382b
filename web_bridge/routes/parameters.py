"""What routes take and need, each said once."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from pydantic import AwareDatetime, BeforeValidator

from lbzf_ros.store.reader import MAX_PAGE, CycleFilter, StoreReader
from web_bridge.context import Context

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_CODE = r"^[A-Z0-9][A-Z0-9_]{0,63}$"
DEFAULT_PAGE = 50


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def _reader(request: Request) -> StoreReader:
    return _context(request).reader


InContext = Annotated[Context, Depends(_context)]
Reader = Annotated[StoreReader, Depends(_reader)]
Limit = Annotated[
    int, Query(ge=1, le=MAX_PAGE, description=f"Most items in the answer, 1 to {MAX_PAGE}.", examples=[50])
]
After = Annotated[
    str | None,
    Query(max_length=64, description="`next_after` of the part before. Absent: from the beginning."),
]
ModuleQuery = Annotated[
    str | None, Query(pattern=_CODE, description="Only this module.", examples=["ANGELA"])
]
StationQuery = Annotated[
    str | None, Query(pattern=_CODE, description="Only this workstation.", examples=["PUESTO_01"])
]


def _in_words(value: object) -> object:
    """Refuse a bare number, which would be taken for seconds or milliseconds since 1970, whichever fits."""
    if not isinstance(value, str) or not value[:4].isdigit() or value[4:5] != "-":
        raise ValueError("must be ISO 8601 with a zone, such as 2026-07-15T08:00:00-05:00")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_in_words)]
From = Annotated[
    Moment | None,
    Query(
        alias="from",
        description="Only cycles that began then or later. ISO 8601 with a zone.",
        examples=["2026-07-15T08:00:00-05:00"],
    ),
]
To = Annotated[
    Moment | None,
    Query(
        alias="to",
        description="Only cycles that began before then. ISO 8601 with a zone.",
        examples=["2026-07-15T09:00:00-05:00"],
    ),
]
StatusQuery = Annotated[
    Literal["in_progress", "complete", "aborted", "manual_override"] | None,
    Query(description="Only cycles of this status."),
]
QualityQuery = Annotated[
    Literal["green", "yellow", "red"] | None, Query(description="Only cycles of this quality.")
]


def to_ns(time: datetime | None) -> int | None:
    """Nanoseconds since the epoch."""
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1) * 1000


def which_cycles(
    module: ModuleQuery = None, workstation: StationQuery = None, from_: From = None, to: To = None
) -> CycleFilter:
    """Cycles of a module, a station, a span of time."""
    return CycleFilter(module=module, workstation=workstation, from_ns=to_ns(from_), to_ns=to_ns(to))


Which = Annotated[CycleFilter, Depends(which_cycles)]
