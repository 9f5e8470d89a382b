"""Lost time (tiempo perdido): the plant's codes, which come from its file, and what is marked with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import before_start, notes_text, short_text, span_text, time_text
from lbzf_ros.store.people.entry import Bind, Entry, entry, module_id, station_id
from lbzf_ros.store.people.errors import Conflict, NotThere
from lbzf_ros.store.people.shifts import SHIFT_AT

MAX_CODES = 22
"""Most codes that a plant may use at a time."""

_CODES = "SELECT code, display_name, active FROM lost_time_codes ORDER BY code"
_TABLE = "lost_time_events"
_SHIFT = "SELECT " + SHIFT_AT.format(module=":module", start=":start")


@dataclass(frozen=True, slots=True)
class LostTimeCode:
    """A reason for lost time: the plant's code and what people read."""

    code: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTime:
    """What people say about lost time.

    Attributes:
        code: one of those in use.
        start_ns: when it began.
        end_ns: when it ended; None: it goes on.
        notes: anything else.
    """

    code: str
    start_ns: int
    end_ns: int | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChanges:
    """Which codes an import added, renamed or brought back, and took out of use."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]


def sync_lost_time_codes(
    bind: Bind, codes: Sequence[LostTimeCode], actor: Actor, *, now_ns: int
) -> CodeChanges:
    """Use exactly the codes of the plant's file. Others become inactive, so that what they mark keeps its name.

    Args:
        bind: where to write.
        codes: of the file; at most `MAX_CODES`.
        actor: who brings them in.
        now_ns: current time.

    Raises:
        InvalidValue: none, too many, one twice, or a text cannot be.
        StoreError: the database refused.
    """
    wanted = _wanted(codes)
    with entry(bind, actor, now_ns, "read in the codes of lost time") as making:
        there = {row.code: row for row in making.connection.execute(text(_CODES))}
        added = [code for code in wanted if code not in there]
        for code in added:
            values = {"code": code, "display_name": wanted[code]}
            making.insert("lost_time_code.create", "lost_time_codes", values, key="code")
        changed = [
            code
            for code in wanted
            if code in there and _update_code(making, code, {"display_name": wanted[code], "active": 1})
        ]
        retired = [code for code in there if code not in wanted and _update_code(making, code, {"active": 0})]
    return CodeChanges(added=tuple(added), changed=tuple(changed), retired=tuple(retired))


def mark_lost_time(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    module: str,
    workstation: str | None,
    lost: LostTime,
) -> int:
    """Mark lost time; gives its row id.

    Args:
        bind: where to write.
        actor: who enters it.
        now_ns: current time.
        module: code.
        workstation: code; None: the whole module.
        lost: what was lost.

    Raises:
        InvalidValue: a time or a text cannot be, or the code is not in use; the text names those that are.
        NotThere: no such module or workstation.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "mark lost time") as making:
        module_row = module_id(making.connection, module)
        station = None if workstation is None else station_id(making.connection, module, workstation)
        values = _values(making.connection, module_row, lost)
        values |= {"module_id": module_row, "workstation_id": station}
        return int(making.insert("lost_time.mark", _TABLE, values))


def end_lost_time(bind: Bind, actor: Actor, *, now_ns: int, lost_time_id: int, end_ns: int) -> None:
    """Marked lost time is over.

    Raises:
        InvalidValue: the end cannot be.
        NotThere: nothing with this id.
        Conflict: it was over already, at another time.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "end lost time") as making:
        row = making.row(_TABLE, lost_time_id, "lost time")
        end = time_text(end_ns, "lost time: end")
        if row["end_ts"] not in (None, end):
            raise Conflict(
                f"lost time {lost_time_id} was over at {row['end_ts']} already; correct it instead",
                "already_ended",
                end=row["end_ts"],
            )
        if end <= row["start_ts"]:
            raise before_start("lost time", row["start_ts"], end)
        making.update("lost_time.end", _TABLE, lost_time_id, {"end_ts": end})


def correct_lost_time(bind: Bind, actor: Actor, *, now_ns: int, lost_time_id: int, lost: LostTime) -> None:
    """Put other figures in the place of what was marked. A code that it has already may be out of use.

    Raises:
        InvalidValue: a time or a text cannot be, or the code is not in use.
        NotThere: nothing with this id.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "correct lost time") as making:
        row = making.row(_TABLE, lost_time_id, "lost time")
        kept = row["code"] if short_text(lost.code, "lost-time code") == row["code"] else None
        values = _values(making.connection, row["module_id"], lost, kept=kept)
        making.update("lost_time.correct", _TABLE, lost_time_id, values)


def remove_lost_time(bind: Bind, actor: Actor, *, now_ns: int, lost_time_id: int) -> None:
    """Take back what was marked; the audit trail keeps it.

    Raises:
        NotThere: nothing with this id.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "remove lost time") as making:
        making.row(_TABLE, lost_time_id, "lost time")
        making.delete("lost_time.remove", _TABLE, lost_time_id)


def check_code(connection: Connection, code: object) -> str:
    """A code that is in use.

    Raises:
        NotThere: it is not; the text names those that are.
    """
    asked = short_text(code, "lost-time code")
    in_use = [row.code for row in connection.execute(text(_CODES)) if row.active]
    if asked not in in_use:
        allowed = ", ".join(in_use) or "none yet: read in the plant's file of codes"
        raise NotThere(
            f"lost-time code {asked!r} is not in use; allowed are {allowed}",
            "lost_time_code_unknown",
            code=asked,
        )
    return asked


def _values(
    connection: Connection, module: int, lost: LostTime, *, kept: str | None = None
) -> dict[str, object]:
    start, end = span_text(lost.start_ns, lost.end_ns, "lost time")
    return {
        "code": kept or check_code(connection, lost.code),
        "start_ts": start,
        "end_ts": end,
        "shift_id": connection.execute(text(_SHIFT), {"module": module, "start": start}).scalar_one(),
        "notes": notes_text(lost.notes, "lost time: notes"),
    }


def _wanted(codes: Sequence[LostTimeCode]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for item in codes:
        code = short_text(item.code, "lost-time code")
        if code in wanted:
            raise InvalidValue(f"lost-time code {code!r} is listed twice; each may be there once")
        wanted[code] = short_text(item.display_name, f"name of lost-time code {code}")
    if not 1 <= len(wanted) <= MAX_CODES:
        raise InvalidValue(f"{len(wanted)} lost-time codes; 1 to {MAX_CODES} are allowed")
    return wanted


def _update_code(making: Entry, code: str, changes: dict[str, object]) -> bool:
    action = "lost_time_code.change" if changes["active"] else "lost_time_code.retire"
    return making.update(action, "lost_time_codes", code, changes, key="code")
