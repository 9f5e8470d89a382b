from __future__ import annotations

import pytest
from sqlalchemy import Engine

from lbzf_ros.store.people import operators
from lbzf_ros.store.people.errors import Conflict
from lbzf_ros.store.people.reading import PeopleReader
from test.store.people.entries import (
    ENGINEER,
    NOON_NS,
    count,
    last_change,
    make_operator,
    with_operators,
)


def test_an_operator_is_created_renamed_deactivated(plant: Engine, people: PeopleReader) -> None:
    row_id = make_operator(plant, notes="turno de la mañana")
    (row,) = people.operators().items
    assert (row.id, row.external_code, row.display_name, row.active) == (row_id, "OP-17", "Ana Peña", True)
    assert last_change(plant)[:3] == ("operator.create", f"operators/{row_id}", None)

    operators.rename_operator(
        plant, ENGINEER, now_ns=NOON_NS, external_code="OP-17", display_name="Ana Gómez", new_code="OP-18"
    )
    assert last_change(plant)[2:] == (
        {"external_code": "OP-17", "display_name": "Ana Peña", "notes": "turno de la mañana"},
        {"external_code": "OP-18", "display_name": "Ana Gómez", "notes": None},
    )
    operators.activate_operator(plant, ENGINEER, now_ns=NOON_NS, external_code="OP-18", active=False)
    assert last_change(plant)[2:] == ({"active": 1}, {"active": 0})
    found = people.operator("OP-18")
    assert found is not None
    assert (found.display_name, found.active, found.erased_ns) == ("Ana Gómez", False, None)
    assert people.operator("OP-17") is None


def test_a_code_that_is_taken_is_refused_with_the_name(plant: Engine) -> None:
    make_operator(plant)
    with pytest.raises(Conflict, match="'OP-17' is that of Ana Peña"):
        make_operator(plant, display_name="Otra")
    make_operator(plant, external_code="OP-18")
    with pytest.raises(Conflict, match="OP-17"):
        operators.rename_operator(
            plant,
            ENGINEER,
            now_ns=NOON_NS,
            external_code="OP-18",
            display_name="Otra",
            new_code="OP-17",
        )
    assert count(plant, "operators") == 2


def test_operators_come_in_pages(plant: Engine, people: PeopleReader) -> None:
    with_operators(plant, *(f"OP-{number}" for number in range(5)))
    first = people.operators(limit=3)
    second = people.operators(limit=3, after=first.next_key)
    assert first.items + second.items == people.operators().items
    assert second.next_key is None
