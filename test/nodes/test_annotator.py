"""The annotator node, heard as rqt, rviz and Foxglove hear it: a real process on real DDS.

rviz, rqt and Foxglove cannot run here; what they ask for (topics, types, quality of service) is asked for by the test.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage

from lbzf_ros.annotate import colours
from lbzf_ros.annotate.drawing import annotated, jpeg_of
from lbzf_ros.annotate.look import Look
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.running import ToolsSettings
from lbzf_ros.core.model import NS_PER_S, Activity, Boxes, FrameDetections, StationState
from lbzf_ros.graph import node_names
from lbzf_ros.ros import convert, convert_tools, tool_topics, topics
from lbzf_ros.ros.topics import Topic
from test.support.occupancy import MODEL, SQUARE, occupancy, rois, station, zone
from test.support.ros import Listener, listener, node_process
from test.support.vision_stub import vision_stub

START_NS = 1_784_122_251 * NS_PER_S
ROIS = rois(station(zones=[zone("work", polygon_px=tuple((x + 200, y + 200) for x, y in SQUARE))]))
RVIZ = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
RQT = qos_profile_sensor_data
FLOOR = np.full((480, 640, 3), 150, np.uint8)


@pytest.fixture
def ear() -> Iterator[Listener]:
    with listener() as listening:
        yield listening


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """One live camera."""
    zones = {"work": {"kind": "work", "polygon_px": [list(corner) for corner in SQUARE]}}
    module = {
        "code": "ANGELA",
        "cameras": [{"label": "cam1", "source": "rtsp://camera/stream"}],
        "workstations": [{"code": "PUESTO_01", "camera": "cam1", "zones": zones}],
    }
    path = tmp_path / "plant.yaml"
    path.write_text(yaml.safe_dump({"modules": [module]}), "utf-8")
    return path


def look(stamp_ns: int) -> Look:
    """Somebody is at the station, and his cycle runs."""
    boxes = Boxes(np.array([(210, 150, 290, 400)], np.float32), np.array([0.9], np.float32))
    people = FrameDetections("cam1", stamp_ns, 640, 480, MODEL, boxes, np.array([4], np.int32))
    seen = replace(occupancy(0, {"work": True}, track=4), stamp_ns=stamp_ns)
    running = StationState("ANGELA", "PUESTO_01", Activity.IN_CYCLE, True, "uid", START_NS)
    return Look(ROIS, people, seen, (running,))


@dataclass
class Graph:
    """The other nodes, played by the test: about each picture they say everything."""

    ear: Listener
    sent: int = 0
    heard: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        all_topics = (topics.IMAGE_LIVE, topics.DETECTIONS, topics.OCCUPANCY, topics.STATION_STATES)
        self._out = {topic.path: self.ear.publisher(topic, "cam1") for topic in all_topics}
        self._rois = self.ear.publisher(topics.ROI_SET, "cam1")
        self._rois.publish(convert.rois_to_msg(ROIS))
        self._diagnostics = self.ear.listen(topics.DIAGNOSTICS)

    def tell(self) -> None:
        """One more picture."""
        self.sent += 1
        seen = look(START_NS + self.sent * NS_PER_S)
        assert seen.occupancy
        assert seen.states
        stamp_ns = seen.people.stamp_ns
        self._out[topics.IMAGE_LIVE.path].publish(convert.image_to_msg("cam1", stamp_ns, FLOOR))
        self._out[topics.DETECTIONS.path].publish(convert.detections_to_msg(seen.people))
        self._out[topics.OCCUPANCY.path].publish(convert.occupancy_to_msg(seen.occupancy))
        self._out[topics.STATION_STATES.path].publish(
            convert.states_to_msg("cam1", stamp_ns, list(seen.states))
        )

    def say(self, topic: Topic, message: Any) -> None:
        """One message, as it is."""
        self._out[topic.path].publish(message)

    def hear(self, topic: Topic, qos: QoSProfile | None = None) -> tuple[list[Any], Any]:
        """Subscribe as a tool does; what it hears, and the subscription."""
        heard: list[Any] = []
        given = self.ear.node.create_subscription(
            topic.type, topic.of("cam1"), heard.append, qos or topic.qos
        )
        return heard, given

    def tell_until(self, what: str, *heard: list[Any]) -> None:
        """Send pictures until something is heard on all these topics."""

        def done() -> bool:
            self.tell()
            return all(heard)

        self.ear.wait_for(what, done)

    def ears_on(self, topic: Topic) -> int:
        """How many hear a topic of the graph."""
        return int(self.ear.node.count_subscribers(topic.of("cam1")))

    def figures(self) -> dict[str, str]:
        """The last figures that the node has said about cam1; nothing: it has said nothing yet."""
        every = [status for array in self.ear.heard[self._diagnostics] for status in array.status]
        last = next((s for s in reversed(every) if s.name == "annotator: cam1"), None)
        return {value.key: value.value for value in last.values} if last else {}


def test_it_is_off_while_nobody_subscribes_and_goes_off_again(
    tmp_path: Path, plant: Path, ear: Listener
) -> None:
    graph = Graph(ear)
    facts = (topics.ROI_SET, topics.DETECTIONS, topics.OCCUPANCY, topics.STATION_STATES)
    with node_process("annotator", {"plant": str(plant)}, tmp_path / "log"):

        def heard_of_it() -> bool:
            graph.tell()
            return bool(graph.figures())

        ear.wait_for("it runs", heard_of_it)
        assert [graph.ears_on(topic) for topic in (topics.IMAGE_LIVE, *facts)] == [0, 0, 0, 0, 0]
        assert (graph.figures()["received"], graph.figures()["processed"]) == ("0", "0")

        markers, subscription = graph.hear(_markers())
        graph.tell_until("markers", markers)
        assert graph.ears_on(topics.IMAGE_LIVE) == 0  # markers need no picture
        ear.node.destroy_subscription(subscription)

        pictures, subscription = graph.hear(tool_topics.ANNOTATED)
        graph.tell_until("a picture", pictures)
        assert graph.ears_on(topics.IMAGE_LIVE) == 1
        ear.node.destroy_subscription(subscription)

        everything = (topics.IMAGE_LIVE, *facts)
        ear.wait_for("it is off again", lambda: not any(map(graph.ears_on, everything)))
        so_far = len(pictures)
        again, _ = graph.hear(tool_topics.ANNOTATED)
        graph.tell_until("a picture again", again)
        assert len(pictures) == so_far


def test_a_message_that_cannot_be_is_said_and_the_next_picture_is_drawn(
    tmp_path: Path, plant: Path, ear: Listener
) -> None:
    graph = Graph(ear)
    with node_process("annotator", {"plant": str(plant)}, tmp_path / "log") as process:
        pictures, _ = graph.hear(tool_topics.ANNOTATED)
        graph.tell_until("a picture", pictures)
        stamp_ns = START_NS + 3600 * NS_PER_S
        wrong = convert.occupancy_to_msg(look(stamp_ns).occupancy)  # type: ignore[arg-type]
        wrong.stations[0].drift_state = 250
        states = convert.states_to_msg("cam1", stamp_ns, list(look(stamp_ns).states or ()))
        states.stations[0].state = 250
        graph.say(topics.OCCUPANCY, wrong)
        graph.say(topics.STATION_STATES, states)
        ear.wait_for("it is counted", lambda: bool(graph.figures().get("last_error")))
        so_far = len(pictures)
        ear.wait_for("it goes on", lambda: graph.tell() or len(pictures) > so_far)  # type: ignore[func-returns-value]
        assert process.poll() is None


def _markers() -> Topic:
    assert tool_topics.MARKERS, "the package visualization_msgs is missing"
    return tool_topics.MARKERS


def test_the_picture_is_the_same_for_rqt_rviz_and_foxglove(
    tmp_path: Path, plant: Path, ear: Listener
) -> None:
    graph = Graph(ear)
    with node_process("annotator", {"plant": str(plant)}, tmp_path / "log"):
        rviz, _ = graph.hear(tool_topics.ANNOTATED, RVIZ)
        rqt, _ = graph.hear(tool_topics.ANNOTATED, RQT)
        foxglove, _ = graph.hear(tool_topics.ANNOTATED_JPEG)

        def as_expected() -> bool:
            # The first pictures may come before the node hears all that is said about them.
            graph.tell()
            return all(heard and is_expected(heard[-1]) for heard in (rviz, rqt, foxglove))

        ear.wait_for("whole pictures", as_expected)
    assert {message.header.frame_id for message in (*rviz, *rqt, *foxglove)} == {"cam1"}
    assert foxglove[-1].format.endswith("jpeg compressed bgr8")
    assert "QoS" not in (tmp_path / "log").read_text("utf-8")


def is_expected(message: Any) -> bool:
    """Whether a picture is what should be drawn into the picture of its stamp, pixel by pixel."""
    expected = annotated(FLOOR, look(convert.time_from_msg(message.header.stamp)))
    if isinstance(message, CompressedImage):
        return bytes(message.data) == jpeg_of(expected, ToolsSettings().jpeg_quality).tobytes()
    return bool((convert.image_from_msg(message) == expected).all())


def test_markers_lie_in_the_plane_of_all_pictures() -> None:
    kinds = importlib.import_module("visualization_msgs.msg")
    sent = convert_tools.markers_to_msg(look(START_NS + 12 * NS_PER_S), left_px=700)
    message = deserialize_message(serialize_message(sent), kinds.MarkerArray)
    first, *shown = message.markers
    assert first.action == kinds.Marker.DELETEALL
    assert len({marker.id for marker in message.markers}) == len(message.markers)
    assert {marker.header.frame_id for marker in shown} == {convert_tools.PICTURES_FRAME}
    (of_zone,) = [marker for marker in shown if marker.ns == "zones"]
    corners = [(point.x, point.y) for point in of_zone.points]
    assert corners == pytest.approx([(9.0, -2.0), (10.0, -2.0), (10.0, -3.0), (9.0, -3.0), (9.0, -2.0)])
    green = of_zone.color.r, of_zone.color.g, of_zone.color.b, of_zone.color.a
    assert green == pytest.approx((*(value / 255 for value in colours.GREEN), 1.0), abs=1e-6)
    (person,) = [marker for marker in shown if marker.ns == "people"]
    assert (person.points[0].x, person.points[2].y) == pytest.approx((9.1, -4.0))
    texts = [marker.text for marker in shown if marker.type == kinds.Marker.TEXT_VIEW_FACING]
    assert texts[1:] == ["#4", "PUESTO_01 12.0 s"]
    assert all(marker.lifetime.sec > 0 for marker in shown)


def test_boxes_are_what_vision_msgs_says(monkeypatch: pytest.MonkeyPatch) -> None:
    # The package is not among the ROS wheels; where it is missing, a stub with its fields (4.1.1) stands in for it.
    if importlib.util.find_spec("vision_msgs") is None:
        monkeypatch.setitem(importlib.sys.modules, "vision_msgs.msg", vision_stub())  # type: ignore[attr-defined]
    message = convert_tools.boxes_to_msg(look(START_NS).people)
    assert convert.time_from_msg(message.header.stamp) == START_NS
    (found,) = message.detections
    box = found.bbox
    assert (box.center.position.x, box.center.position.y, box.size_x, box.size_y) == (250, 275, 80, 250)
    assert (found.id, found.header) == ("4", message.header)
    (result,) = found.results
    assert (result.hypothesis.class_id, result.hypothesis.score) == ("person", pytest.approx(0.9))


@pytest.mark.skipif(tool_topics.BOXES is None, reason="vision_msgs is not among the ROS wheels")
def test_boxes_arrive_where_vision_msgs_is_installed(tmp_path: Path, plant: Path, ear: Listener) -> None:
    graph = Graph(ear)
    assert tool_topics.BOXES
    with node_process("annotator", {"plant": str(plant)}, tmp_path / "log"):
        heard, _ = graph.hear(tool_topics.BOXES)
        graph.tell_until("boxes", heard)
        assert graph.ears_on(topics.IMAGE_LIVE) == 0
    assert [found.id for found in heard[0].detections] == ["4"]


def test_a_plant_file_can_leave_it_out(plant: Path) -> None:
    settings = load_plant(plant)
    assert "annotator" in node_names(settings)
    without = settings.model_copy(update={"tools": settings.tools.model_copy(update={"annotator": False})})
    assert "annotator" not in node_names(without)
