"""With masks and blurred heads nothing else reaches the disk: pictures of starts, video, the view of the zones."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import yaml

from lbzf_ros.core.model import NS_PER_S, Boxes, CycleEvent, EventKind, FrameDetections, ModelInfo
from lbzf_ros.ros import convert, topics
from test.support.ros import listener, node_process

START_NS, PERIOD_NS = 1_784_116_800 * NS_PER_S, NS_PER_S // 5
NOISE = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
MODEL = ModelInfo(name="hog", version="1", framework="opencv")
PICTURES = 8


def people(stamp_ns: int) -> FrameDetections:
    box = np.array([[200, 90, 300, 390]], np.float32)
    return FrameDetections(
        camera="cam1",
        stamp_ns=stamp_ns,
        width_px=640,
        height_px=480,
        model=MODEL,
        boxes=Boxes(box, np.array([0.9], np.float32)),
        track_ids=np.array([1], np.int32),
    )


def start(stamp_ns: int, path: str) -> CycleEvent:
    return CycleEvent(
        event_uid="5f0c2a52-8a3b-5c67-9d3e-0f6f0a4f5f5e",
        kind=EventKind.START,
        module="ANGELA",
        workstation="PUESTO_01",
        camera="cam1",
        rule="presence",
        start_ns=stamp_ns,
        end_ns=None,
        decided_ns=stamp_ns + NS_PER_S,
        roi_version_id=1,
        parameter_hash="9f2c" * 16,
        model=MODEL,
        software_version="1",
        frame_path=path,
    )


def has_taken(arrays: list[Any], pictures: int) -> bool:
    found = [status for array in arrays for status in array.status if status.name == "recorder: cam1"]
    return bool(found) and int({v.key: v.value for v in found[-1].values}["processed"]) >= pictures


def is_heard(talker: Any) -> bool:
    return bool(talker.get_subscription_count() > 0)


def detail(image: np.ndarray[Any, Any]) -> float:
    return float(np.abs(np.diff(image.astype(float), axis=1)).mean())


def test_pixels_on_disk(tmp_path: Path) -> None:
    zones = {"work": {"kind": "work", "polygon_px": [[0, 0], [100, 0], [100, 100]]}}
    mask = [[400, 100], [600, 100], [600, 300], [400, 300]]
    camera = {"label": "cam1", "source": "recording.mp4", "privacy": {"masks_px": [mask], "blur_heads": True}}
    module = {
        "code": "ANGELA",
        "cameras": [camera],
        "workstations": [{"code": "PUESTO_01", "camera": "cam1", "zones": zones}],
    }
    settings = {"storage": {"reserve_gb": 0}, "graph": {"diagnostics_period_s": 0.1}}
    (tmp_path / "plant.yaml").write_text(yaml.safe_dump({"modules": [module], **settings}), "utf-8")
    data = tmp_path / "data"
    with listener() as ear:
        segments = ear.listen(topics.SEGMENTS, "cam1")
        states = ear.listen(topics.DIAGNOSTICS)
        images = ear.publisher(topics.image(lossless=True), "cam1")
        found = ear.publisher(topics.DETECTIONS, "cam1")
        events = ear.publisher(topics.CYCLE_EVENTS)
        with node_process(
            "recorder", {"plant": str(tmp_path / "plant.yaml"), "data": str(data)}, tmp_path / "log"
        ):
            for talker in (images, found, events):
                ear.wait_for("it hears", functools.partial(is_heard, talker))
            for number in range(PICTURES):
                stamp_ns = START_NS + number * PERIOD_NS
                images.publish(convert.image_to_msg("cam1", stamp_ns, NOISE))
                if number == 2:  # asked for before anybody knows where the people are
                    events.publish(convert.event_to_msg(start(stamp_ns, "frames/start.jpg")))
                found.publish(convert.detections_to_msg(people(stamp_ns)))
                ear.wait_for("it arrives", functools.partial(has_taken, ear.heard[states], number + 1))
            ear.wait_for("the picture of the start", (data / "frames/start.jpg").exists)
        ear.wait_for("the video", lambda: bool(ear.heard[segments]))
    saved = cv2.imread(str(data / "frames/start.jpg"))
    assert saved is not None
    shown = [saved]
    with av.open(str(data / ear.heard[segments][0].path)) as container:
        shown += [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(shown) == PICTURES + 1
    for image in shown:
        assert image[110:290, 410:590].mean() < 8
        assert detail(image[80:180, 205:295]) < 0.2 * detail(NOISE)
        assert detail(image[320:460, 20:180]) > 0.2 * detail(NOISE)
