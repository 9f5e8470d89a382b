from __future__ import annotations

from pathlib import Path

import pytest

from lbzf_ros.store.dictionary import Table, markdown, tables

PAGE = Path(__file__).parents[2] / "docs" / "data_dictionary.md"


@pytest.fixture(scope="module")
def by_name() -> dict[str, Table]:
    return {table.name: table for table in tables()}


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == markdown(), "run python -m lbzf_ros.store.dictionary"


def test_every_table_and_column_has_a_meaning(by_name: dict[str, Table]) -> None:
    nameless = [table.name for table in by_name.values() if not table.meaning]
    nameless += [f"{t.name}.{c.name}" for t in by_name.values() for c in t.columns if not c.meaning]
    assert nameless == [], "write a comment behind it in db/migrations"


def test_a_column_says_what_the_database_knows_of_it(by_name: dict[str, Table]) -> None:
    columns = {column.name: column for column in by_name["cycle_events"].columns}
    status, end, zone = columns["status"], columns["end_ts"], columns["roi_version_id"]
    assert (status.type, status.is_null, status.default) == ("TEXT", False, "'in_progress'")
    assert status.checks == ("status IN ('in_progress', 'complete', 'aborted', 'manual_override')",)
    assert end.is_null
    assert end.checks == ("end_ts GLOB '????-??-??T??:??:??.???Z'",)
    assert zone.refers_to == "rois.id"
    assert (columns["id"].key, columns["event_uid"].key, zone.key) == ("primary key", "unique", "")
    assert columns["duration_seconds"].default.startswith("computed: CASE WHEN end_ts IS NULL")
    assert by_name["manual_observations"].columns[2].refers_to == "cycle_events.id on delete set null"


def test_keys_indexes_and_triggers_stand_with_their_table(by_name: dict[str, Table]) -> None:
    assert "UNIQUE (reference, version, operation)" in by_name["standard_times"].keys
    assert (
        "INDEX idx_events_inflight ON cycle_events(status) WHERE status = 'in_progress'"
        in by_name["cycle_events"].indexes
    )
    assert by_name["rois"].triggers[1] == "rois_never_go BEFORE DELETE ON rois"
