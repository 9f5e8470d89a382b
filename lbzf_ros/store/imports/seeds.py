"""First rows of a new database, from `db/seeds/`: the modules, and an example of a balanceo.

Nothing that is there is changed, so it may be run as often as you like.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.resources import resource_path
from lbzf_ros.store.imports.balanceo import enter, read_balanceo
from lbzf_ros.store.imports.mapping import Mapping
from lbzf_ros.store.imports.sheets import read_sheet
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import short_text
from lbzf_ros.store.people.entry import Entry, entry
from lbzf_ros.store.standard_times import EXAMPLE, planned
from lbzf_ros.store.timestamps import to_text

_MODULES, _BALANCEOS = "modules.csv", "*_balanceo.csv"
_COLUMNS = ("code", "display_name", "product_reference")


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was added: codes of modules, and references with how many operations."""

    modules: tuple[str, ...]
    operations: tuple[tuple[str, int], ...]


def seed(engine: Engine, actor: Actor, *, now_ns: int, folder: Path | None = None) -> Seeded:
    """Add what the seeds have and the database has not, in one transaction.

    A module is added as not measured (`active` 0) until a plant file has it. The figures of a balanceo are examples:
    they are added only where a reference has no standard time at all, and give way to every other.

    Args:
        engine: of `writing_engine`.
        actor: who does it.
        now_ns: current time.
        folder: the seeds; by default those of this program.

    Raises:
        InvalidValue: a file cannot be read.
        StoreError: the database refused; nothing has changed.
    """
    folder = folder or resource_path("db", "seeds")
    rows = _module_rows(folder / _MODULES)
    balanceos = [read_balanceo(file, Mapping()) for file in sorted(folder.glob(_BALANCEOS))]
    with entry(engine, actor, now_ns, "add the seeds") as making:
        modules = tuple(row["code"] for row in rows if _add_module(making, row))
        operations = []
        for balanceo in balanceos:
            for reference in sorted({time.reference for time in balanceo.times}):
                times = [time for time in balanceo.times if time.reference == reference]
                if _is_unknown(making, reference):
                    for change in planned(making.connection, times):
                        enter(making, change, source=EXAMPLE, notes=f"{balanceo.file.name}: made up")
                    operations.append((reference, len(times)))
    return Seeded(modules, tuple(operations))


def _module_rows(file: Path) -> list[dict[str, str]]:
    head, *lines = read_sheet(file).lines
    if head.cells != _COLUMNS:
        raise InvalidValue(f"{file}: row {head.number}: must be {','.join(_COLUMNS)}")
    return [{name: str(line.cell(column) or "") for column, name in enumerate(_COLUMNS)} for line in lines]


def _add_module(making: Entry, row: dict[str, str]) -> bool:
    code = short_text(row["code"], "module")
    known = text("SELECT 1 FROM modules WHERE code = :code")
    if making.connection.execute(known, {"code": code}).first():
        return False
    now = to_text(making.now_ns)
    values = {
        "code": code,
        "display_name": short_text(row["display_name"], f"name of module {code}"),
        "product_reference": row["product_reference"] or None,
        "active": 0,
        "created_at": now,
        "updated_at": now,
    }
    making.insert("module.create", "modules", values)
    return True


def _is_unknown(making: Entry, reference: str) -> bool:
    query = text("SELECT 1 FROM standard_times WHERE reference = :reference LIMIT 1")
    return making.connection.execute(query, {"reference": reference}).first() is None
