"""The people who work at the stations."""

from __future__ import annotations

from sqlalchemy import Connection, Row, text

from lbzf_ros.store.people.assignments import leave_all_stations
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import notes_text, short_text
from lbzf_ros.store.people.entry import Bind, entry
from lbzf_ros.store.people.errors import Conflict, NotThere

_BY_CODE = "SELECT id, display_name, active FROM operators WHERE external_code = :code"


def create_operator(
    bind: Bind, actor: Actor, *, now_ns: int, external_code: str, display_name: str, notes: str | None = None
) -> int:
    """Add an operator; gives the row id.

    Args:
        bind: where to write.
        actor: who enters it.
        now_ns: current time.
        external_code: as the plant knows the person; unique.
        display_name: for people.
        notes: anything else.

    Raises:
        InvalidValue: a text cannot be.
        Conflict: the code is taken.
        StoreError: the database refused.
    """
    values = {
        "external_code": short_text(external_code, "operator code"),
        "display_name": short_text(display_name, "operator name"),
        "notes": notes_text(notes, "operator notes"),
    }
    with entry(bind, actor, now_ns, "create an operator") as making:
        _check_free(making.connection, external_code)
        return int(making.insert("operator.create", "operators", values))


def rename_operator(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    external_code: str,
    display_name: str,
    new_code: str | None = None,
    notes: str | None = None,
) -> None:
    """Change what an operator is called, and notes; `new_code` None: the code stays.

    Raises:
        InvalidValue: a text cannot be.
        NotThere: nobody has this code.
        Conflict: the new code is taken.
        StoreError: the database refused.
    """
    changes = {
        "external_code": short_text(external_code if new_code is None else new_code, "operator code"),
        "display_name": short_text(display_name, "operator name"),
        "notes": notes_text(notes, "operator notes"),
    }
    with entry(bind, actor, now_ns, "rename an operator") as making:
        row = operator_of(making.connection, external_code)
        if changes["external_code"] != short_text(external_code, "operator code"):
            _check_free(making.connection, changes["external_code"])
        making.update("operator.rename", "operators", row.id, changes)


def activate_operator(bind: Bind, actor: Actor, *, now_ns: int, external_code: str, active: bool) -> None:
    """Make an operator assignable or not. Who no longer is leaves every station now; the cycles until then stay.

    Raises:
        InvalidValue: the code cannot be one.
        NotThere: nobody has this code.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "activate an operator" if active else "deactivate an operator") as making:
        row = operator_of(making.connection, external_code)
        action = "operator.activate" if active else "operator.deactivate"
        making.update(action, "operators", row.id, {"active": int(active)})
        if not active:
            leave_all_stations(making, row.id)


def operator_of(connection: Connection, external_code: object) -> Row[tuple[int, str, int]]:
    """Row id, name and activity of whoever has a code.

    Raises:
        NotThere: nobody has it.
    """
    code = short_text(external_code, "operator code")
    found = connection.execute(text(_BY_CODE), {"code": code}).first()
    if found is None:
        raise NotThere(
            f"nobody has the operator code {code!r}; list the operators to see the codes there are",
            "operator_unknown",
            operator=code,
        )
    return found


def _check_free(connection: Connection, external_code: object) -> None:
    code = short_text(external_code, "operator code")
    found = connection.execute(text(_BY_CODE), {"code": code}).first()
    if found is not None:
        state = "" if found.active else ", who is no longer active"
        raise Conflict(
            f"operator code {code!r} is that of {found.display_name}{state}; give another code",
            "operator_taken",
            operator=code,
            name=found.display_name,
        )
