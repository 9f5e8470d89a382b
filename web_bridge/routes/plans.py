"""Targets, production orders, thresholds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from lbzf_ros.store.people import orders as op
from lbzf_ros.store.people import targets as meta
from lbzf_ros.store.people import thresholds as limits
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.timestamps import to_text
from web_bridge.routes.parameters import (
    DEFAULT_PAGE,
    After,
    IdPath,
    InContext,
    InDatabase,
    InSpan,
    Limit,
    ModuleNeeded,
    ModulePath,
)
from web_bridge.rows import text_or_none
from web_bridge.schemas.entering import Done, Made, to_ns, to_ns_or_none
from web_bridge.schemas.people import Ending
from web_bridge.schemas.plans import (
    DATE,
    DayTarget,
    HourTarget,
    Order,
    OrderChange,
    OrderNew,
    OrderPage,
    Target,
    TargetPage,
    Thresholds,
    ThresholdsChange,
)
from web_bridge.writing import Writer, writes

router = APIRouter(tags=["plans"])


@router.get("/targets")
def targets(
    database: InDatabase,
    module: ModuleNeeded,
    date: Annotated[str, Query(pattern=DATE, description="Local day.", examples=["2026-07-15"])],
) -> TargetPage:
    """Targets (metas) of a module on a day: those that were entered. What counts is in the hour board."""
    found = meta.targets_of_day(database.reading, module=module, date=date)
    items = [
        Target(id=row.id, module=row.module, date=row.date, hour=text_or_none(row.hour_ns), units=row.units)
        for row in found
    ]
    return TargetPage(items=items, next_after=None)


@router.put("/targets/hour", **writes(Made))
def set_hour_target(writer: Writer, context: InContext, new: HourTarget) -> Response:
    """Enter the target of an hour, or another in its place."""
    return writer.answer(
        "enter a target",
        lambda connection, actor, now_ns: Made(
            id=meta.set_hour_target(
                connection,
                actor,
                now_ns=now_ns,
                time_zone=context.time_zone,
                module=new.module,
                hour_ns=to_ns(new.hour),
                units=new.units,
            )
        ),
    )


@router.put("/targets/day", **writes(Made))
def set_day_target(writer: Writer, new: DayTarget) -> Response:
    """Enter the target of a day, or another in its place."""
    return writer.answer(
        "enter a target",
        lambda connection, actor, now_ns: Made(
            id=meta.set_day_target(
                connection, actor, now_ns=now_ns, module=new.module, date=new.date, units=new.units
            )
        ),
    )


@router.delete("/targets/{id}", **writes(Done))
def remove_target(writer: Writer, id: IdPath) -> Response:  # noqa: A002
    """Take back a target."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        meta.remove_target(connection, actor, now_ns=now_ns, target_id=id)
        return Done()

    return writer.answer("remove a target", work)


@router.get("/production-orders")
def production_orders(
    database: InDatabase, span: InSpan, limit: Limit = DEFAULT_PAGE, after: After = None
) -> OrderPage:
    """Production orders (OP) on which a module works in a span of time."""
    page = op.orders(
        database.reading,
        module=span.module,
        from_ns=span.from_ns,
        to_ns=span.to_ns,
        limit=limit,
        after=after,
    )
    items = [
        Order(
            id=row.id,
            module=row.module,
            code=row.code,
            reference=row.reference,
            units=row.units,
            start=to_text(row.start_ns),
            end=text_or_none(row.end_ns),
        )
        for row in page.items
    ]
    return OrderPage(items=items, next_after=page.next_key)


@router.post("/production-orders", **writes(Made, status=201))
def start_order(writer: Writer, new: OrderNew) -> Response:
    """The module changes to an order; the one before ends there."""
    return writer.answer(
        "start a production order",
        lambda connection, actor, now_ns: Made(
            id=op.start_order(connection, actor, now_ns=now_ns, module=new.module, order=_order(new))
        ),
        status=201,
    )


@router.put("/production-orders/{id}", **writes(Done))
def correct_order(writer: Writer, id: IdPath, new: OrderChange) -> Response:  # noqa: A002
    """Put other figures in the place of what was entered."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        op.correct_order(connection, actor, now_ns=now_ns, order_id=id, order=_order(new))
        return Done()

    return writer.answer("correct a production order", work)


@router.post("/production-orders/{id}/end", **writes(Done))
def end_order(writer: Writer, id: IdPath, ending: Ending) -> Response:  # noqa: A002
    """The module no longer works on an order, and on no other yet."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        op.end_order(connection, actor, now_ns=now_ns, order_id=id, end_ns=to_ns(ending.end))
        return Done()

    return writer.answer("end a production order", work)


@router.delete("/production-orders/{id}", **writes(Done))
def remove_order(writer: Writer, id: IdPath) -> Response:  # noqa: A002
    """Take back an order that was entered."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        op.remove_order(connection, actor, now_ns=now_ns, order_id=id)
        return Done()

    return writer.answer("remove a production order", work)


@router.get("/modules/{module}/thresholds")
def thresholds(context: InContext, database: InDatabase, module: ModulePath) -> Thresholds:
    """Thresholds (umbrales) that count for a module."""
    defaults = context.rules.thresholds
    found = limits.thresholds_of(database.reading, module=module, defaults=defaults)
    return Thresholds(module=module, set_here=list(found.set_here), **asdict(found.thresholds))


@router.put("/modules/{module}/thresholds", **writes(Done))
def set_thresholds(writer: Writer, context: InContext, module: ModulePath, new: ThresholdsChange) -> Response:
    """Set thresholds of a module."""

    def work(connection: Connection, actor: Actor, now_ns: int) -> Done:
        limits.set_thresholds(
            connection,
            actor,
            now_ns=now_ns,
            module=module,
            values=new.model_dump(exclude_unset=True),
            defaults=context.rules.thresholds,
        )
        return Done()

    return writer.answer("set thresholds", work)


def _order(new: OrderChange) -> op.ProductionOrder:
    return op.ProductionOrder(
        code=new.code,
        start_ns=to_ns(new.start),
        end_ns=to_ns_or_none(new.end),
        reference=new.reference,
        units=new.units,
    )
