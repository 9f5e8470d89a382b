"""`/entry/{module}`: what the engineer enters: who works where, target, order, thresholds, stopwatch."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from fastapi import Request
from starlette.responses import HTMLResponse

from lbzf_ros.core.indicators.hours import days_before, local_day
from lbzf_ros.store.people.orders import orders
from lbzf_ros.store.people.reading import AssignmentRow, OperatorRow, PeopleReader
from lbzf_ros.store.people.targets import targets_of_day
from lbzf_ros.store.people.thresholds import thresholds_of
from lbzf_ros.store.rows import WorkstationRow
from lbzf_ros.store.timestamps import to_text
from web_bridge.pages import plant
from web_bridge.pages.days import AskedDay, Day
from web_bridge.pages.lists import whole
from web_bridge.pages.reader import reader_of
from web_bridge.pages.rendering import part, render
from web_bridge.pages.routing import page_router
from web_bridge.routes.parameters import InContext, InDatabase, People

router = page_router()
_LOOK_BACK_DAYS = 14
"""So far back goes "as last time": holidays lie in between."""


@dataclass(frozen=True, slots=True)
class Place:
    """A station in the form of a shift's start. Codes of operators; empty: nobody, or not known."""

    station: WorkstationRow
    now: str
    last_time: str


@router.get("/entry/{module}")
def entry(
    request: Request, context: InContext, database: InDatabase, people: People, module: str, day: AskedDay
) -> HTMLResponse:
    """The forms of a module's day."""
    found = plant.module(context, reader_of(request), module)
    board = context.days.hour_board(found.code, day.date, now_ns=day.now_ns)
    limits = thresholds_of(database.reading, module=found.code, defaults=context.rules.thresholds)
    begins_ns = board.shifts[0].start_ns if board.shifts else day.now_ns
    line = plant.stations(context, found.code)
    from_ns, to_ns = local_day(day.date, context.time_zone)
    lately, _ = local_day(days_before(day.date, _LOOK_BACK_DAYS), context.time_zone)
    last = people.last_at_stations(module=found.code, from_ns=lately, to_ns=from_ns)
    rows = _assignments(people, found.code, from_ns, to_ns)
    operators, words = _operators(people), reader_of(request).words
    active = sum(one.active for one in operators)
    return render(
        request,
        "entry.html",
        here="entry",
        module=found.code,
        name=found.display_name,
        modules=plant.modules(context, reader_of(request)),
        day=day,
        board=board,
        hours=[(to_text(hour.clock_start_ns), hour) for hour in board.hours],
        begins_ns=begins_ns,
        places=_places([*last, *rows], line, day, from_ns),
        begins_day_ns=from_ns,
        assignments=[row for row in rows if row.start_ns >= from_ns or _holds(row, day.now_ns)],
        names={one.code: one.display_name for one in line},
        targets=targets_of_day(database.reading, module=found.code, date=day.date),
        orders=orders(database.reading, module=found.code, from_ns=from_ns, to_ns=to_ns).items,
        active_operators=active,
        operators_part=part("operators.html", words, operators=operators, active=active),
        thresholds=asdict(limits.thresholds),
    )


def _places(
    rows: list[AssignmentRow], stations: list[WorkstationRow], day: Day, today_ns: int
) -> list[Place]:
    """By assignments in order of their starts: who is at each station now, and who was the last time before today."""
    now, before = dict[str, str](), dict[str, str]()
    for row in rows:
        if row.start_ns >= day.now_ns:
            continue
        code = row.external_code or ""
        if row.start_ns < today_ns:
            before[row.workstation] = code
        if _holds(row, day.now_ns):
            now[row.workstation] = code
    return [Place(one, now.get(one.code, ""), before.get(one.code, "")) for one in stations]


def _holds(row: AssignmentRow, now_ns: int) -> bool:
    return row.end_ns is None or row.end_ns > now_ns


def _assignments(people: PeopleReader, module: str, from_ns: int, to_ns: int) -> list[AssignmentRow]:
    """By start."""
    rows = whole(lambda after: people.assignments(module=module, from_ns=from_ns, to_ns=to_ns, after=after))
    return sorted(rows, key=lambda row: row.start_ns)


def _operators(people: PeopleReader) -> tuple[OperatorRow, ...]:
    """By code, those who may be assigned first; not who was erased."""
    known = [row for row in whole(lambda after: people.operators(after=after)) if row.external_code]
    return tuple(sorted(known, key=lambda row: (not row.active, row.external_code)))
