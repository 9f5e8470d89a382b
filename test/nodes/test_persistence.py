"""The persistence node on a database that is deleted, replaced, locked; a real process on real DDS."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticStatus
from lbzf_interfaces.msg import ReferenceFrame, SegmentClosed

from lbzf_ros.core.model import EventKind, ReferenceView, RoiSet
from lbzf_ros.ros import convert, topics
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.identity import database_marker
from test.store.examples import MORNING_NS, cycle, plant_data
from test.support.ros import Listener, listener, node_process


class Graph:
    """The other nodes, played by the test."""

    def __init__(self, ear: Listener, data: Path, log: Path) -> None:
        self.ear, self.data, self.log_file = ear, data, log
        self.acks = ear.listen(topics.CYCLE_EVENTS_ACK)
        self.infos = ear.listen(topics.PLANT_INFO)
        self.rois = ear.listen(topics.ROI_SET, "cam1")
        self.states = ear.listen(topics.DIAGNOSTICS)
        self.events = ear.publisher(topics.CYCLE_EVENTS)
        self.references = ear.publisher(topics.REFERENCE_FRAME, "cam1")

    @property
    def roi_sets(self) -> dict[str, RoiSet]:
        self.ear.wait_for("zones", lambda: bool(self.ear.heard[self.rois]))
        return {"cam1": convert.rois_from_msg(self.ear.heard[self.rois][-1])}

    def send(self, kind: EventKind) -> None:
        self.events.publish(convert.event_to_msg(cycle(self.roi_sets, kind)))

    def acknowledged(self) -> list[str]:
        return [kind for message in self.ear.heard[self.acks] for kind in message.kinds]

    def says(self, text: str) -> bool:
        return any(
            text in status.message and status.level == DiagnosticStatus.ERROR
            for message in self.ear.heard[self.states]
            for status in message.status
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.data / DATABASE_NAME)) as database:
            return database.execute(query).fetchall()

    def delete_database(self) -> None:
        for end in ("", "-wal", "-shm"):
            (self.data / f"{DATABASE_NAME}{end}").unlink(missing_ok=True)


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    plant, data, log = tmp_path / "plant.yaml", tmp_path / "data", tmp_path / "log"
    plant.write_text(yaml.safe_dump(plant_data()), "utf-8")
    with listener() as ear:
        playing = Graph(ear, data, log)
        with node_process("persistence", {"plant": str(plant), "data": str(data)}, log):
            ear.wait_for("plant info", lambda: bool(ear.heard[playing.infos]))
            yield playing


def test_a_deleted_database_is_said_and_never_replaced_by_an_empty_one(graph: Graph) -> None:
    graph.send(EventKind.START)
    graph.ear.wait_for("START acknowledged", lambda: graph.acknowledged() == ["START"])
    copy = graph.data.parent / "copy.db"
    with closing(sqlite3.connect(graph.data / DATABASE_NAME)) as database:
        database.execute("VACUUM INTO ?", (str(copy),))
    graph.delete_database()
    graph.ear.wait_for("the loss is said", lambda: graph.says("the database is gone"))
    graph.send(EventKind.END)
    graph.ear.wait_for("a while", lambda: len(graph.ear.heard[graph.states]) > 8)
    assert graph.acknowledged() == ["START"]
    assert not (graph.data / DATABASE_NAME).exists()
    assert "lbzf restore" in graph.log_file.read_text()

    with closing(sqlite3.connect(copy)) as database:
        database.execute("PRAGMA user_version = 4711")
    copy.replace(graph.data / DATABASE_NAME)
    graph.ear.wait_for("the new number", lambda: graph.ear.heard[graph.infos][-1].database_generation == 4711)
    graph.send(EventKind.END)
    graph.ear.wait_for("END acknowledged", lambda: "END" in graph.acknowledged())
    assert graph.rows("SELECT status FROM cycle_events") == [("complete",)]


def test_an_empty_database_is_begun_when_that_is_asked_for(graph: Graph) -> None:
    first = graph.ear.heard[graph.infos][-1].database_generation
    graph.delete_database()
    graph.ear.wait_for("the loss is said", lambda: graph.says("the database is gone"))
    database_marker(graph.data).unlink()
    graph.ear.wait_for("a new number", lambda: graph.ear.heard[graph.infos][-1].database_generation != first)
    assert graph.rows("SELECT count(*) FROM cycle_events") == [(0,)]


def test_the_picture_that_zones_were_set_on_is_kept_with_them(graph: Graph) -> None:
    ids = graph.roi_sets["cam1"].identity[1]
    found = "SELECT ref_frame_path, ref_homography_features FROM rois WHERE ref_frame_path <> ''"

    def show(path: str) -> None:
        graph.references.publish(
            ReferenceFrame(camera="cam1", path=path, roi_version_ids=ids, features=b"features")
        )

    show("calibration/one.jpg")
    graph.ear.wait_for("it is written", lambda: bool(graph.rows(found)))
    expected = (ReferenceView(ids, b"features"),)
    graph.ear.wait_for("everybody hears of it", lambda: graph.roi_sets["cam1"].references == expected)
    show("calibration/two.jpg")  # they have one already
    show("../three.jpg")
    graph.ear.wait_for("the bad path is said", lambda: graph.says("../three.jpg"))
    assert graph.rows(found) == [("calibration/one.jpg", b"features")]


def test_below_the_reservation_rows_are_written_and_everyone_is_told(tmp_path: Path) -> None:
    plant, data, log = tmp_path / "plant.yaml", tmp_path / "data", tmp_path / "log"
    plant.write_text(yaml.safe_dump(plant_data() | {"storage": {"reserve_gb": 10000}}), "utf-8")
    with listener() as ear:
        graph = Graph(ear, data, log)
        with node_process("persistence", {"plant": str(plant), "data": str(data)}, log):
            ear.wait_for("it is said", lambda: graph.says("less than 10000 GB free"))
            graph.send(EventKind.END)
            ear.wait_for("END acknowledged", lambda: graph.acknowledged() == ["END"])
    assert graph.rows("SELECT status FROM cycle_events") == [("complete",)]


def test_a_lock_is_said_before_all_that_waits_was_tried(graph: Graph) -> None:
    segments = graph.ear.publisher(topics.SEGMENTS, "cam1")
    graph.ear.wait_for("somebody listens", lambda: segments.get_subscription_count() > 0)
    begin = convert.time_to_msg(MORNING_NS)
    with closing(sqlite3.connect(graph.data / DATABASE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for number in range(6):  # each waits 5 s for the lock
            path = f"video/cam1/{number}.mp4"
            segments.publish(
                SegmentClosed(camera="cam1", path=path, start=begin, end=begin, frames=1, codec="h264")
            )
        graph.ear.wait_for("it is said", lambda: graph.says("database is locked"), within_s=60)
        assert graph.log_file.read_text().count("not entered") < 4
        other.execute("ROLLBACK")


def test_a_message_that_is_no_event_is_kept_and_acknowledged(graph: Graph) -> None:
    message = convert.event_to_msg(cycle(graph.roi_sets, EventKind.END))
    message.quality = "purple"
    graph.events.publish(message)
    graph.ear.wait_for("acknowledged", lambda: graph.acknowledged() == ["END"])
    ((kind, content, error),) = graph.rows("SELECT kind, event_json, error FROM cycle_events_refused")
    assert (kind, json.loads(content)["quality"]) == ("END", "purple")
    assert "purple" in error
    assert graph.rows("SELECT count(*) FROM cycle_events") == [(0,)]
