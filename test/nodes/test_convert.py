"""Messages to values and back: nothing is lost, not even what is not known."""

import json
import math
from dataclasses import replace
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
    Drift,
    EventKind,
    Evidence,
    FrameDetections,
    ModelInfo,
    Quality,
    ReferenceView,
    ShiftHours,
    StationState,
    ViewShift,
)
from lbzf_ros.ros import convert
from lbzf_ros.store.event_json import kept_json
from test.support.occupancy import MODEL, occupancy, rois, station, zone
from test.support.plays import Picture, eventful, play, short_visit

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
    st.sampled_from(list(Drift)),
    st.none() | st.booleans(),
)
def test_cycle_event(
    start_ns: int,
    confidence: float,
    dwell: float,
    observed: float,
    kind: EventKind,
    reasons: dict[str, str],
    drift: Drift,
    clock_kept: bool | None,
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
        drift=drift,
        clock_kept=clock_kept,
    )
    if all("\0" not in key + text for key, text in event.reasons.items()):
        assert repr(convert.event_from_msg(over_the_wire(convert.event_to_msg(event)))) == repr(event)


def test_a_clock_that_cannot_be_is_refused() -> None:
    message = convert.event_to_msg(play(rois(station("presence")), short_visit())[0])
    message.clock_kept = 3
    with pytest.raises(InvalidValue, match="clock_kept 3 is none of 0, 1, 2"):
        convert.event_from_msg(message)


@pytest.mark.parametrize("script", [eventful(), short_visit()], ids=["hands", "presence"])
def test_an_explanation_travels_with_its_event(script: list[Picture]) -> None:
    zones = [zone("work", enter_s=1.0), replace(zone("trigger"), name="bin")]
    for rule in ("trigger", "presence"):
        events = play(rois(station(rule, zones=zones)), script)
        for event in events:
            back = convert.event_from_msg(over_the_wire(convert.event_to_msg(event)))
            assert event.explanation is not None
            assert back.explanation == event.explanation


def test_a_message_that_is_no_event_is_kept_with_its_explanation() -> None:
    event = play(rois(station("presence")), short_visit())[0]
    message = convert.event_to_msg(event)
    kept = json.loads(kept_json(convert.fields_of(message)))
    assert kept["explanation"][0]["opened_by"][0]["timer"] == "enter_s"


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
        view_clear=False,
        shifts=(
            ViewShift((3, 4), Drift.DRIFTED, 14.5, (1.0, 0.0, 12.25, 0.0, 1.0, -3.5, 0.0, 0.0, 1.0)),
            ViewShift((5,), Drift.UNCHECKED),
        ),
    )
    back = convert.detections_from_msg(over_the_wire(convert.detections_to_msg(people)))
    assert np.array_equal(back.boxes.xyxy, boxes.xyxy)
    assert np.array_equal(back.boxes.confidence, boxes.confidence)
    assert np.array_equal(back.track_ids, people.track_ids)
    assert back.motion["A/P/bin"] == 0.123456789
    assert math.isnan(back.motion["A/P/out"])
    assert (back.camera, back.stamp_ns, back.model) == ("cam1", 5, MODEL)
    assert not back.view_clear
    assert repr(back.shifts) == repr(people.shifts)


@pytest.mark.parametrize("figures", [1, 8, 10])
def test_a_homography_has_nine_figures(figures: int) -> None:
    people = FrameDetections("cam1", 5, 640, 480, MODEL, Boxes.empty(), np.zeros(0, np.int32))
    message = convert.detections_to_msg(people)
    message.shifts = [msg.ViewShift(homography=[0.0] * figures)]
    with pytest.raises(InvalidValue, match="9 figures"):
        convert.detections_from_msg(message)


def test_nobody_is_an_empty_array_not_an_error() -> None:
    people = FrameDetections("cam1", 5, 640, 480, MODEL, Boxes.empty(), np.zeros(0, np.int32))
    assert convert.detections_from_msg(convert.detections_to_msg(people)).boxes.xyxy.shape == (0, 4)


@pytest.mark.parametrize("rule", ["presence", "trigger", "pick_drop"])
def test_rois(rule: str) -> None:
    hours = (ShiftHours("jornada_1", (0, 1, 6), 360, 0), ShiftHours("noche", (2,), 1320, 359))
    value = replace(
        rois(replace(station(rule, sam_s=31.7), shift_hours=hours), fps=3.3),
        time_zone="America/Bogota",
        references=(ReferenceView((1, 2), b"\x00\xff"),),
    )
    assert convert.rois_from_msg(over_the_wire(convert.rois_to_msg(value))) == value


def test_occupancy_keeps_absent_present_and_unknown_apart() -> None:
    value = replace(
        occupancy(12.2, {"work": True, "pick": False, "drop": None}), visible_track_ids=(1, 2, 2**31 - 1)
    )
    assert repr(convert.occupancy_from_msg(over_the_wire(convert.occupancy_to_msg(value)))) == repr(value)


def test_states() -> None:
    states = [
        StationState("ANGELA", "PUESTO_01", Activity.IN_CYCLE, True, "uid", 17),
        StationState("ANGELA", "PUESTO_02", Activity.UNKNOWN, False, drift=Drift.DRIFTED),
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


def constants(kind: Any) -> dict[str, int]:
    """The constants of a kind of message."""
    return {name: getattr(kind, name) for name in dir(kind) if name.isupper() and name != "SLOT_TYPES"}


def test_the_constants_of_the_messages_are_those_of_the_model() -> None:
    assert {evidence.name: evidence.value for evidence in Evidence} == constants(msg.ZoneOccupancy)
    assert {drift.name: drift.value for drift in Drift} == constants(msg.ViewShift)
    assert [msg.StationState.IDLE, msg.StationState.IN_CYCLE, msg.StationState.UNKNOWN] == [0, 1, 2]
    assert {kind.value for kind in EventKind} == {
        msg.CycleEvent.START,
        msg.CycleEvent.END,
        msg.CycleEvent.REJECT,
        msg.CycleEvent.ABORT,
    }
