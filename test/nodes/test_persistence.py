"""The persistence node on a database that is deleted, replaced, locked; a real process on real DDS."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from lbzf_interfaces.msg import ReferenceFrame, SegmentClosed

from lbzf_ros.core.model import NS_PER_S, EventKind, ReferenceView, RoiSet
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
        self.segments = ear.publisher(topics.SEGMENTS, "cam1")
        self.gaps = ear.publisher(topics.VIDEO_GAPS, "cam1")

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

    def send_segment(self, path: str, *, camera: str = "cam1") -> None:
        self.ear.wait_for("somebody listens", lambda: self.segments.get_subscription_count() > 0)
        begin = convert.time_to_msg(MORNING_NS)
        self.segments.publish(
            SegmentClosed(camera=camera, path=path, start=begin, end=begin, frames=1, codec="h264")
        )

    def send_gap(self, seconds: int) -> None:
        """A gap that began in the morning and lasts so long by now."""
        self.ear.wait_for("somebody listens", lambda: self.gaps.get_subscription_count() > 0)
        span = {"start_ns": MORNING_NS, "end_ns": MORNING_NS + seconds * NS_PER_S}
        values = [KeyValue(key=key, value=str(value)) for key, value in span.items()]
        self.gaps.publish(
            DiagnosticStatus(name="camera", hardware_id="cam1", message="it is off", values=values)
        )

    def waiting(self) -> int:
        """How many segments, gaps and pictures wait for the database, as the node says last."""
        values = [one for message in self.ear.heard[self.states][-1:] for one in message.status[0].values]
        return next((int(one.value.split()[0]) for one in values if one.key == "waiting"), 0)

    def await_waiting(self, count: int) -> None:
        self.ear.wait_for(f"{count} wait", lambda: self.waiting() == count, within_s=60)

    def entered(self) -> list[str]:
        """Paths of the segments, in the order in which they were entered."""
        return [path for (path,) in self.rows("SELECT path FROM video_segments ORDER BY id")]

    def log(self) -> str:
        return self.log_file.read_text("utf-8")

    def copy_database(self) -> Path:
        copy = self.data.parent / "copy.db"
        with closing(sqlite3.connect(self.data / DATABASE_NAME)) as database:
            database.execute("VACUUM INTO ?", (str(copy),))
        return copy

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.data / DATABASE_NAME)) as database:
            return database.execute(query).fetchall()

    def delete_database(self) -> None:
        for end in ("", "-wal", "-shm"):
            (self.data / f"{DATABASE_NAME}{end}").unlink(missing_ok=True)


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    path = tmp_path / "plant.yaml"
    path.write_text(yaml.safe_dump(plant_data()), "utf-8")
    return path


@pytest.fixture
def graph(plant: Path, tmp_path: Path) -> Iterator[Graph]:
    data, log = tmp_path / "data", tmp_path / "log"
    with listener() as ear:
        playing = Graph(ear, data, log)
        with node_process("persistence", {"plant": str(plant), "data": str(data)}, log):
            ear.wait_for("plant info", lambda: bool(ear.heard[playing.infos]))
            yield playing


def test_a_deleted_database_is_said_and_never_replaced_by_an_empty_one(graph: Graph) -> None:
    graph.send(EventKind.START)
    graph.ear.wait_for("START acknowledged", lambda: graph.acknowledged() == ["START"])
    copy = graph.copy_database()
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
    with closing(sqlite3.connect(graph.data / DATABASE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for number in range(6):  # the lock is waited for 5 s at a time
            graph.send_segment(f"video/cam1/{number}.mp4")
        graph.ear.wait_for("it is said", lambda: graph.says("database is locked"), within_s=60)
        assert graph.log().count("not entered") < 4
        other.execute("ROLLBACK")


def test_video_that_the_database_refuses_for_now_is_entered_later_and_in_order(graph: Graph) -> None:
    with closing(sqlite3.connect(graph.data / DATABASE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        graph.send_segment("video/1.mp4")
        graph.await_waiting(1)  # longer than it waits for a lock
        graph.send_segment("video/2.mp4", camera="cam9")
        graph.send_segment("video/3.mp4")
        graph.send_gap(5)
        graph.await_waiting(4)
        other.execute("ROLLBACK")
    graph.await_waiting(0)
    assert graph.entered() == ["video/1.mp4", "video/3.mp4"]
    assert graph.rows("SELECT cause, detail FROM video_gaps") == [("camera", "it is off")]
    assert "segment video/2.mp4 not entered: camera 'cam9' is not in the plant" in graph.log()


def test_video_waits_for_a_database_that_is_gone_and_pictures_of_its_zones_do_not(graph: Graph) -> None:
    ids = graph.roi_sets["cam1"].identity[1]
    copy = graph.copy_database()
    graph.delete_database()
    graph.send_segment("video/1.mp4")  # before or after it is noticed
    graph.await_waiting(1)
    graph.ear.wait_for("the loss is said", lambda: graph.says("the database is gone"))
    for seconds in (5, 10, 15):  # one gap that goes on
        graph.send_gap(seconds)
    graph.references.publish(
        ReferenceFrame(camera="cam1", path="calibration/1.jpg", roi_version_ids=ids, features=b"features")
    )
    graph.await_waiting(3)
    copy.replace(graph.data / DATABASE_NAME)
    graph.await_waiting(0)
    assert graph.entered() == ["video/1.mp4"]
    ((start, end),) = graph.rows("SELECT unixepoch(start_ts), unixepoch(end_ts) FROM video_gaps")
    assert end - start == 15
    # Its rows of zones may be others; the recorder hears of them and sends a picture again.
    assert graph.rows("SELECT ref_frame_path FROM rois WHERE ref_frame_path <> ''") == []


def test_of_too_many_that_wait_the_oldest_are_dropped_and_said(plant: Path, tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    parameters = {"plant": str(plant), "data": str(data), "diagnostics_period_s": "0.1"}
    with listener() as ear:
        graph = Graph(ear, data, log)
        with node_process("persistence", parameters, log):
            ear.wait_for("plant info", lambda: bool(ear.heard[graph.infos]))
            graph.delete_database()
            ear.wait_for("the loss is said", lambda: graph.says("the database is gone"))
            for number in range(1002):
                graph.send_segment(f"video/{number}.mp4")
                if number % 50 == 49:  # a topic holds a hundred
                    graph.await_waiting(number + 1)
            ear.wait_for("the second is dropped", lambda: "segment video/1.mp4 not entered" in graph.log())
            graph.await_waiting(1000)
    assert "segment video/0.mp4 not entered: more than 1000 wait" in graph.log()
    assert "lost: segment video/2.mp4, " in graph.log()


def test_a_message_that_is_no_event_is_kept_and_acknowledged(graph: Graph) -> None:
    message = convert.event_to_msg(cycle(graph.roi_sets, EventKind.END))
    message.quality = "purple"
    graph.events.publish(message)
    graph.ear.wait_for("acknowledged", lambda: graph.acknowledged() == ["END"])
    ((kind, content, error),) = graph.rows("SELECT kind, event_json, error FROM cycle_events_refused")
    assert (kind, json.loads(content)["quality"]) == ("END", "purple")
    assert "purple" in error
    assert graph.rows("SELECT count(*) FROM cycle_events") == [(0,)]
