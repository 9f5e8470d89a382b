"""Messages to values and back: nothing is lost, not even what is not known."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lbzf_interfaces import msg
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import (
    Activity,
    Boxes,
    CycleEvent,
    EventKind,
    FrameDetections,
    ModelInfo,
    Quality,
    StationState,
)
from lbzf_ros.ros import convert
from test.support.occupancy import MODEL, occupancy, rois, station

stamps = st.integers(0, 2**31 * 10**9 - 1_000)
shares = st.floats(0, 1) | st.just(math.nan)


def over_the_wire(message: Any) -> Any:
    """Serialize and deserialize, as DDS does."""
    return deserialize_message(serialize_message(message), type(message))


@given(stamps)
def test_time(stamp_ns: int) -> None:
    assert convert.time_from_msg(convert.time_to_msg(stamp_ns)) == stamp_ns


@given(
    stamps,
    shares,
    shares,
    shares,
    st.sampled_from(list(EventKind)),
    st.dictionaries(st.text(max_size=9), st.text(max_size=9)),
)
def test_cycle_event(
    start_ns: int, confidence: float, dwell: float, observed: float, kind: EventKind, reasons: dict[str, str]
) -> None:
    ended = kind in (EventKind.END, EventKind.REJECT)
    event = CycleEvent(
        event_uid="u",
        kind=kind,
        module="ANGELA",
        workstation="PUESTO_01",
        camera="cam1",
        rule="presence",
        start_ns=start_ns,
        end_ns=start_ns + 7 if ended else None,
        decided_ns=start_ns + 9,
        roi_version_id=3,
        parameter_hash="p",
        model=ModelInfo("hog", "1", "opencv", "ff"),
        software_version="0.1.0",
        frame_path="frames/x.jpg",
        quality=Quality.YELLOW,
        mean_confidence=confidence,
        primary_dwell_ratio=dwell,
        observed_share=observed,
        detection_count=5,
        reasons=reasons or ({"too_short": "x"} if kind is EventKind.REJECT else {}),
    )
    if all("\0" not in key + text for key, text in event.reasons.items()):
        assert repr(convert.event_from_msg(over_the_wire(convert.event_to_msg(event)))) == repr(event)


def test_detections_keep_boxes_tracks_and_unknown_motion() -> None:
    boxes = Boxes(
        np.array([[1.25, 2, 30, 40], [5, 6, 70, 80.5]], np.float32), np.array([0.3, 0.9], np.float32)
    )
    people = FrameDetections(
        "cam1",
        5,
        640,
        480,
        MODEL,
        boxes,
        np.array([4, -1], np.int32),
        {"A/P/bin": 0.123456789, "A/P/out": math.nan},
    )
    back = convert.detections_from_msg(over_the_wire(convert.detections_to_msg(people)))
    assert np.array_equal(back.boxes.xyxy, boxes.xyxy)
    assert np.array_equal(back.boxes.confidence, boxes.confidence)
    assert np.array_equal(back.track_ids, people.track_ids)
    assert back.motion["A/P/bin"] == 0.123456789
    assert math.isnan(back.motion["A/P/out"])
    assert (back.camera, back.stamp_ns, back.model) == ("cam1", 5, MODEL)


def test_nobody_is_an_empty_array_not_an_error() -> None:
    people = FrameDetections("cam1", 5, 640, 480, MODEL, Boxes.empty(), np.zeros(0, np.int32))
    assert convert.detections_from_msg(convert.detections_to_msg(people)).boxes.xyxy.shape == (0, 4)


@pytest.mark.parametrize("rule", ["presence", "trigger", "pick_drop"])
def test_rois(rule: str) -> None:
    value = rois(station(rule, sam_s=31.7), fps=3.3)
    assert convert.rois_from_msg(over_the_wire(convert.rois_to_msg(value))) == value


def test_occupancy_keeps_absent_present_and_unknown_apart() -> None:
    value = occupancy(12.2, {"work": True, "pick": False, "drop": None})
    assert repr(convert.occupancy_from_msg(over_the_wire(convert.occupancy_to_msg(value)))) == repr(value)


def test_states() -> None:
    states = [
        StationState("ANGELA", "PUESTO_01", Activity.IN_CYCLE, True, "uid", 17),
        StationState("ANGELA", "PUESTO_02", Activity.UNKNOWN, False),
    ]
    assert convert.states_from_msg(over_the_wire(convert.states_to_msg("cam1", 5, states))) == states


def test_an_image_is_the_same_pixels() -> None:
    image = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    message = over_the_wire(convert.image_to_msg("cam1", 5, image))
    assert isinstance(message, Image)
    assert np.array_equal(convert.image_from_msg(message), image)


def test_rows_with_padding_are_understood() -> None:
    padded = np.arange(2 * 10, dtype=np.uint8).reshape(2, 10)
    message = Image(height=2, width=3, step=10, encoding="bgr8", data=padded.tobytes())
    assert np.array_equal(convert.image_from_msg(message), padded[:, :9].reshape(2, 3, 3))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"data": b"123"}, "3 bytes do not fit", id="too-little-data"),
        pytest.param({"encoding": "bayer_rggb8"}, "cv_bridge", id="another-encoding"),
    ],
)
def test_an_impossible_image_is_refused(changes: dict[str, object], says: str) -> None:
    values = {"height": 2, "width": 3, "step": 9, "encoding": "bgr8", "data": bytes(18), **changes}
    with pytest.raises(InvalidValue, match=says):
        convert.image_from_msg(Image(**values))


def test_the_constants_of_the_messages_are_those_of_the_model() -> None:
    assert [msg.ZoneOccupancy.ABSENT, msg.ZoneOccupancy.PRESENT, msg.ZoneOccupancy.UNKNOWN] == [0, 1, 2]
    assert [
        msg.StationOccupancy.DRIFT_UNKNOWN,
        msg.StationOccupancy.DRIFT_OK,
        msg.StationOccupancy.DRIFT_DRIFTED,
    ] == [0, 1, 2]
    assert [msg.StationState.IDLE, msg.StationState.IN_CYCLE, msg.StationState.UNKNOWN] == [0, 1, 2]
    assert {kind.value for kind in EventKind} == {
        msg.CycleEvent.START,
        msg.CycleEvent.END,
        msg.CycleEvent.REJECT,
        msg.CycleEvent.ABORT,
    }
