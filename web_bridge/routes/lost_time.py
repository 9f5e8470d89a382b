"""Lost time (tiempo perdido) and the plant's codes for it."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from lbzf_ros.store.people import lost_time as lost
from lbzf_ros.store.people.audit import Actor
from web_bridge import people_rows as rows
from web_bridge.routes.parameters import DEFAULT_PAGE, After, IdPath, InSpan, Limit, People
from web_bridge.schemas.entering import Done, Made, to_ns, to_ns_or_none
from web_bridge.schemas.entries import LostTimeChange, LostTimeCodePage, LostTimeNew, LostTimePage
from web_bridge.schemas.people import Ending
from web_bridge.writing import Writer, writes

router = APIRouter(tags=["lost time"])


@router.get("/lost-time-codes")
def codes(people: People) -> LostTimeCodePage:
    """The plant's codes, also those that are no longer in its file."""
    return LostTimeCodePage(items=[rows.code(row) for row in people.lost_time_codes()], next_after=None)


@router.get("/lost-time")
def lost_time(people: People, span: InSpan, limit: Limit = DEFAULT_PAGE, after: After = None) -> LostTimePage:
    """Lost time of a module and its stations that began in a span of time."""
    page = people.lost_time(
        module=span.module, from_ns=span.from_ns, to_ns=span.to_ns, limit=limit, after=after
    )
    return LostTimePage(items=[rows.lost_time(row) for row in page.items], next_after=page.next_key)


@router.post("/lost-time", **writes(Made, status=201))
def mark(writer: Writer, new: LostTimeNew) -> Response:
    """Mark lost time."""
    return writer.answer(
        "mark lost time",
        lambda connection, actor, now_ns: Made(
            id=lost.mark_lost_time(
                connection,
                actor,
                now_ns=now_ns,
                module=new.module,
                workstation=new.workstation,
                lost=_lost(new),
            )
        ),
        status=201,
    )


@router.put("/lost-time/{id}", **writes(Done))
def correct(writer: Writer, id: IdPath, new: LostTimeChange) -> Response:  # noqa: A002
    """Put other figures in the place of what was marked."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        lost.correct_lost_time(connection, actor, now_ns=now_ns, lost_time_id=id, lost=_lost(new))
        return Done()

    return writer.answer("correct lost time", work)


@router.post("/lost-time/{id}/end", **writes(Done))
def end(writer: Writer, id: IdPath, ending: Ending) -> Response:  # noqa: A002
    """Marked lost time is over."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        lost.end_lost_time(connection, actor, now_ns=now_ns, lost_time_id=id, end_ns=to_ns(ending.end))
        return Done()

    return writer.answer("end lost time", work)


@router.delete("/lost-time/{id}", **writes(Done))
def remove(writer: Writer, id: IdPath) -> Response:  # noqa: A002
    """Take back what was marked."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        lost.remove_lost_time(connection, actor, now_ns=now_ns, lost_time_id=id)
        return Done()

    return writer.answer("remove lost time", work)


def _lost(new: LostTimeChange) -> lost.LostTime:
    return lost.LostTime(
        code=new.code, start_ns=to_ns(new.start), end_ns=to_ns_or_none(new.end), notes=new.notes
    )
