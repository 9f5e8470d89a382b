"""A column of the database is in the pack, or somebody has said why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lbzf_ros.core.errors import StoreError
from lbzf_ros.reports.dataset import columns
from lbzf_ros.reports.dataset.columns import CATEGORY, INTEGER, LEFT_OUT, REPLACED, TABLES, TEXT, TIME
from lbzf_ros.store.dictionary import Column, Table, tables

EVENTS = {name: next(table for table in tables() if table.name == of) for name, of in TABLES.items()}
NEW = Column("posture", "TEXT", True, "", "", (), "", "how the operator sits")


def packed(table: Table, *, personal: bool = False) -> dict[str, columns.PackColumn]:
    found = columns.pack_columns(table, personal=personal, frames=False)
    assert len({column.name for column in found}) == len(found)
    return {column.name: column for column in found}


@pytest.mark.parametrize("table", EVENTS.values(), ids=EVENTS)
def test_every_column_is_in_the_pack_or_left_out_with_a_reason(table: Table) -> None:
    """When this fails after a migration: name the new column in `columns.REPLACED` or `columns.LEFT_OUT`."""
    there, left_out = packed(table), columns.left_out(table, list(packed(table).values()))
    for column in table.columns:
        instead = [new.name for new in REPLACED.get(column.name, ())]
        assert (column.name in there or instead) != (column.name in left_out), column.name
        assert set(instead) <= set(there)
    assert all(left_out.values())


def test_nothing_is_said_about_columns_that_are_not_there() -> None:
    names = {column.name for table in EVENTS.values() for column in table.columns}
    assert names.issuperset({*REPLACED, *LEFT_OUT})


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, TEXT),
        ({"type": "INTEGER"}, INTEGER),
        ({"checks": ("posture IN ('sits', 'stands')",)}, CATEGORY),
        ({"name": "sat_down_ts"}, TIME),
    ],
)
def test_a_new_plain_column_is_in_the_next_pack(change: dict[str, str], kind: str) -> None:
    column = replace(NEW, **change)  # type: ignore[arg-type]
    found = packed(replace(EVENTS["events"], columns=(*EVENTS["events"].columns, column)))
    assert (found[column.name].kind, found[column.name].meaning) == (kind, NEW.meaning)


@pytest.mark.parametrize(
    "change", [{"refers_to": "operators.id"}, {"name": "relabelled_by"}, {"type": "BLOB"}]
)
def test_a_new_column_that_may_name_somebody_has_to_be_thought_about(change: dict[str, str]) -> None:
    table = replace(EVENTS["events"], columns=(replace(NEW, **change),))  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"name it in lbzf_ros/reports/dataset/columns\.py"):
        packed(table)


def test_notes_are_personal() -> None:
    assert "notes" not in packed(EVENTS["events"])
    assert "notes" in packed(EVENTS["events"], personal=True)


def test_units_stand_in_the_names() -> None:
    units = {name: column.unit for name, column in packed(EVENTS["events"]).items()}
    assert units["duration_seconds"] == units["duration_uncertainty_s"] == "s"
    assert units["start_ts"] == "UTC, ms"
    assert units["mean_conf"] == ""
