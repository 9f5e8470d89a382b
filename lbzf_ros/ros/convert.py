"""Messages to values and back: the only place that knows both."""

from __future__ import annotations

import array
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
from lbzf_interfaces import msg
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import (
    Activity,
    Boxes,
    CycleEvent,
    Drift,
    EventKind,
    Evidence,
    FrameDetections,
    FrameOccupancy,
    Homography,
    ModelInfo,
    Quality,
    StationOccupancy,
    StationState,
    ViewShift,
    ZoneOccupancy,
)
from lbzf_ros.ros.convert_explanation import explanation_from_msg, explanation_to_msg
from lbzf_ros.ros.convert_rois import rois_from_msg, rois_to_msg
from lbzf_ros.ros.convert_time import header, time_from_msg, time_to_msg

__all__ = [
    "detections_from_msg",
    "detections_to_msg",
    "event_from_msg",
    "event_to_msg",
    "fields_of",
    "header",
    "image_from_msg",
    "image_to_msg",
    "model_from_msg",
    "model_to_msg",
    "occupancy_from_msg",
    "occupancy_to_msg",
    "png_to_msg",
    "rois_from_msg",
    "rois_to_msg",
    "states_from_msg",
    "states_to_msg",
    "time_from_msg",
    "time_to_msg",
]

_CLOCK = {
    None: msg.CycleEvent.CLOCK_UNKNOWN,
    False: msg.CycleEvent.CLOCK_NOT_KEPT,
    True: msg.CycleEvent.CLOCK_KEPT,
}
_CLOCK_KEPT = {code: kept for kept, code in _CLOCK.items()}


def image_to_msg(camera: str, stamp_ns: int, image_bgr: NDArray[np.uint8]) -> Image:
    """A picture (height, width, 3) bgr as a message."""
    height, width = image_bgr.shape[:2]
    message = Image(
        header=header(camera, stamp_ns), height=height, width=width, encoding="bgr8", step=3 * width
    )
    # An array.array is taken over as it is; bytes or an ndarray would be copied element by element.
    message.data.frombytes(np.ascontiguousarray(image_bgr).data.cast("B"))
    return message


def png_to_msg(camera: str, stamp_ns: int, png: bytes) -> CompressedImage:
    """A picture as a PNG file's content, as a message."""
    return CompressedImage(header=header(camera, stamp_ns), format="png", data=array.array("B", png))


def image_from_msg(message: Image) -> NDArray[np.uint8]:
    """The picture (height, width, 3) bgr of a message. bgr8 is not copied; others need cv_bridge.

    Raises:
        InvalidValue: another encoding, and cv_bridge is not installed; or a size that does not fit the data.
    """
    if message.encoding != "bgr8":
        return _other_encoding(message)
    pixels = np.frombuffer(message.data, np.uint8)
    if len(pixels) != message.height * message.step or message.step < 3 * message.width:
        raise InvalidValue(
            f"image of {message.header.frame_id}: {len(pixels)} bytes do not fit "
            f"{message.height} rows of {message.step} bytes for {message.width} px"
        )
    rows = pixels.reshape(message.height, message.step)[:, : 3 * message.width]
    return rows.reshape(message.height, message.width, 3)


def _other_encoding(message: Image) -> NDArray[np.uint8]:
    if importlib.util.find_spec("cv_bridge") is None:
        raise InvalidValue(
            f"image of {message.header.frame_id}: encoding {message.encoding!r} needs the ROS package cv_bridge; "
            "install it or publish bgr8"
        )
    from cv_bridge import CvBridge  # only where ROS has it

    return np.asarray(CvBridge().imgmsg_to_cv2(message, "bgr8"), np.uint8)


def model_to_msg(model: ModelInfo) -> msg.ModelInfo:
    """A detector's identity as a message."""
    return msg.ModelInfo(
        name=model.name, version=model.version, framework=model.framework, weights_hash=model.weights_hash
    )


def model_from_msg(message: msg.ModelInfo) -> ModelInfo:
    """A detector's identity."""
    return ModelInfo(message.name, message.version, message.framework, message.weights_hash)


def detections_to_msg(people: FrameDetections) -> msg.DetectionArray:
    """The people of a picture as a message."""
    boxes = people.boxes
    return msg.DetectionArray(
        header=header(people.camera, people.stamp_ns),
        image_width=people.width_px,
        image_height=people.height_px,
        model=model_to_msg(people.model),
        detections=[
            msg.Detection(
                x_min=float(box[0]),
                y_min=float(box[1]),
                x_max=float(box[2]),
                y_max=float(box[3]),
                confidence=float(confidence),
                track_id=int(track),
            )
            for box, confidence, track in zip(boxes.xyxy, boxes.confidence, people.track_ids, strict=True)
        ],
        motion=[msg.ZoneMotion(zone=zone, share=share) for zone, share in people.motion.items()],
        view_clear=people.view_clear,
        shifts=[
            msg.ViewShift(
                roi_version_ids=shift.roi_version_ids,
                drift_state=int(shift.drift),
                shift_px=shift.shift_px,
                homography=shift.homography or (),
            )
            for shift in people.shifts
        ],
    )


def detections_from_msg(message: msg.DetectionArray) -> FrameDetections:
    """The people of a picture."""
    found = message.detections
    xyxy = np.array([(d.x_min, d.y_min, d.x_max, d.y_max) for d in found], np.float32).reshape(-1, 4)
    return FrameDetections(
        camera=message.header.frame_id,
        stamp_ns=time_from_msg(message.header.stamp),
        width_px=message.image_width,
        height_px=message.image_height,
        model=model_from_msg(message.model),
        boxes=Boxes(xyxy, np.array([d.confidence for d in found], np.float32)),
        track_ids=np.array([d.track_id for d in found], np.int32),
        motion={m.zone: m.share for m in message.motion},
        view_clear=message.view_clear,
        shifts=tuple(
            ViewShift(
                roi_version_ids=tuple(shift.roi_version_ids),
                drift=Drift(shift.drift_state),
                shift_px=shift.shift_px,
                homography=_homography(shift.homography),
            )
            for shift in message.shifts
        ),
    )


def _homography(values: Sequence[float]) -> Homography | None:
    if not len(values):
        return None
    if len(values) != 9:
        raise InvalidValue(f"a homography has 9 figures, not {len(values)}")
    a, b, c, d, e, f, g, h, i = (float(value) for value in values)
    return a, b, c, d, e, f, g, h, i


def occupancy_to_msg(frame: FrameOccupancy) -> msg.StationOccupancyArray:
    """The zones of a picture as a message."""
    return msg.StationOccupancyArray(
        header=header(frame.camera, frame.stamp_ns),
        parameter_hash=frame.parameter_hash,
        model=model_to_msg(frame.model),
        visible_track_ids=frame.visible_track_ids,
        stations=[
            msg.StationOccupancy(
                module=station.module,
                workstation=station.workstation,
                drift_state=int(station.drift),
                roi_version_id=station.roi_version_id,
                zones=[
                    msg.ZoneOccupancy(
                        zone=zone.zone,
                        evidence=int(zone.evidence),
                        motion_share=zone.motion_share,
                        track_ids=list(zone.track_ids),
                        confidence=zone.confidence,
                        near_track_ids=list(zone.near_track_ids),
                    )
                    for zone in station.zones
                ],
            )
            for station in frame.stations
        ],
    )


def occupancy_from_msg(message: msg.StationOccupancyArray) -> FrameOccupancy:
    """The zones of a picture."""
    return FrameOccupancy(
        camera=message.header.frame_id,
        stamp_ns=time_from_msg(message.header.stamp),
        parameter_hash=message.parameter_hash,
        model=model_from_msg(message.model),
        stations=tuple(
            StationOccupancy(
                module=station.module,
                workstation=station.workstation,
                drift=Drift(station.drift_state),
                roi_version_id=station.roi_version_id,
                zones=tuple(
                    ZoneOccupancy(
                        zone.zone,
                        Evidence(zone.evidence),
                        zone.motion_share,
                        tuple(zone.track_ids),
                        zone.confidence,
                        tuple(zone.near_track_ids),
                    )
                    for zone in station.zones
                ),
            )
            for station in message.stations
        ),
        visible_track_ids=tuple(message.visible_track_ids),
    )


def states_to_msg(camera: str, stamp_ns: int, states: list[StationState]) -> msg.StationStateArray:
    """What the stations of a camera are doing, as a message."""
    return msg.StationStateArray(
        header=header(camera, stamp_ns),
        stations=[
            msg.StationState(
                module=state.module,
                workstation=state.workstation,
                state=int(state.activity),
                event_uid=state.event_uid,
                start=time_to_msg(state.start_ns),
                occupied=state.occupied,
                drift_state=int(state.drift),
            )
            for state in states
        ],
    )


def states_from_msg(message: msg.StationStateArray) -> list[StationState]:
    """What the stations of a camera are doing."""
    return [
        StationState(
            module=state.module,
            workstation=state.workstation,
            activity=Activity(state.state),
            occupied=state.occupied,
            event_uid=state.event_uid,
            start_ns=time_from_msg(state.start),
            drift=Drift(state.drift_state),
        )
        for state in message.stations
    ]


def event_to_msg(event: CycleEvent) -> msg.CycleEvent:
    """A decision about a cycle as a message."""
    return msg.CycleEvent(
        event_uid=event.event_uid,
        kind=event.kind.value,
        module=event.module,
        workstation=event.workstation,
        camera=event.camera,
        rule=event.rule,
        start=time_to_msg(event.start_ns),
        end=time_to_msg(event.end_ns or 0),
        decided=time_to_msg(event.decided_ns),
        duration_uncertainty_s=event.duration_uncertainty_s,
        quality=event.quality.value,
        mean_confidence=event.mean_confidence,
        primary_dwell_ratio=event.primary_dwell_ratio,
        observed_share=event.observed_share,
        detection_count=event.detection_count,
        reasons=list(event.reasons),
        reason_texts=list(event.reasons.values()),
        drift_state=int(event.drift),
        clock_kept=_CLOCK[event.clock_kept],
        roi_version_id=event.roi_version_id,
        parameter_hash=event.parameter_hash,
        model=model_to_msg(event.model),
        software_version=event.software_version,
        frame_path=event.frame_path,
        explanation=[explanation_to_msg(event.explanation)] if event.explanation else [],
    )


def event_from_msg(message: msg.CycleEvent) -> CycleEvent:
    """A decision about a cycle.

    Raises:
        InvalidValue, ValueError: the message holds what cannot be.
    """
    return CycleEvent(
        event_uid=message.event_uid,
        kind=EventKind(message.kind),
        module=message.module,
        workstation=message.workstation,
        camera=message.camera,
        rule=message.rule,
        start_ns=time_from_msg(message.start),
        end_ns=time_from_msg(message.end) or None,
        decided_ns=time_from_msg(message.decided),
        duration_uncertainty_s=message.duration_uncertainty_s,
        quality=Quality(message.quality),
        mean_confidence=message.mean_confidence,
        primary_dwell_ratio=message.primary_dwell_ratio,
        observed_share=message.observed_share,
        detection_count=message.detection_count,
        reasons=dict(zip(message.reasons, message.reason_texts, strict=True)),
        drift=Drift(message.drift_state),
        clock_kept=_clock_kept(message.clock_kept),
        roi_version_id=message.roi_version_id,
        parameter_hash=message.parameter_hash,
        model=model_from_msg(message.model),
        software_version=message.software_version,
        frame_path=message.frame_path,
        explanation=explanation_from_msg(message.explanation[0]) if message.explanation else None,
    )


def _clock_kept(code: int) -> bool | None:
    if code not in _CLOCK_KEPT:
        raise InvalidValue(f"clock_kept {code} is none of {', '.join(map(str, _CLOCK_KEPT))}")
    return _CLOCK_KEPT[code]


def fields_of(message: Any) -> dict[str, object]:
    """All fields of a message as plain values, whatever they hold: to keep what cannot be converted."""
    return {name: _plain(getattr(message, name)) for name in message.get_fields_and_field_types()}


def _plain(value: Any) -> object:
    if hasattr(value, "get_fields_and_field_types"):
        return fields_of(value)
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (str, int, float, bool)) else [_plain(part) for part in value]
