"""One entry of one person: a transaction in which every row that changes is audited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.audit import Actor, record
from lbzf_ros.store.people.checks import row_id, short_text, time_text
from lbzf_ros.store.people.errors import NotThere

Bind = Engine | Connection
"""An engine of `writing_engine`, or a connection inside a transaction that somebody else commits."""


@contextmanager
def entry(bind: Bind, actor: Actor, now_ns: int, doing: str) -> Iterator[Entry]:
    """Begin an entry; it is committed at the end, or nothing of it is written.

    Raises:
        StoreError: the database refused; nothing has changed.
    """
    time_text(now_ns, doing)
    if isinstance(bind, Connection):
        yield Entry(bind, actor, now_ns)
        return
    with transaction(bind, doing) as connection:
        yield Entry(connection, actor, now_ns)


@dataclass(frozen=True, slots=True)
class Entry:
    """Changes rows, and audits each. Tables and columns are named by the program, never by who enters."""

    connection: Connection
    actor: Actor
    now_ns: int

    def insert(self, action: str, table: str, values: Mapping[str, object], key: str = "id") -> Any:
        """Add a row; gives its key."""
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        insert = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING *"
        row = dict(self.connection.execute(text(insert), values).mappings().one())
        self.audit(action, f"{table}/{row[key]}", None, row)
        return row[key]

    def update(
        self, action: str, table: str, row_key: object, changes: Mapping[str, object], key: str = "id"
    ) -> bool:
        """Change a row that is there. Nothing is written, and False given, when it is so already."""
        select = text(f"SELECT {', '.join(changes)} FROM {table} WHERE {key} = :row_key")
        before = dict(self.connection.execute(select, {"row_key": row_key}).mappings().one())
        changed = {name: value for name, value in changes.items() if before[name] != value}
        if not changed:
            return False
        names = ", ".join(f"{name} = :{name}" for name in changed)
        update = text(f"UPDATE {table} SET {names} WHERE {key} = :row_key")
        self.connection.execute(update, changed | {"row_key": row_key})
        self.audit(action, f"{table}/{row_key}", {name: before[name] for name in changed}, changed)
        return True

    def delete(self, action: str, table: str, row_key: int) -> None:
        """Take a row away that is there."""
        delete = text(f"DELETE FROM {table} WHERE id = :row_key RETURNING *")
        row = dict(self.connection.execute(delete, {"row_key": row_key}).mappings().one())
        self.audit(action, f"{table}/{row_key}", row, None)

    def audit(
        self,
        action: str,
        subject: str,
        before: Mapping[str, object] | None,
        after: Mapping[str, object] | None,
    ) -> None:
        """Note a change that was made in another way."""
        record(
            self.connection,
            self.actor,
            now_ns=self.now_ns,
            action=action,
            subject=subject,
            before=before,
            after=after,
        )

    def row(self, table: str, row_key: object, what: str) -> dict[str, Any]:
        """A row by its id.

        Raises:
            NotThere: there is none.
        """
        select = text(f"SELECT * FROM {table} WHERE id = :id")
        found = self.connection.execute(select, {"id": row_id(row_key, what)}).mappings().first()
        if found is None:
            raise NotThere(
                f"{what} {row_key}: there is none with this id; read the list again", "entry_unknown"
            )
        return dict(found)


def module_id(connection: Connection, module: object) -> int:
    """Row id of a module by its code.

    Raises:
        NotThere: there is none; the text names those there are.
    """
    code = short_text(module, "module")
    ids = {
        row.code: int(row.id) for row in connection.execute(text("SELECT code, id FROM modules ORDER BY id"))
    }
    if code not in ids:
        raise NotThere(
            f"there is no module {code!r}; the plant has {', '.join(ids) or 'none'}",
            "module_unknown",
            module=code,
        )
    return ids[code]


def station_ids(connection: Connection, module: object) -> dict[str, int]:
    """Row ids of a module's workstations by their codes.

    Raises:
        NotThere: there is no such module.
    """
    query = text("SELECT code, id FROM workstations WHERE module_id = :module ORDER BY id")
    found = connection.execute(query, {"module": module_id(connection, module)})
    return {row.code: int(row.id) for row in found}


def station_id(connection: Connection, module: object, workstation: object) -> int:
    """Row id of a workstation by the codes of its module and itself.

    Raises:
        NotThere: there is none; the text names those there are.
    """
    ids = station_ids(connection, module)
    code = short_text(workstation, "workstation")
    if code not in ids:
        raise NotThere(
            f"there is no workstation {module}/{code[:80]}; the module has {', '.join(ids) or 'none'}",
            "station_unknown",
            module=str(module),
            station=code[:80],
        )
    return ids[code]
