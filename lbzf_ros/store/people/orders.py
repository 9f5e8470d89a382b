"""Production orders (OP): on which one a module works from when to when; at any time at most on one.

`cycle_events.ref_op_order` always says the same: cycles follow in the transaction that changes an order, and the writer
of cycles uses the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import before_start, nanoseconds, short_text, shown, span_text, time_text
from lbzf_ros.store.people.entry import Bind, Entry, entry, module_id
from lbzf_ros.store.people.errors import Conflict
from lbzf_ros.store.people.paging import MAX_PAGE, page_limit, time_key
from lbzf_ros.store.rows import Page
from lbzf_ros.store.timestamps import from_text, to_text

ORDER_AT = """(
  SELECT CASE WHEN end_ts IS NULL OR end_ts > {start} THEN code END FROM production_orders
  WHERE module_id = {module} AND start_ts <= {start} ORDER BY start_ts DESC LIMIT 1)"""
"""SQL of the order on which a module works, to be formatted with `module` (row id) and `start` (text)."""

_RULE = ORDER_AT.format(module=":module", start="cycle_events.start_ts")
_FOLLOW = f"""
UPDATE cycle_events SET ref_op_order = {_RULE}
WHERE workstation_id IN (SELECT id FROM workstations WHERE module_id = :module)
  AND start_ts >= :start AND start_ts < coalesce(:end, '9999') AND ref_op_order IS NOT {_RULE}
"""
MAX_UNITS = 1_000_000_000
_TABLE = "production_orders"
_COLUMNS = "id, code, reference, units, start_ts, end_ts"
_OF_SPAN = f"""
SELECT {_COLUMNS} FROM production_orders
WHERE module_id = :module AND start_ts < :to AND coalesce(end_ts, '9999') > :from
  AND (start_ts, id) > (:key_start, :key_id)
ORDER BY start_ts, id LIMIT :limit
"""
_OVERLAP = """
SELECT id, code, start_ts, end_ts FROM production_orders
WHERE module_id = :module AND id IS NOT :but AND start_ts < coalesce(:end, '9999')
  AND coalesce(end_ts, '9999') > :start
ORDER BY start_ts
"""
_NEXT_START = "SELECT min(start_ts) FROM production_orders WHERE module_id = :module AND start_ts > :start"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionOrder:
    """What people say about a production order.

    Attributes:
        code: the plant's number, e.g. OP-2026-0712.
        start_ns: from when the module works on it.
        end_ns: until when; None: not known yet.
        reference: product; selects the standard times; None: that of the module in the plant file.
        units: how many are ordered; None: not known.
    """

    code: str
    start_ns: int
    end_ns: int | None = None
    reference: str | None = None
    units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """A production order of a module; `end_ns` None: still."""

    id: int
    module: str
    code: str
    reference: str | None
    units: int | None
    start_ns: int
    end_ns: int | None


def start_order(bind: Bind, actor: Actor, *, now_ns: int, module: str, order: ProductionOrder) -> int:
    """The module changes to an order; gives its row id. The one before ends there; the next one, if any, ends this.

    Raises:
        InvalidValue: a time, a text or a number cannot be.
        NotThere: no such module.
        Conflict: an order begins at the same time, or before the given end.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "start a production order") as making:
        module_row = module_id(making.connection, module)
        values = _values(order)
        if values["end_ts"] is None:
            span = {"module": module_row, "start": values["start_ts"]}
            values["end_ts"] = making.connection.execute(text(_NEXT_START), span).scalar_one()
        for other in _overlapping(making, module_row, values, but=None):
            if other["start_ts"] >= values["start_ts"] or other["end_ts"] is not None:
                raise _conflict(values, other)
            making.update("order.end", _TABLE, other["id"], {"end_ts": values["start_ts"]})
        order_id = int(making.insert("order.start", _TABLE, {"module_id": module_row, **values}))
        _follow(making, module_row, values["start_ts"], values["end_ts"])
        return order_id


def end_order(bind: Bind, actor: Actor, *, now_ns: int, order_id: int, end_ns: int) -> None:
    """The module no longer works on an order, and on no other yet.

    Raises:
        InvalidValue: the end cannot be.
        NotThere: no such order.
        Conflict: it has ended already, at another time.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "end a production order") as making:
        row = making.row(_TABLE, order_id, "production order")
        end = time_text(end_ns, "production order: end")
        if row["end_ts"] not in (None, end):
            raise Conflict(
                f"production order {row['code']} ended at {row['end_ts']} already; correct it instead",
                "already_ended",
                end=row["end_ts"],
            )
        if end <= row["start_ts"]:
            raise before_start("production order", row["start_ts"], end)
        making.update("order.end", _TABLE, order_id, {"end_ts": end})
        _follow(making, row["module_id"], end, None)


def correct_order(bind: Bind, actor: Actor, *, now_ns: int, order_id: int, order: ProductionOrder) -> None:
    """Put other figures in the place of what was entered.

    Raises:
        InvalidValue: a time, a text or a number cannot be.
        NotThere: no such order.
        Conflict: another order of the module overlaps.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "correct a production order") as making:
        row = making.row(_TABLE, order_id, "production order")
        values = _values(order)
        for other in _overlapping(making, row["module_id"], values, but=order_id):
            raise _conflict(values, other)
        making.update("order.correct", _TABLE, order_id, values)
        ends = row["end_ts"], values["end_ts"]
        last = None if None in ends else max(ends)
        _follow(making, row["module_id"], min(row["start_ts"], values["start_ts"]), last)


def remove_order(bind: Bind, actor: Actor, *, now_ns: int, order_id: int) -> None:
    """Take back an order that was entered.

    Raises:
        NotThere: no such order.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "remove a production order") as making:
        row = making.row(_TABLE, order_id, "production order")
        making.delete("order.remove", _TABLE, order_id)
        _follow(making, row["module_id"], row["start_ts"], row["end_ts"])


def orders(
    engine: Engine, *, module: str, from_ns: int, to_ns: int, limit: int = MAX_PAGE, after: str | None = None
) -> Page[OrderRow]:
    """Orders on which a module works in from_ns <= time < to_ns, by start.

    Raises:
        InvalidValue: no such module (`NotThere`), a time or a key cannot be.
    """
    wanted = page_limit(limit)
    start, row_id = ("", 0) if after is None else time_key(after)
    with transaction(engine, "read production orders") as connection:
        found = _rows(
            connection, module_id(connection, module), module, from_ns, to_ns, wanted + 1, start, row_id
        )
    items = found[:wanted]
    key = f"{to_text(items[-1].start_ns)}~{items[-1].id}" if len(found) > wanted else None
    return Page(items, key)


def orders_in(
    connection: Connection, module_row: int, module: str, from_ns: int, to_ns: int
) -> tuple[OrderRow, ...]:
    """The same inside a transaction, by the module's row id, and all of them (at most 10,000)."""
    return _rows(connection, module_row, module, from_ns, to_ns, 10_000, "", 0)


def _rows(
    connection: Connection,
    module_row: int,
    module: str,
    from_ns: int,
    to_ns: int,
    limit: int,
    start: str,
    row_id: int,
) -> tuple[OrderRow, ...]:
    values = {
        "module": module_row,
        "from": to_text(from_ns),
        "to": to_text(to_ns),
        "limit": limit,
        "key_start": start,
        "key_id": row_id,
    }
    return tuple(
        OrderRow(
            id=row["id"],
            module=module,
            code=row["code"],
            reference=row["reference"],
            units=row["units"],
            start_ns=from_text(row["start_ts"]),
            end_ns=nanoseconds(row["end_ts"]),
        )
        for row in connection.execute(text(_OF_SPAN), values).mappings()
    )


def _values(order: ProductionOrder) -> dict[str, Any]:
    start, end = span_text(order.start_ns, order.end_ns, "production order")
    return {
        "code": short_text(order.code, "production order: code"),
        "reference": None
        if order.reference is None
        else short_text(order.reference, "production order: reference"),
        "units": _units(order.units),
        "start_ts": start,
        "end_ts": end,
    }


def _units(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_UNITS:
        raise InvalidValue(
            f"production order: {shown(value)} units must be a whole number from 1 to {MAX_UNITS}",
            "out_of_range",
            least=1,
            most=MAX_UNITS,
        )
    return value


def _overlapping(
    making: Entry, module_row: int, values: dict[str, Any], *, but: int | None
) -> list[dict[str, Any]]:
    asked = {"module": module_row, "start": values["start_ts"], "end": values["end_ts"], "but": but}
    return [dict(row) for row in making.connection.execute(text(_OVERLAP), asked).mappings()]


def _follow(making: Entry, module_row: int, start: str, end: str | None) -> None:
    """Give the cycles that began in a span the order that is entered."""
    making.connection.execute(text(_FOLLOW), {"module": module_row, "start": start, "end": end})


def _conflict(values: dict[str, Any], other: dict[str, Any]) -> Conflict:
    there = f"{other['code']}, {other['start_ts']} to {other['end_ts'] or 'now'}"
    return Conflict(
        f"production order {values['code']} from {values['start_ts']} overlaps {there}; correct one of the two",
        "order_overlaps",
        order=other["code"],
        start=other["start_ts"],
        end=other["end_ts"],
    )
