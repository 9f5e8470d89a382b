"""Thresholds (umbrales) of a module that the engineer sets; where he sets none, those of the plant file count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

from sqlalchemy import Connection, Engine, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.indicators.status import Thresholds
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import shown
from lbzf_ros.store.people.entry import Bind, entry, module_id

MAX_PERCENT = 300.0
NAMES = tuple(field.name for field in fields(Thresholds))
"""Names of the thresholds; also the columns."""

_TABLE = "module_thresholds"
_READ = f"SELECT {', '.join(NAMES)} FROM {_TABLE} WHERE module_id = :module"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleThresholds:
    """Thresholds of a module: what counts, and which of them somebody has set."""

    module: str
    thresholds: Thresholds
    set_here: tuple[str, ...]


def set_thresholds(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    module: str,
    values: Mapping[str, float | None],
    defaults: Thresholds,
) -> None:
    """Set thresholds of a module, percent.

    Args:
        bind: where to write.
        actor: who sets them.
        now_ns: current time.
        module: code.
        values: by name (`NAMES`); None: back to the plant file's; names that are not in it stay as they are.
        defaults: those of the plant file.

    Raises:
        InvalidValue: an unknown name, a number that cannot be, or a yellow one above its green one.
        NotThere: no such module.
        StoreError: the database refused.
    """
    wanted = {name: _percent(name, value) for name, value in values.items()}
    with entry(bind, actor, now_ns, "set thresholds") as making:
        module_row = module_id(making.connection, module)
        there = _own(making.connection, module_row)
        _check_order(_counting(defaults, (there or {}) | wanted))
        if there is None:
            making.insert(
                "thresholds.set",
                _TABLE,
                {"module_id": module_row, **dict.fromkeys(NAMES), **wanted},
                "module_id",
            )
        elif wanted:
            making.update("thresholds.set", _TABLE, module_row, wanted, "module_id")


def thresholds_of(engine: Engine, *, module: str, defaults: Thresholds) -> ModuleThresholds:
    """What counts for a module.

    Raises:
        NotThere: no such module.
    """
    with transaction(engine, "read thresholds") as connection:
        return thresholds_in(connection, module_id(connection, module), module, defaults)


def thresholds_in(
    connection: Connection, module_row: int, module: str, defaults: Thresholds
) -> ModuleThresholds:
    """The same inside a transaction, by the module's row id."""
    own = _own(connection, module_row) or {}
    set_here = tuple(name for name, value in own.items() if value is not None)
    return ModuleThresholds(module=module, thresholds=_counting(defaults, own), set_here=set_here)


def _own(connection: Connection, module_row: int) -> dict[str, float | None] | None:
    row = connection.execute(text(_READ), {"module": module_row}).mappings().first()
    return None if row is None else dict(row)


def _counting(defaults: Thresholds, own: Mapping[str, float | None]) -> Thresholds:
    return replace(defaults, **{name: value for name, value in own.items() if value is not None})


def _percent(name: object, value: object) -> float | None:
    if name not in NAMES:
        raise InvalidValue(f"threshold {shown(name)} is unknown; allowed are {', '.join(NAMES)}")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidValue(
            f"threshold {name}: {shown(value)} must be a number, percent", "not_a_number", field=str(name)
        )
    low, high = (0.0, 100.0) if name == "min_coverage" else (1.0, MAX_PERCENT)
    if not (low <= value <= high and math.isfinite(value)):
        raise InvalidValue(
            f"threshold {name}: {shown(value)} % must be {low:g} to {high:g}",
            "out_of_range",
            field=str(name),
            least=low,
            most=high,
        )
    return float(value)


def _check_order(counting: Thresholds) -> None:
    values = asdict(counting)
    for name in ("pace", "target", "efficiency"):
        green, yellow = values[f"{name}_green"], values[f"{name}_yellow"]
        if yellow > green:
            raise InvalidValue(
                f"threshold {name}_yellow {yellow:g} % must not be above {name}_green {green:g} %",
                "threshold_order",
                field=f"{name}_yellow",
                yellow=yellow,
                green=green,
            )
