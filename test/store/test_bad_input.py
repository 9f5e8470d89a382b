"""What can never become a row: each case gets a typed error or is kept among the refused, and nothing gets in half."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, ModelInfo, RoiSet, event_uid
from lbzf_ros.store.engine import DATABASE_NAME, transaction, writing_engine
from lbzf_ros.store.event_json import event_from_json
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.reader import CycleFilter, StoreReader
from lbzf_ros.store.timestamps import END_TS, FIRST_TS, from_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MODEL, MORNING_NS, cycle, plant_data, plant_of
from web_bridge.routes.parameters import From

START, END, REJECT, ABORT = EventKind.START, EventKind.END, EventKind.REJECT, EventKind.ABORT
RECEIVED_NS = MORNING_NS + 60 * NS_PER_S
RECEIVED_TS = "2026-07-15T13:31:51.000Z"


@pytest.fixture
def writer(engine: Engine, roi_sets: dict[str, RoiSet]) -> EventWriter:
    return EventWriter(engine)


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database for many examples."""
    path = tmp_path_factory.mktemp("refused") / DATABASE_NAME
    migrate(path, now_ns=MORNING_NS)
    engine = writing_engine(path)
    yield engine
    engine.dispose()


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with transaction(engine, "read") as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def refused_rows(engine: Engine) -> list[tuple[Any, ...]]:
    return rows(engine, "SELECT event_uid, kind, event_json, error, received_at FROM cycle_events_refused")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * NS_PER_S


LONG = "ñ" * 1_000_000
SURROGATE = "\ud800"

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "workstation": (
        {"workstation": "PUESTO_99"},
        "no workstation ANGELA/PUESTO_99; the plant has ANGELA/PUE",
    ),
    "module": ({"module": "EMPAQUE"}, "no workstation EMPAQUE/PUESTO_01"),
    "camera": ({"camera": "cam9"}, "no camera 'cam9'; the plant has ANGELA/cam1"),
    "zone": ({"roi_version_id": 99}, "no zone with roi_version_id 99"),
    "zone-beyond-64-bits": ({"roi_version_id": 2**64}, "no zone with roi_version_id"),
    "zone-of-another-station": ({"roi_version_id": 2}, "roi_version_id 2 does not belong to workstation"),
    "long-weights-hash": ({"model": ModelInfo("a", "b", "c" * 20_000)}, "at most 10000 are stored"),
    "nul": ({"rule": "pre\0sence"}, "holds a NUL"),
    "nul-in-a-reason": ({"kind": REJECT, "reasons": {"too_short": "1\0s"}}, "holds a NUL"),
    "surrogate": ({"software_version": SURROGATE}, "half a surrogate pair"),
    "surrogate-in-a-model": ({"model": replace(MODEL, name=SURROGATE)}, "half a surrogate pair"),
    "surrogate-in-a-framework": ({"model": replace(MODEL, framework=SURROGATE)}, "half a surrogate pair"),
    "surrogate-in-a-reason": ({"kind": ABORT, "reasons": {SURROGATE: ""}}, "half a surrogate pair"),
    "surrogate-in-the-path": ({"frame_path": SURROGATE}, "half a surrogate pair"),
    "long-text": ({"parameter_hash": LONG}, "a text of 1000000 characters"),
    "long-reason": ({"kind": REJECT, "reasons": {"too_short": LONG}}, "at most 10000 are stored"),
    "many-reasons": (
        {"kind": REJECT, "reasons": {str(number): "x" for number in range(50_000)}},
        "50000 reasons; at most 100",
    ),
    "absolute-path": ({"frame_path": "/etc/passwd"}, "relative to the data folder"),
    "climbing-path": ({"frame_path": "frames/../../secret"}, "relative to the data folder"),
    "infinite-share": ({"observed_share": math.inf}, "observed_share inf is outside 0 to 1"),
    "infinite-uncertainty": ({"duration_uncertainty_s": math.inf}, "duration_uncertainty_s inf"),
    "negative-uncertainty": ({"duration_uncertainty_s": -0.1}, "duration_uncertainty_s -0.1 is outside 0"),
    "negative-share": ({"primary_dwell_ratio": -0.01}, "primary_dwell_ratio -0.01 is outside 0 to 1"),
    "share-above-one": ({"mean_confidence": 1.01}, "mean_confidence 1.01 is outside 0 to 1"),
    "negative-count": ({"detection_count": -1}, "detection_count -1 is outside 0 to"),
    "huge-count": ({"detection_count": 2**31}, "detection_count 2147483648 is outside 0 to"),
    "year-1970": ({"start_ns": 0}, "the camera's clock was wrong"),
    "end-of-1999": ({"start_ns": ns("1999-12-31T23:59:59")}, "outside the years 2000 to 2099"),
    "year-2100": ({"start_ns": ns("2100-01-01")}, "the camera's clock was wrong"),
    "rounds-to-2100": ({"start_ns": ns("2100-01-01") - 400_000}, "outside the years 2000 to 2099"),
    "ends-in-2100": ({"end_ns": ns("2100-01-01")}, "outside the years 2000 to 2099"),
    "no-such-year": ({"end_ns": 10**30}, "outside the years 1 to 9999"),
    "no-uuid": ({"event_uid": "bad"}, "event_uid 'bad' is not the one of this cycle"),
    "uid-of-another-cycle": (
        {
            "event_uid": event_uid(
                module="ANGELA", camera="cam1", workstation="PUESTO_01", rule="x", start_ns=1
            )
        },
        "is not the one of this cycle (ANGELA/cam1/PUESTO_01/presence, start 1784122251000000000 ns), which is",
    ),
    "upper-case-uid": ({"event_uid": "A" * 36}, "is not the one of this cycle"),
    "surrogate-in-the-uid": ({"event_uid": SURROGATE}, "is not the one of this cycle"),
    "long-uid": ({"event_uid": LONG}, "is not the one of this cycle"),
}


def bad_event(roi_sets: dict[str, RoiSet], changes: dict[str, Any]) -> CycleEvent:
    event = cycle(roi_sets, changes.get("kind", END), start_ns=changes.get("start_ns", MORNING_NS))
    event = replace(event, **changes)
    if "event_uid" not in changes and "rule" not in changes:
        key = {name: getattr(event, name) for name in ("module", "camera", "workstation", "rule", "start_ns")}
        event = replace(event, event_uid=event_uid(**key))
    return event


@pytest.mark.parametrize("case", REFUSED)
def test_an_event_that_cannot_be_stored_is_kept_aside_and_the_others_are_written(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet], case: str
) -> None:
    changes, message = REFUSED[case]
    bad = bad_event(roi_sets, changes)
    good = [cycle(roi_sets, start_ns=MORNING_NS + n * NS_PER_S) for n in range(1, 100)]
    models = rows(engine, "SELECT count(*) FROM cv_model_versions")
    assert [event for event, _ in writer.write([bad, bad])] == [bad, bad]
    assert rows(engine, "SELECT count(*) FROM cv_model_versions") == models

    (refused,) = writer.write([*good[:50], bad, *good[50:]], now_ns=RECEIVED_NS)
    assert refused.event is bad
    assert message in str(refused.error)
    assert str(refused.error).startswith("cycle ")
    assert len(str(refused.error)) < 2000
    assert str(refused.error).encode()
    stored = rows(engine, "SELECT event_uid FROM cycle_events ORDER BY start_ts")
    assert stored == [(event.event_uid,) for event in good]
    assert rows(engine, "SELECT * FROM cycle_events_rejected") == []
    ((uid, kind, text, error, _),) = refused_rows(engine)
    assert kind == bad.kind.value
    assert uid == bad.event_uid or not (bad.event_uid.isascii() and len(bad.event_uid) < 200)
    assert message in error
    assert len(text) < 100_000
    assert text.isascii()


def test_what_is_refused_can_be_read_back_whole(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    bad = bad_event(roi_sets, {"rule": f"a\0{SURROGATE}ñ", "observed_share": math.inf, "detection_count": 7})
    writer.write([bad], now_ns=RECEIVED_NS)
    ((uid, kind, text, _, received),) = refused_rows(engine)
    assert (uid, kind, received) == (bad.event_uid, "END", RECEIVED_TS)
    back = event_from_json(text)
    assert (back.rule, back.observed_share, back.detection_count) == (bad.rule, math.inf, 7)
    assert math.isnan(back.mean_confidence)


def test_of_what_is_too_long_the_beginning_the_length_and_the_hash_are_kept(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    writer.write([bad_event(roi_sets, {"kind": REJECT, "reasons": {"too_short": LONG}})])
    kept = json.loads(refused_rows(engine)[0][2])
    assert (kept["workstation"], kept["start_ns"]) == ("PUESTO_01", MORNING_NS)
    assert kept["cut"]["characters"] > 6_000_000  # of JSON: each letter is an escape of six
    assert kept["cut"]["beginning"].startswith('{"event_uid":')
    assert len(kept["cut"]["sha256"]) == len(hashlib.sha256().hexdigest())


def test_an_event_is_kept_once_for_each_kind(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    for kind in (START, END, END, START):
        writer.write([bad_event(roi_sets, {"kind": kind, "roi_version_id": 99})])
    assert [row[1] for row in refused_rows(engine)] == ["START", "END"]


@pytest.mark.parametrize("kind", [END, REJECT, ABORT])
def test_a_cycle_whose_end_is_refused_does_not_run_for_ever(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], kind: EventKind
) -> None:
    writer.write([cycle(roi_sets, START)])
    writer.write([cycle(roi_sets, kind, mean_confidence=2.0)])
    row = reader.cycle(cycle(roi_sets).event_uid)
    assert row is not None
    assert (row.status, row.end_ns) == ("aborted", None)
    assert "mean_confidence 2.0 is outside 0 to 1" in row.reasons["refused"]


def test_a_start_that_is_refused_does_not_keep_the_end_out(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    writer.write([cycle(roi_sets, START, mean_confidence=2.0), cycle(roi_sets, END)])
    assert rows(engine, "SELECT status FROM cycle_events") == [("complete",)]


def test_what_is_no_event_at_all_is_kept_with_its_error(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    start = cycle(roi_sets, START)
    writer.write([start])
    payload = {
        "event_uid": start.event_uid,
        "kind": "END",
        "share": math.nan,
        "uncertainty": -math.inf,
        "reasons": ["a", b"\xff"],
        "nested": {"stamp": {"sec": 7}},
        "camera": f"cam{SURROGATE}\0",
    }
    for _ in range(2):
        writer.refuse(start.event_uid, "END", payload, "end 5 ns <= start 7 ns", RECEIVED_NS)
    ((uid, kind, text, error, received),) = refused_rows(engine)
    assert (uid, kind, error, received) == (start.event_uid, "END", "end 5 ns <= start 7 ns", RECEIVED_TS)
    assert json.loads(text) == payload | {
        "share": None,
        "uncertainty": "-inf",
        "reasons": ["a", r"b'\xff'"],
    }
    assert rows(engine, "SELECT status, reasons_json FROM cycle_events") == [
        ("aborted", '{"refused":"end 5 ns <= start 7 ns"}')
    ]


@settings(deadline=None)
@given(
    uid=st.text(st.characters(codec=None)),
    kind=st.text(st.characters(codec=None)),
    payload=st.dictionaries(
        st.text(st.characters(codec=None), max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=10,
        ),
        max_size=5,
    ),
    error=st.text(st.characters(codec=None)),
)
def test_whatever_comes_can_be_kept(
    keeper: Engine, uid: str, kind: str, payload: dict[str, Any], error: str
) -> None:
    with transaction(keeper, "clear") as connection:
        connection.exec_driver_sql("DELETE FROM cycle_events_refused")
    EventWriter(keeper).refuse(uid, kind, payload, error)
    assert len(refused_rows(keeper)) == 1


@pytest.mark.parametrize("by", ["CHECK constraint", "FOREIGN KEY constraint", "never"])
def test_when_the_database_itself_refuses_a_row_only_that_one_stays_out(
    writer: EventWriter,
    engine: Engine,
    roi_sets: dict[str, RoiSet],
    monkeypatch: pytest.MonkeyPatch,
    by: str,
) -> None:
    """Whatever the checks before it have missed."""
    bad, start_ns = 70, MORNING_NS
    events = [cycle(roi_sets, start_ns=start_ns + n * NS_PER_S, mean_confidence=0.5) for n in range(100)]
    if by == "FOREIGN KEY constraint":
        writer.write([events[0]])
        events[bad] = replace(events[bad], parameter_hash="new")
        monkeypatch.setattr("lbzf_ros.store.event_rows.PlantIds.learn", lambda *_: (1, 1, 99))
    else:
        events[bad] = replace(events[bad], mean_confidence=1.5)
        monkeypatch.setattr("lbzf_ros.store.event_rows._figure", lambda value, *_: value)
    if by == "never":
        with transaction(engine, "add") as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER never BEFORE INSERT ON cycle_events WHEN NEW.mean_conf > 1 "
                "BEGIN SELECT RAISE(ABORT, 'never'); END"
            )
    (refused,) = writer.write(events)
    assert refused.event is events[bad]
    assert f"the database refuses it: {by}" in str(refused.error)
    assert rows(engine, "SELECT count(*) FROM cycle_events") == [(99,)]
    assert [row[0] for row in refused_rows(engine)] == [events[bad].event_uid]


def test_an_event_of_a_superseded_zone_counts_with_the_zone_it_was_measured_in(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    old = cycle(roi_sets)
    data = plant_data()
    data["modules"][0]["workstations"][0]["zones"]["work"]["polygon_px"] = [[0, 0], [99, 0], [99, 99]]
    new = sync_plant(engine, plant_of(data), now_ns=RECEIVED_NS, software_version="0.1.0")
    later = cycle(new, start_ns=RECEIVED_NS)
    assert old.roi_version_id != later.roi_version_id
    assert writer.write([later, old]) == ()
    assert rows(engine, "SELECT roi_version_id FROM cycle_events ORDER BY start_ts") == [
        (old.roi_version_id,),
        (later.roi_version_id,),
    ]


@pytest.mark.parametrize(
    ("start_ns", "end_ns"),
    [
        pytest.param(MORNING_NS, MORNING_NS, id="no-length"),
        pytest.param(MORNING_NS, MORNING_NS - 1, id="negative"),
        pytest.param(MORNING_NS, None, id="no-end"),
    ],
)
@pytest.mark.parametrize("kind", [END, REJECT])
def test_a_cycle_without_a_length_cannot_be_made(
    roi_sets: dict[str, RoiSet], kind: EventKind, start_ns: int, end_ns: int | None
) -> None:
    with pytest.raises(InvalidValue, match="end"):
        cycle(roi_sets, kind, start_ns=start_ns, end_ns=end_ns)


@pytest.mark.parametrize("first_or_last", [FIRST_TS, END_TS])
def test_the_database_knows_the_same_years(
    writer: EventWriter, engine: Engine, roi_sets: dict[str, RoiSet], first_or_last: str
) -> None:
    """The CHECK of the table and `timestamps` agree to the millisecond."""
    edge_ns = ns(f"{first_or_last}-01-01")
    inside_ns = edge_ns if first_or_last == FIRST_TS else edge_ns - 1_000_000
    outside_ns = edge_ns - 1_000_000 if first_or_last == FIRST_TS else edge_ns
    assert writer.write([cycle(roi_sets, START, start_ns=inside_ns)]) == ()
    assert len(writer.write([cycle(roi_sets, START, start_ns=outside_ns)])) == 1
    outside = datetime.fromtimestamp(outside_ns // NS_PER_S, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.")
    with pytest.raises(StoreError, match="CHECK constraint"), transaction(engine, "move") as connection:
        moved = f"{outside}{outside_ns // 1_000_000 % 1000:03}Z"
        connection.exec_driver_sql("UPDATE cycle_events SET start_ts = ?", (moved,))


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-15T13:30:51",
        "2026-07-15 13:30:51.000",
        "2026-07-15T13:30:51.000",
        "2026-07-15T08:30:51.000-05:00",
        "15/07/2026 13:30",
        "1784122251",
        "",
        "now",
        "2026-07-15T13:30:51.000Z\0",
        SURROGATE,
    ],
)
def test_a_time_without_a_zone_or_in_another_form_is_no_time_of_the_database(text: str) -> None:
    with pytest.raises(InvalidValue, match="must be UTC text"):
        from_text(text)


@pytest.mark.parametrize("text", ["2026-07-15T13:30:51", "2026-07-15", "13:30", "15/07/2026", "", "\0"])
def test_the_api_takes_no_time_without_a_zone(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(From).validate_python(text)


@pytest.mark.parametrize("time_ns", [10**30, -(10**30)])
def test_a_filter_with_a_time_that_no_calendar_has_is_refused(reader: StoreReader, time_ns: int) -> None:
    with pytest.raises(InvalidValue, match="outside the years 1 to 9999"):
        reader.cycles(CycleFilter(from_ns=time_ns))


@pytest.mark.parametrize("after", ["2026-07-15T13:30:51~1", "1784122251~1", "\0", SURROGATE, "~", "~" * 9999])
def test_a_page_key_with_another_time_is_refused(reader: StoreReader, after: str) -> None:
    with pytest.raises(InvalidValue):
        reader.cycles(after=after)
