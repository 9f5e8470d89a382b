"""Operators, who works where, shifts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from sqlalchemy import Connection
from starlette.responses import Response

from lbzf_ros.store.people import assignments as where
from lbzf_ros.store.people import operators as who
from lbzf_ros.store.people import shifts as when
from lbzf_ros.store.people.audit import Actor
from web_bridge import people_rows as rows
from web_bridge.routes.parameters import DEFAULT_PAGE, After, IdPath, InContext, InSpan, Limit, People
from web_bridge.schemas.entering import CODE, Changed, Done, Made, to_ns, to_ns_or_none
from web_bridge.schemas.people import (
    AssignmentChange,
    AssignmentNew,
    AssignmentPage,
    Ending,
    OperatorChange,
    OperatorNew,
    OperatorPage,
    ShiftAssignments,
    ShiftChange,
    ShiftNew,
    ShiftPage,
)
from web_bridge.writing import Writer, writes

router = APIRouter(tags=["people"])

OperatorPath = Annotated[
    str, PathParameter(min_length=1, max_length=200, description="Operator code.", examples=["1017"])
]


@router.get("/operators")
def operators(people: People, limit: Limit = DEFAULT_PAGE, after: After = None) -> OperatorPage:
    """Everybody, also who is no longer active or was erased."""
    page = people.operators(limit=limit, after=after)
    return OperatorPage(items=[rows.operator(row) for row in page.items], next_after=page.next_key)


@router.post("/operators", **writes(Made, status=201))
def create_operator(writer: Writer, new: OperatorNew) -> Response:
    """Add an operator."""
    return writer.answer(
        "create an operator",
        lambda connection, actor, now_ns: Made(
            id=who.create_operator(
                connection,
                actor,
                now_ns=now_ns,
                external_code=new.code,
                display_name=new.display_name,
                notes=new.notes,
            )
        ),
        status=201,
    )


@router.put("/operators/{code:path}", **writes(Done))
def change_operator(writer: Writer, code: OperatorPath, new: OperatorChange) -> Response:
    """Change what an operator is called, and whether he is active. Cycles and shifts keep who worked."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        who.rename_operator(
            connection,
            actor,
            now_ns=now_ns,
            external_code=code,
            display_name=new.display_name,
            new_code=new.code,
            notes=new.notes,
        )
        who.activate_operator(connection, actor, now_ns=now_ns, external_code=new.code, active=new.active)
        return Done()

    return writer.answer("change an operator", work)


@router.get("/assignments")
def assignments(
    people: People, span: InSpan, limit: Limit = DEFAULT_PAGE, after: After = None
) -> AssignmentPage:
    """Who works in a module in a span of time."""
    page = people.assignments(
        module=span.module, from_ns=span.from_ns, to_ns=span.to_ns, limit=limit, after=after
    )
    return AssignmentPage(items=[rows.assignment(row) for row in page.items], next_after=page.next_key)


@router.post("/assignments", **writes(Changed, status=201))
def assign(writer: Writer, new: AssignmentNew) -> Response:
    """Somebody works at a station from a time on. The cycles since then follow."""
    return writer.answer(
        "assign an operator",
        lambda connection, actor, now_ns: Changed(
            cycles_changed=where.assign(
                connection,
                actor,
                now_ns=now_ns,
                module=new.module,
                workstation=new.workstation,
                external_code=new.operator_code,
                start_ns=to_ns(new.start),
                end_ns=to_ns_or_none(new.end),
            )
        ),
        status=201,
    )


@router.post("/assignments/shift", **writes(Changed, status=201))
def assign_stations(writer: Writer, new: ShiftAssignments) -> Response:
    """The form of a shift's start: all stations of a module at once, or nothing when one entry is wrong."""
    return writer.answer(
        "assign operators to stations",
        lambda connection, actor, now_ns: Changed(
            cycles_changed=where.assign_stations(
                connection,
                actor,
                now_ns=now_ns,
                module=new.module,
                start_ns=to_ns(new.start),
                operators=new.operators,
            )
        ),
        status=201,
    )


@router.put("/assignments/{id}", **writes(Changed))
def correct_assignment(writer: Writer, id: IdPath, new: AssignmentChange) -> Response:  # noqa: A002
    """Put another operator, start or end in the place of what was entered; the cycles follow."""
    return writer.answer(
        "correct an assignment",
        lambda connection, actor, now_ns: Changed(
            cycles_changed=where.correct_assignment(
                connection,
                actor,
                now_ns=now_ns,
                assignment_id=id,
                external_code=new.operator_code,
                start_ns=to_ns(new.start),
                end_ns=to_ns_or_none(new.end),
            )
        ),
    )


@router.delete("/assignments/{id}", **writes(Changed))
def remove_assignment(writer: Writer, id: IdPath) -> Response:  # noqa: A002
    """Take back what was entered; its cycles have no operator then."""
    return writer.answer(
        "remove an assignment",
        lambda connection, actor, now_ns: Changed(
            cycles_changed=where.remove_assignment(connection, actor, now_ns=now_ns, assignment_id=id)
        ),
    )


@router.get("/shifts")
def shifts(
    people: People,
    module: Annotated[str, Query(pattern=CODE, description="Module.", examples=["ANGELA"])],
    date: Annotated[
        str,
        Query(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            description="Local day on which they began, YYYY-MM-DD.",
            examples=["2026-07-15"],
        ),
    ],
) -> ShiftPage:
    """Shifts of a module that began on a day."""
    found = people.shifts_of_day(module=module, date=date)
    return ShiftPage(items=[rows.shift(row) for row in found], next_after=None)


@router.post("/shifts", **writes(Made, status=201))
def open_shift(writer: Writer, context: InContext, new: ShiftNew) -> Response:
    """A shift begins."""
    return writer.answer(
        "open a shift",
        lambda connection, actor, now_ns: Made(
            id=when.open_shift(
                connection,
                actor,
                now_ns=now_ns,
                time_zone=context.time_zone,
                module=new.module,
                shift=_shift(new),
            )
        ),
        status=201,
    )


@router.put("/shifts/{id}", **writes(Done))
def correct_shift(writer: Writer, context: InContext, id: IdPath, new: ShiftChange) -> Response:  # noqa: A002
    """Put other figures in the place of what was entered."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        when.correct_shift(
            connection, actor, now_ns=now_ns, time_zone=context.time_zone, shift_id=id, shift=_shift(new)
        )
        return Done()

    return writer.answer("correct a shift", work)


@router.post("/shifts/{id}/end", **writes(Done))
def close_shift(writer: Writer, id: IdPath, ending: Ending) -> Response:  # noqa: A002
    """A shift has ended."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        when.close_shift(connection, actor, now_ns=now_ns, shift_id=id, end_ns=to_ns(ending.end))
        return Done()

    return writer.answer("close a shift", work)


def _shift(new: ShiftChange) -> when.Shift:
    return when.Shift(
        label=new.label, start_ns=to_ns(new.start), end_ns=to_ns_or_none(new.end), notes=new.notes
    )
