"""Observations, the stopwatch, cycles that a person judges, and the audit trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.people import ground_truth as truth
from lbzf_ros.store.people.audit import Actor, AuditFilter, audit_rows
from lbzf_ros.store.people.observations import Observation, observe
from lbzf_ros.store.people.stopwatch import Presses, cycle_of, enter_stopwatch
from web_bridge import people_rows as rows
from web_bridge.routes.events import Uid
from web_bridge.routes.parameters import DEFAULT_PAGE, After, From, InDatabase, InSpan, Limit, People, To
from web_bridge.schemas.entering import Done, to_ns, to_ns_or_none
from web_bridge.schemas.entries import (
    ChangePage,
    ObservationMade,
    ObservationNew,
    ObservationPage,
    Override,
    Stopwatch,
    StopwatchNew,
    Verification,
)
from web_bridge.writing import Writer, writes

router = APIRouter()

_ActorQuery = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Only what this person changed.")
]
_SubjectQuery = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        description="Only changes of this; one that ends in / stands for all rows of that table.",
        examples=["operators/"],
    ),
]


@router.get("/observations", tags=["observations"])
def observations(
    people: People, span: InSpan, limit: Limit = DEFAULT_PAGE, after: After = None
) -> ObservationPage:
    """What was seen in a module in a span of time."""
    page = people.observations(
        module=span.module, from_ns=span.from_ns, to_ns=span.to_ns, limit=limit, after=after
    )
    return ObservationPage(items=[rows.observation(row) for row in page.items], next_after=page.next_key)


@router.get("/events/{uid}/observations", tags=["observations"])
def observations_of(
    people: People, uid: Uid, limit: Limit = DEFAULT_PAGE, after: After = None
) -> ObservationPage:
    """What was seen of a cycle."""
    page = people.observations_of(str(uid), limit=limit, after=after)
    return ObservationPage(items=[rows.observation(row) for row in page.items], next_after=page.next_key)


@router.post("/observations", tags=["observations"], **writes(ObservationMade, status=201))
def add_observation(writer: Writer, new: ObservationNew) -> Response:
    """Note what was seen at a station, with or without a cycle."""
    given = {"stopwatch_seconds": new.stopwatch_s, "code": new.code, "notes": new.notes}
    seen = Observation(
        kind=new.kind,
        payload={name: value for name, value in given.items() if value is not None},
        observed_ns=to_ns(new.observed),
        event_uid=None if new.event_uid is None else str(new.event_uid),
    )
    return writer.answer(
        "add an observation",
        lambda connection, actor, now_ns: ObservationMade(
            id=observe(
                connection, actor, now_ns=now_ns, module=new.module, workstation=new.workstation, seen=seen
            )
        ),
        status=201,
    )


@router.post("/stopwatch", tags=["observations"], **writes(Stopwatch, status=201))
def stopwatch(writer: Writer, new: StopwatchNew) -> Response:
    """A cycle that was timed by hand becomes ground truth of the measured one that shares most time with it."""
    start_ns, end_ns = to_ns(new.start), to_ns(new.end)

    def work(connection: Connection, actor: Actor, now_ns: int) -> Stopwatch:
        station = {"module": new.module, "workstation": new.workstation}
        uid, measured_s = cycle_of(connection, **station, start_ns=start_ns, end_ns=end_ns) or (None, None)
        presses = Presses(start_ns=start_ns, end_ns=end_ns, event_uid=uid, notes=new.notes)
        return Stopwatch(
            id=enter_stopwatch(connection, actor, now_ns=now_ns, **station, presses=presses),
            stopwatch_s=(end_ns - start_ns) / NS_PER_S,
            event_uid=uid,
            measured_s=measured_s,
        )

    return writer.answer("enter a stopwatch reading", work, status=201)


@router.put("/events/{uid}/verification", tags=["events"], **writes(Done))
def verify(writer: Writer, uid: Uid, new: Verification) -> Response:
    """Say that a cycle was checked by hand, and how long it really took when that differs (ground truth)."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        truth.verify_event(
            connection,
            actor,
            now_ns=now_ns,
            event_uid=str(uid),
            corrected_duration_s=new.corrected_duration_s,
            replace=new.replace,
        )
        return Done()

    return writer.answer("verify a cycle", work)


@router.delete("/events/{uid}/verification", tags=["events"], **writes(Done))
def unverify(writer: Writer, uid: Uid) -> Response:
    """Take back that a cycle was checked."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        truth.unverify_event(connection, actor, now_ns=now_ns, event_uid=str(uid))
        return Done()

    return writer.answer("take back a verification", work)


@router.put("/events/{uid}/override", tags=["events"], **writes(Done))
def override(writer: Writer, uid: Uid, new: Override) -> Response:
    """A person decides what a cycle counts as (`manual_override`), with the reason."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        truth.override_event(
            connection, actor, now_ns=now_ns, event_uid=str(uid), reason=new.reason, replace=new.replace
        )
        return Done()

    return writer.answer("override a cycle", work)


@router.delete("/events/{uid}/override", tags=["events"], **writes(Done))
def withdraw(writer: Writer, uid: Uid) -> Response:
    """Make an overridden cycle a complete one again."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        truth.withdraw_override(connection, actor, now_ns=now_ns, event_uid=str(uid))
        return Done()

    return writer.answer("withdraw an override", work)


@router.get("/audit", tags=["audit"])
def audit(
    database: InDatabase,
    from_: From = None,
    to: To = None,
    actor: _ActorQuery = None,
    subject: _SubjectQuery = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> ChangePage:
    """Who changed what, newest first."""
    which = AuditFilter(from_ns=to_ns_or_none(from_), to_ns=to_ns_or_none(to), actor=actor, subject=subject)
    page = audit_rows(database.reading, which, limit=limit, after=after)
    return ChangePage(items=[rows.change(row) for row in page.items], next_after=page.next_key)
