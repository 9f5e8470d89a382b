"""Node: pictures become files: a cycle's first picture, the view on which zones were set, H.264 segments."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Any

import numpy as np
from lbzf_interfaces.msg import CameraStatus, ReferenceFrame, SegmentClosed
from numpy.typing import NDArray

from lbzf_ros.config.schema import Camera
from lbzf_ros.core.model import NS_PER_S, EventKind, RoiSet, Segment
from lbzf_ros.disk import has_room, write_whole
from lbzf_ros.drift.features import features_to_bytes
from lbzf_ros.drift.reference import ReferenceChoice, ids_without
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import Answers, Turn
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.params import declare_settings
from lbzf_ros.video.pictures import PictureMemory, reference_path
from lbzf_ros.video.segments import SegmentWriter

_CHECK_ROOM_EVERY_S = 1.0


class Recorder(LbzfNode):
    """Writes pictures and video of all cameras below the data folder."""

    def __init__(self) -> None:
        super().__init__("recorder")
        self.settings = declare_settings(self, self.plant.recorder)
        self._reserve_gb = declare_settings(self, self.plant.storage).reserve_gb
        self.data = self.data_folder()
        self.data.mkdir(parents=True, exist_ok=True)
        self.room = True
        self._cameras = {camera.label: _OneCamera(self, camera) for camera in self.plant.cameras}
        self.subscribe(topics.CYCLE_EVENTS, self._on_event)
        self.create_timer(_CHECK_ROOM_EVERY_S, self._check_room)
        self._check_room()

    def close(self) -> None:
        """Finish the open segments."""
        for camera in self._cameras.values():
            camera.close()

    def _check_room(self) -> None:
        self.room = has_room(self.data, self._reserve_gb)
        self.diagnostics.note("disk", "ok" if self.room else f"less than {self._reserve_gb:g} GB free")
        if not self.room:
            text = f"less than {self._reserve_gb:g} GB free in the data folder: no video and no pictures are written"
            for camera in self._cameras.values():
                camera.counter.fail(text)

    def _on_event(self, message: Any) -> None:
        camera = self._cameras.get(message.camera)
        if camera and message.kind == EventKind.START.value and self.room:
            camera.save_picture(convert.time_from_msg(message.start), self.data / message.frame_path)


class _OneCamera:
    def __init__(self, node: Recorder, camera: Camera) -> None:
        self._node, self._label = node, camera.label
        self.counter = node.diagnostics.counter(camera.label)
        self._seen: Answers[None] = Answers()
        self._memory = PictureMemory(
            round(node.settings.picture_memory_s * NS_PER_S),
            round(NS_PER_S / camera.fps),
            node.settings.jpeg_quality,
        )
        self._segments = SegmentWriter(camera.label, node.data, node.settings, camera.fps)
        self._closed = node.publisher(topics.SEGMENTS, camera.label)
        self._unseen: RoiSet | None = None
        self._choice = ReferenceChoice()
        self._reference = node.publisher(topics.REFERENCE_FRAME, camera.label)
        node.subscribe(topics.ROI_SET, self._on_rois, camera.label)
        node.subscribe(topics.image(lossless=camera.lossless), self._on_image, camera.label)
        node.subscribe(topics.CAMERA_STATUS, self._on_status, camera.label)

    def close(self) -> None:
        """Finish the open segment."""
        self._announce(self._segments.close())

    def save_picture(self, stamp_ns: int, path: Path) -> None:
        """Write the picture of a stamp, once."""
        picture = self._memory.at(stamp_ns)
        if path.exists():
            return
        if picture is None:
            self.counter.fail(f"the picture of {path.name} is no longer held")
            return
        try:
            write_whole(path, picture)
        except OSError as error:
            self.counter.fail(f"{path.name} cannot be written: {error.strerror}")

    def _on_image(self, message: Any) -> None:
        arrived_s = time.monotonic()
        self.counter.received += 1
        stamp_ns = convert.time_from_msg(message.header.stamp)
        if self._seen.judge(stamp_ns) in (Turn.AGAIN, Turn.OLD):
            self.counter.skipped += 1
            return
        self._seen.add(stamp_ns, None)
        image = convert.image_from_msg(message)
        self._memory.add(image, stamp_ns)
        if self._unseen and self._node.room:
            self._keep_reference(self._unseen, image, stamp_ns)
        if self._node.settings.video and self._node.room:
            try:
                self._announce(self._segments.write(image, stamp_ns))
            except OSError as error:
                self.counter.fail(f"video cannot be written: {error}")
        self.counter.done(time.monotonic() - arrived_s)

    def _on_rois(self, message: Any) -> None:
        rois = convert.rois_from_msg(message)
        if not ids_without(rois, rois.references):
            self._unseen = None
        elif self._unseen is None or self._unseen.identity != rois.identity:
            self._unseen, self._choice = rois, ReferenceChoice()

    def _keep_reference(self, rois: RoiSet, image: NDArray[np.uint8], stamp_ns: int) -> None:
        """Keep the first picture since these zones are in force that can be recognised, and say what is in it."""
        self._choice.look(image, stamp_ns)
        features, stamp_ns = self._choice.features, self._choice.stamp_ns
        if features is None or not self._choice.is_final:
            return
        self._unseen = None
        path = reference_path(rois)
        picture = self._memory.at(stamp_ns)
        try:
            if picture is not None and not (self._node.data / path).exists():
                write_whole(self._node.data / path, picture)
        except OSError as error:
            self.counter.fail(f"{path} cannot be written: {error.strerror}")
            return
        self._reference.publish(
            ReferenceFrame(
                camera=self._label,
                stamp=convert.time_to_msg(stamp_ns),
                roi_version_ids=rois.identity[1],
                path=path,
                features=features_to_bytes(features),
            )
        )

    def _on_status(self, message: Any) -> None:
        if message.state == CameraStatus.ENDED:
            self.close()

    def _announce(self, segment: Segment | None) -> None:
        if segment is None:
            return
        self._closed.publish(
            SegmentClosed(
                camera=segment.camera,
                path=segment.path,
                start=convert.time_to_msg(segment.start_ns),
                end=convert.time_to_msg(segment.end_ns),
                frames=segment.frames,
                codec=segment.codec,
            )
        )


main = functools.partial(run, Recorder)

if __name__ == "__main__":
    main()
