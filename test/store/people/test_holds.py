from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people import holds
from lbzf_ros.store.people.errors import Conflict
from lbzf_ros.store.people.reading import PeopleReader
from test.store.people.entries import (
    ENGINEER,
    NOON_NS,
    at,
    count,
    hold,
    last_change,
)


def test_video_is_held_and_released(plant: Engine, people: PeopleReader) -> None:
    row_id = hold(plant)
    (row,) = people.open_holds().items
    assert (row.id, row.camera, row.kind, row.reason) == (row_id, "cam1", "label", "to be labelled")
    assert (row.start_ns, row.end_ns, row.held_by) == (at(0), at(10), ENGINEER.name)
    holds.release_video(plant, ENGINEER, now_ns=NOON_NS, hold_id=row_id)
    assert people.open_holds().items == ()
    assert last_change(plant)[:2] == ("video.release", f"video_holds/{row_id}")
    with pytest.raises(Conflict, match="already"):
        holds.release_video(plant, ENGINEER, now_ns=NOON_NS, hold_id=row_id)


@pytest.mark.parametrize(
    "changes",
    [
        {"camera": "cam9"},
        {"kind": "whim"},
        {"kind": None},
        {"reason": ""},
        {"end_ns": at(-1)},
        {"end_ns": None},
    ],
)
def test_a_hold_that_cannot_be_is_refused(plant: Engine, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        hold(plant, **changes)
    assert count(plant, "video_holds") == 0
