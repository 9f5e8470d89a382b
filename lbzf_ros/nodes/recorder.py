"""Node: pictures become files: a cycle's first picture, the view on which zones were set, H.264 segments."""

from __future__ import annotations

import functools
import math
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from lbzf_interfaces.msg import CameraStatus, ReferenceFrame
from numpy.typing import NDArray

from lbzf_ros.config.schema import Camera
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, EventKind, RoiSet, Segment
from lbzf_ros.disk import has_room, write_whole
from lbzf_ros.drift.features import features_to_bytes
from lbzf_ros.drift.reference import ReferenceChoice, ids_without
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import Answers, Turn
from lbzf_ros.nodes.recording import VideoAnnouncer
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.diagnostics import Counter
from lbzf_ros.ros.params import declare_settings
from lbzf_ros.video.coverage import Cause, Coverage, Gap
from lbzf_ros.video.left_behind import note_stop
from lbzf_ros.video.pictures import PictureMemory, reference_path
from lbzf_ros.video.privacy import Boxes, Privacy, Waiting
from lbzf_ros.video.segments import SegmentWriter
from lbzf_ros.video.sources import Frame

_LOOK_EVERY_S = 1.0
_TELL_GAPS_EVERY_S = 5.0
_PEOPLE_WITHIN_S = 3.0
"""So long a picture waits for the detector before it is blurred as a whole."""
_MOST_ASKED = 100


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
        self.create_timer(_LOOK_EVERY_S, self._look)
        self._look()

    def close(self) -> None:
        """Finish the open segments."""
        for camera in self._cameras.values():
            camera.close()

    def _look(self) -> None:
        self._check_room()
        for camera in self._cameras.values():
            camera.look()

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
        self._video: _Video | None = None
        if node.settings.video and (camera.privacy.wanted or not camera.is_stream):
            self._video = _Video(node, camera, self.counter)
        self._unseen: RoiSet | None = None
        self._choice = ReferenceChoice()
        self._reference = node.publisher(topics.REFERENCE_FRAME, camera.label)
        node.subscribe(topics.ROI_SET, self._on_rois, camera.label)
        node.subscribe(topics.image(lossless=camera.lossless), self._on_image, camera.label)
        node.subscribe(topics.CAMERA_STATUS, self._on_status, camera.label)
        self._privacy, self._waiting = Privacy(camera.privacy), Waiting()
        self._asked: deque[tuple[int, Path]] = deque(maxlen=_MOST_ASKED)
        if self._privacy.needs_people:
            node.subscribe(topics.DETECTIONS, self._on_people, camera.label)

    def close(self) -> None:
        """Finish the open segment."""
        for frame, _ in self._waiting.overdue(math.inf):
            self._keep(frame, None)
        if self._video:
            self._video.close()

    def look(self) -> None:
        """What has to be done now and then."""
        for frame, _ in self._waiting.overdue(time.monotonic() - _PEOPLE_WITHIN_S):
            self._keep(frame, None)
        if self._video:
            self._video.look()

    def save_picture(self, stamp_ns: int, path: Path) -> None:
        """Write the picture of a stamp, once; as soon as it is known what of it may be written."""
        picture = self._memory.at(stamp_ns)
        if path.exists():
            return
        if picture is None and self._waiting.holds(stamp_ns):
            self._asked.append((stamp_ns, path))
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
        self._waiting.add(Frame(image, stamp_ns), arrived_s)
        if not self._privacy.needs_people:
            for frame, _ in self._waiting.overdue(math.inf):
                self._keep(frame, None)
        self._keep_ready()
        if self._unseen and self._node.room:
            self._keep_reference(self._unseen, image, stamp_ns)
        self.counter.done(time.monotonic() - arrived_s)

    def _on_people(self, message: Any) -> None:
        found = convert.detections_from_msg(message)
        self._waiting.found(found.stamp_ns, found.boxes.xyxy)
        self._keep_ready()

    def _keep_ready(self) -> None:
        for frame, people in self._waiting.ready():
            self._keep(frame, people)

    def _keep(self, frame: Frame, people: Boxes | None) -> None:
        """From here on a picture is as it may be written: nothing else reaches the memory or the video."""
        image = self._privacy.applied(frame.image_bgr, people)
        self._memory.add(image, frame.stamp_ns)
        if self._video and self._node.room:
            self._video.write(image, frame.stamp_ns)
        while self._asked and self._asked[0][0] <= frame.stamp_ns:
            self.save_picture(*self._asked.popleft())

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
            if picture is None and self._waiting.holds(stamp_ns):
                self._asked.append((stamp_ns, self._node.data / path))
            elif picture is not None and not (self._node.data / path).exists():
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
        if self._video is None:
            return
        if message.state == CameraStatus.ENDED:
            self._video.finish()
        elif message.state == CameraStatus.OFFLINE:
            self._video.missing(Cause.CAMERA, message.detail)


class _Video:
    """The video of a camera without H.264 of its own, or of one whose pictures are changed before they are written."""

    def __init__(self, node: Recorder, camera: Camera, counter: Counter) -> None:
        self._node, self._camera, self._counter = node, camera, counter
        self._segments = SegmentWriter(camera.label, node.data, node.settings, camera.fps)
        self._announcer = VideoAnnouncer(node, camera.label, node.data, counter)
        self._left: list[str] | None = self._announcer.left()
        self._coverage: Coverage | None = None
        self._told_s = 0.0

    def write(self, image: NDArray[np.uint8], stamp_ns: int) -> None:
        """Add a picture."""
        try:
            self._announce(self._segments.write(image, stamp_ns))
        except OSError as error:
            self._counter.fail(f"video cannot be written: {error}")
            self.missing(Cause.DISK, f"video cannot be written: {error.strerror}")
            return
        if self._coverage:
            self._tell(self._coverage.recorded(stamp_ns))

    def missing(self, cause: Cause, detail: str) -> None:
        """From now on nothing is written, and why."""
        self.finish()
        if self._coverage:
            self._tell(self._coverage.because(self._announcer.now_ns(), cause, detail))

    def look(self) -> None:
        """Enter what was left by a process that was killed; tell of a gap that lasts."""
        if self._left is not None:
            try:
                found = self._announcer.enter(self._left)
            except StoreError:
                return  # it is being migrated; again in a second
            self._left = None
            self._coverage = None if self._camera.lossless else found  # a replay is not of now
        if not self._node.room:
            self.missing(Cause.DISK, "no room: storage.reserve_gb is kept for the database")
        elif self._coverage and time.monotonic() - self._told_s > _TELL_GAPS_EVERY_S:
            self._told_s = time.monotonic()
            self._tell(self._coverage.present(self._announcer.now_ns()))

    def finish(self) -> None:
        """Complete the open segment."""
        self._announce(self._segments.close())

    def close(self) -> None:
        """The same, for good."""
        self.finish()
        note_stop(self._node.data, self._camera.label, self._announcer.now_ns())

    def _announce(self, segment: Segment | None) -> None:
        if segment is not None and segment.frames:
            self._announcer.segment(segment)

    def _tell(self, gap: Gap | None) -> None:
        if gap is not None:
            self._announcer.gap(gap)


main = functools.partial(run, Recorder)

if __name__ == "__main__":
    main()
