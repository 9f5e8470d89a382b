from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, UNKNOWN, CycleEvent, EventKind, ModelInfo, Quality, RoiSet
from lbzf_ros.store import engine as engines
from lbzf_ros.store.engine import transaction, writing_engine
from lbzf_ros.store.event_json import event_from_json
from lbzf_ros.store.reader import CycleFilter, StoreReader
from lbzf_ros.store.rows import CycleRow
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle

START, END, REJECT, ABORT = EventKind.START, EventKind.END, EventKind.REJECT, EventKind.ABORT


@pytest.fixture
def writer(engine: Engine, roi_sets: dict[str, RoiSet]) -> EventWriter:
    return EventWriter(engine)


def read(reader: StoreReader, event: CycleEvent) -> CycleRow:
    row = reader.cycle(event.event_uid)
    assert row is not None
    return row


def status(reader: StoreReader, event: CycleEvent) -> str:
    return read(reader, event).status


def number_of_rows(reader: StoreReader) -> int:
    return len(reader.cycles().items) + len(reader.rejected().items)


def test_start_inserts_a_cycle_in_progress(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet]
) -> None:
    assert writer.write([cycle(roi_sets, START)]) == ()
    row = read(reader, cycle(roi_sets))
    assert (row.status, row.start_ns, row.end_ns, row.duration_s) == ("in_progress", MORNING_NS, None, None)


FIGURES: dict[str, Any] = {
    "duration_uncertainty_s": 0.2,
    "mean_confidence": 0.75,
    "primary_dwell_ratio": 0.9,
    "observed_share": 0.98,
    "detection_count": 140,
}


def test_end_completes_it_with_all_figures(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet]
) -> None:
    end = cycle(roi_sets, END, **FIGURES, end_ns=MORNING_NS + 30_250_000_000)
    writer.write([cycle(roi_sets, START)])
    writer.write([end])
    row = read(reader, end)
    assert {name: getattr(row, name) for name in FIGURES} == FIGURES
    assert (row.status, row.quality, row.duration_s) == ("complete", "yellow", 30.25)
    assert (row.module, row.workstation, row.camera, row.rule) == ("ANGELA", "PUESTO_01", "cam1", "presence")
    assert (row.workstation_display_name, row.module_display_name) == ("Puesto 1", "Angela")
    assert (row.model_name, row.model_version, row.model_framework) == ("hog_background", "1", "opencv")
    assert (row.roi_version_id, row.parameter_hash) == (end.roi_version_id, end.parameter_hash)
    assert (row.software_version, row.source_frame_path) == ("0.1.0", end.frame_path)


def test_what_is_not_known_is_null_and_not_zero(
    engine: Engine, writer: EventWriter, roi_sets: dict[str, RoiSet]
) -> None:
    writer.write([cycle(roi_sets), cycle(roi_sets, REJECT, start_ns=MORNING_NS + NS_PER_S)])
    names = "duration_uncertainty_s, mean_conf, primary_track_dwell_ratio, observed_share"
    with transaction(engine, "read") as connection:
        for table in ("cycle_events", "cycle_events_rejected"):
            assert connection.exec_driver_sql(f"SELECT {names} FROM {table}").one() == (None,) * 4
        assert connection.exec_driver_sql("SELECT confidence FROM cycle_events").scalar_one() is None


def test_reject_moves_the_row_and_keeps_every_reason(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    reject = cycle(roi_sets, REJECT, end_ns=MORNING_NS + NS_PER_S)
    writer.write([cycle(roi_sets, START)])
    writer.write([reject])
    assert reader.cycles().items == ()
    row = read(reader, reject)
    assert (row.status, row.quality, row.duration_s, row.reasons) == ("rejected", None, 1.0, reject.reasons)
    with transaction(engine, "read") as connection:
        reason = connection.exec_driver_sql("SELECT reason FROM cycle_events_rejected").scalar_one()
    assert reason == "too_short"


def test_a_reason_that_the_data_model_does_not_know_is_kept_too(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    reject = cycle(roi_sets, REJECT, reasons={"camera_gap": "4.0 s without a picture"})
    assert writer.write([reject]) == ()
    assert read(reader, reject).reasons == reject.reasons
    with transaction(engine, "read") as connection:
        assert connection.exec_driver_sql("SELECT reason FROM cycle_events_rejected").scalar_one() == "other"


def test_abort_keeps_its_reasons_and_no_end(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet]
) -> None:
    writer.write([cycle(roi_sets, START)])
    writer.write([cycle(roi_sets, ABORT)])
    row = read(reader, cycle(roi_sets))
    assert (row.status, row.end_ns, row.reasons) == (
        "aborted",
        None,
        {"camera_lost": "no picture for 21.0 s"},
    )


def test_an_end_that_comes_after_all_wins_over_an_abort(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet]
) -> None:
    for kind in (START, ABORT, END):
        writer.write([cycle(roi_sets, kind)])
    row = read(reader, cycle(roi_sets))
    assert (row.status, row.reasons) == ("complete", {})


def test_the_second_delivery_changes_nothing(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    events = [cycle(roi_sets, START), cycle(roi_sets, END, **FIGURES)]
    writer.write(events)
    before = read(reader, cycle(roi_sets))
    writer.write([*events, *events])
    assert read(reader, cycle(roi_sets)) == before
    assert refused(engine) == []


@pytest.mark.parametrize("first", [END, REJECT])
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        pytest.param(END, {"end_ns": MORNING_NS + 31 * NS_PER_S}, id="another-end"),
        pytest.param(END, {"quality": Quality.RED}, id="another-quality"),
        pytest.param(REJECT, {"reasons": {"too_long": "31.0 s"}}, id="rejected-otherwise"),
        pytest.param(REJECT, {"mean_confidence": 0.1}, id="rejected-with-another-figure"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_the_first_end_stays_and_another_one_is_kept_aside(
    writer: EventWriter,
    reader: StoreReader,
    roi_sets: dict[str, RoiSet],
    engine: Engine,
    first: EventKind,
    kind: EventKind,
    changes: dict[str, Any],
    together: bool,
) -> None:
    one, other = cycle(roi_sets, first), cycle(roi_sets, kind, **changes)
    for batch in [[one, other]] if together else [[one], [other]]:
        assert writer.write(batch) == ()
    assert status(reader, one) == ("complete" if first is END else "rejected")
    assert number_of_rows(reader) == 1
    ((uid, said, text, error),) = refused(engine)
    assert (uid, said) == (one.event_uid, kind.value)
    assert event_from_json(text).end_ns == other.end_ns
    assert "its end is stored already" in error


def test_cycles_that_nobody_measures_any_more_are_aborted_and_may_still_end(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    lost, new = cycle(roi_sets, START), cycle(roi_sets, START, start_ns=MORNING_NS + 60 * NS_PER_S)
    done = cycle(roi_sets, END, start_ns=MORNING_NS - 60 * NS_PER_S)
    writer.write([lost, new, done])
    with transaction(engine, "make it old") as connection:
        connection.exec_driver_sql(
            "UPDATE cycle_events SET created_at = '2026-07-01T00:00:00.000Z' WHERE event_uid <> ?",
            (new.event_uid,),
        )
    assert writer.abort_lost(entered_before_ns=MORNING_NS, why="restored from a backup") == 1
    assert [status(reader, event) for event in (lost, new, done)] == ["aborted", "in_progress", "complete"]
    assert read(reader, lost).reasons == {"lost": "restored from a backup"}
    writer.write([cycle(roi_sets, END)])
    assert (status(reader, lost), read(reader, lost).reasons) == ("complete", {})


def refused(engine: Engine) -> list[tuple[Any, ...]]:
    query = "SELECT event_uid, kind, event_json, error FROM cycle_events_refused ORDER BY id"
    with transaction(engine, "look") as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_a_station_added_while_it_runs_is_found(
    writer: EventWriter, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    writer.write([cycle(roi_sets)])
    with transaction(engine, "add a station") as connection:
        connection.exec_driver_sql(
            "INSERT INTO workstations (module_id, code, display_name) VALUES (1, 'P3', 'p')"
        )
        connection.exec_driver_sql(
            "INSERT INTO rois (id, camera_id, workstation_id, name, kind, evidence, polygon_json, settings_json, "
            "created_by) VALUES (50, 1, 3, 'work', 'work', 'person', '[]', '{}', 'engineer')"
        )
    assert writer.write([cycle(roi_sets, workstation="P3", roi_version_id=50)]) == ()


def test_models_are_told_apart_by_their_weights(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet]
) -> None:
    models = [
        ModelInfo("yolov8n", "8.1", "onnx", "a" * 64),
        ModelInfo("yolov8n", "8.1", "onnx", "b" * 64),
        ModelInfo("yolov8n", "8.1", "tensorrt", "a" * 64),
    ]
    events = [
        cycle(roi_sets, start_ns=MORNING_NS + number * NS_PER_S, model=model)
        for number, model in enumerate([*models, *models])
    ]
    assert writer.write(events) == ()
    stored = [
        (row.model_name, row.model_framework, row.model_weights_hash)
        for row in sorted(reader.cycles().items, key=lambda row: row.start_ns)
    ]
    assert stored == [(model.name, model.framework, model.weights_hash) for model in [*models, *models]]
    assert len({row.model_version for row in reader.cycles().items}) == 3


SEGMENT: dict[str, Any] = {
    "camera": "cam1",
    "path": "video/2026/07/15/cam1_20260715_133000.mp4",
    "start_ns": MORNING_NS - 51 * NS_PER_S,
    "end_ns": MORNING_NS + 549 * NS_PER_S,
    "frames": 3000,
    "codec": "h264",
}


@pytest.mark.parametrize("kind", [START, END, REJECT, ABORT])
@pytest.mark.parametrize("segment_first", [True, False])
def test_a_cycle_names_its_video_whichever_comes_first(
    writer: EventWriter,
    reader: StoreReader,
    roi_sets: dict[str, RoiSet],
    kind: EventKind,
    segment_first: bool,
) -> None:
    if segment_first:
        writer.write_segment(**SEGMENT)
    writer.write([cycle(roi_sets, kind)])
    if not segment_first:
        writer.write_segment(**SEGMENT)
    row = read(reader, cycle(roi_sets))
    assert (row.source_video_path, row.video_start_ns) == (SEGMENT["path"], SEGMENT["start_ns"])


def test_the_video_stays_when_the_cycle_ends_in_the_next_segment(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet]
) -> None:
    writer.write([cycle(roi_sets, START)])
    writer.write_segment(**SEGMENT)
    writer.write([cycle(roi_sets, END)])
    assert read(reader, cycle(roi_sets)).source_video_path == SEGMENT["path"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"camera": "cam2"}, id="other-camera"),
        pytest.param({"end_ns": MORNING_NS - 1_000_000}, id="ends-before"),
        pytest.param({"start_ns": MORNING_NS + 1_000_000}, id="begins-after"),
    ],
)
def test_a_video_of_something_else_is_not_named(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], change: dict[str, Any]
) -> None:
    writer.write([cycle(roi_sets)])
    writer.write_segment(**SEGMENT | change)
    writer.write([cycle(roi_sets, start_ns=MORNING_NS + 1)])
    assert {row.source_video_path for row in reader.cycles().items} == {None}


def test_a_segment_twice_is_one_row(writer: EventWriter, engine: Engine) -> None:
    writer.write_segment(**SEGMENT)
    writer.write_segment(**SEGMENT)
    with transaction(engine, "read") as connection:
        assert connection.exec_driver_sql("SELECT count(*), sum(frames) FROM video_segments").one() == (
            1,
            3000,
        )


YEAR_2100_NS = 4_102_444_800 * NS_PER_S


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"camera": "cam9"}, "camera 'cam9' is not in the plant", id="camera"),
        pytest.param({"path": "/video/a.mp4"}, "relative to the data folder", id="absolute"),
        pytest.param({"path": "x" * 10_001}, "at most 10000", id="long"),
        pytest.param({"codec": "h\0"}, "holds a NUL", id="nul"),
        pytest.param({"codec": "\ud800"}, "half a surrogate", id="surrogate"),
        pytest.param({"end_ns": 0}, "is before its start", id="backwards"),
        pytest.param({"start_ns": 0}, "the camera's clock was wrong", id="1970"),
        pytest.param({"end_ns": YEAR_2100_NS}, "the camera's clock was wrong", id="2100"),
        pytest.param({"frames": -1}, "outside 0 to", id="frames"),
    ],
)
def test_a_segment_that_cannot_be_is_refused(
    writer: EventWriter, engine: Engine, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(StoreError, match=message):
        writer.write_segment(**SEGMENT | change)
    with transaction(engine, "look") as connection:
        assert connection.exec_driver_sql("SELECT * FROM video_segments").all() == []


@pytest.mark.parametrize(
    "change",
    [{"camera": "cam2"}, {"start_ns": SEGMENT["start_ns"] - NS_PER_S}, {"end_ns": MORNING_NS + NS_PER_S}],
)
def test_a_second_segment_of_the_same_path_is_refused_and_named_by_no_cycle(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], change: dict[str, Any]
) -> None:
    writer.write([cycle(roi_sets, start_ns=SEGMENT["start_ns"] - NS_PER_S // 2)])
    writer.write_segment(**SEGMENT)
    with pytest.raises(StoreError, match="another segment has this path"):
        writer.write_segment(**SEGMENT | change)
    assert [row.source_video_path for row in reader.cycles().items] == [None]


def test_on_a_full_disk_nothing_of_the_batch_is_written_and_later_all_of_it(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet], engine: Engine
) -> None:
    model = ModelInfo("new", "1", "opencv")  # learnt in the transaction that fails
    events = [cycle(roi_sets, start_ns=MORNING_NS + n * NS_PER_S, model=model) for n in range(1000)]

    def allow_pages(count: str) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {count}")

    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    allow_pages(str(pages))
    with pytest.raises(StoreError, match="write cycle events: database or disk is full; free some space"):
        writer.write(events)
    assert number_of_rows(reader) == 0
    allow_pages("1000000")
    assert writer.write(events) == ()
    assert sum(count.complete for count in reader.counts(from_ns=0, to_ns=2 * MORNING_NS)) == 1000


def test_while_another_process_holds_the_database_nothing_is_written(
    database: Path, roi_sets: dict[str, RoiSet], reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engines.PRAGMAS, "busy_timeout", "50")
    impatient = writing_engine(database)
    writer = EventWriter(impatient)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked"):
            writer.write([cycle(roi_sets)])
    assert writer.write([cycle(roi_sets)]) == ()
    assert number_of_rows(reader) == 1
    impatient.dispose()


def test_a_batch_of_nothing_is_fine(writer: EventWriter, reader: StoreReader) -> None:
    assert writer.write([]) == ()
    assert number_of_rows(reader) == 0


def test_an_unknown_figure_does_not_hide_a_known_one(
    writer: EventWriter, reader: StoreReader, roi_sets: dict[str, RoiSet]
) -> None:
    event = cycle(roi_sets, **FIGURES | {"mean_confidence": UNKNOWN, "primary_dwell_ratio": 0.0})
    writer.write([event])
    row = read(reader, event)
    assert (row.mean_confidence, row.primary_dwell_ratio, row.observed_share) == (None, 0.0, 0.98)
    assert reader.cycles(CycleFilter(quality="yellow")).items == (row,)
