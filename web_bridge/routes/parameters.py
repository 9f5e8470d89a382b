"""What routes take and need, each said once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from fastapi import Path as PathParameter

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.reader import MAX_PAGE, CycleFilter, StoreReader
from lbzf_ros.store.timestamps import to_text
from web_bridge.access.identity import Identity, identity_of
from web_bridge.context import Context
from web_bridge.database import Database
from web_bridge.schemas.entering import CODE, Moment, to_ns, to_ns_or_none

DEFAULT_PAGE = 50


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def _reader(request: Request) -> StoreReader:
    return _context(request).reader


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _people(request: Request) -> PeopleReader:
    return PeopleReader(_database(request).reading)


InContext = Annotated[Context, Depends(_context)]
InDatabase = Annotated[Database, Depends(_database)]
People = Annotated[PeopleReader, Depends(_people)]
Reader = Annotated[StoreReader, Depends(_reader)]
Who = Annotated[Identity, Depends(identity_of)]
Limit = Annotated[
    int, Query(ge=1, le=MAX_PAGE, description=f"Most items in the answer, 1 to {MAX_PAGE}.", examples=[50])
]
After = Annotated[
    str | None,
    Query(max_length=64, description="`next_after` of the part before. Absent: from the beginning."),
]
ModuleQuery = Annotated[str | None, Query(pattern=CODE, description="Only this module.", examples=["ANGELA"])]
StationQuery = Annotated[
    str | None, Query(pattern=CODE, description="Only this workstation.", examples=["PUESTO_01"])
]


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


def which_cycles(
    module: ModuleQuery = None, workstation: StationQuery = None, from_: From = None, to: To = None
) -> CycleFilter:
    """Cycles of a module, a station, a span of time."""
    return CycleFilter(
        module=module, workstation=workstation, from_ns=to_ns_or_none(from_), to_ns=to_ns_or_none(to)
    )


Which = Annotated[CycleFilter, Depends(which_cycles)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleSpan:
    """A span of time of a module; `to_ns` is not included."""

    module: str
    from_ns: int
    to_ns: int


def _module_span(
    module: Annotated[str, Query(pattern=CODE, description="Module.", examples=["ANGELA"])],
    from_: Annotated[
        Moment,
        Query(
            alias="from",
            description="From then on. ISO 8601 with a zone.",
            examples=["2026-07-15T06:00:00-05:00"],
        ),
    ],
    to: Annotated[
        Moment,
        Query(description="Before then. ISO 8601 with a zone.", examples=["2026-07-15T14:00:00-05:00"]),
    ],
) -> ModuleSpan:
    span = ModuleSpan(module=module, from_ns=to_ns(from_), to_ns=to_ns(to))
    if span.from_ns >= span.to_ns:
        raise InvalidValue(
            "from must lie before to",
            "end_before_start",
            start=to_text(span.from_ns),
            end=to_text(span.to_ns),
        )
    return span


InSpan = Annotated[ModuleSpan, Depends(_module_span)]
ModuleNeeded = Annotated[str, Query(pattern=CODE, description="Module.", examples=["ANGELA"])]
ModulePath = Annotated[str, PathParameter(pattern=CODE, description="Module.", examples=["ANGELA"])]
StationPath = Annotated[str, PathParameter(pattern=CODE, description="Workstation.", examples=["PUESTO_01"])]
CameraPath = Annotated[
    str, PathParameter(pattern=r"^cam[1-9][0-9]{0,3}$", description="Camera.", examples=["cam1"])
]
IdPath = Annotated[int, PathParameter(ge=1, le=2**63 - 1, description="Number of the row.", examples=[17])]
