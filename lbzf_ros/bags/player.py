"""Node: plays a recording to the graph, in lock-step.

One picture of a camera is under way; the next one waits for its answer (`station_states`), and what is not answered is
sent again. So nothing is dropped: a graph that is slow makes it wait. It ends by itself when everything has been
answered.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from lbzf_interfaces.msg import CameraStatus
from rosgraph_msgs.msg import Clock

from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.reading import Item, Origin
from lbzf_ros.bags.recordings import open_recording
from lbzf_ros.config.schema import Camera
from lbzf_ros.core.errors import LbzfError
from lbzf_ros.core.model import NS_PER_S, EventKind
from lbzf_ros.disk import write_whole
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import InFlight
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.params import declare_text
from lbzf_ros.ros.topics import Topic
from lbzf_ros.video.pace import Pacer
from lbzf_ros.video.pictures import PictureMemory
from lbzf_ros.video.privacy import Privacy

CLOCK = "/clock"
_TICK_S = 0.1
_SAY_EVERY_S = 0.5
_LINGERS_S = 0.5
_INPUT = {
    Origin.images: topics.IMAGE_LOSSLESS,
    Origin.detections: topics.DETECTIONS,
    Origin.occupancy: topics.OCCUPANCY,
}


class Player(LbzfNode):
    """Publishes what was recorded, and /clock with the time of the recording."""

    lingers_s = _LINGERS_S  # the pictures of the last cycles' starts

    def __init__(self) -> None:
        super().__init__("player")
        paths = declare_text(
            self, "recording", "", "What to play: paths of bags or segments, parted by colons."
        )
        origin = declare_text(
            self, "origin", "images", "The first step that is played: images, detections, occupancy."
        )
        speed = float(declare_text(self, "speed", "max", "Times real time, or max.").replace("max", "inf"))
        self._tells = declare_text(self, "progress", "", "Anything: a line of JSON now and then.") != ""
        self._origin = Origin(origin)
        cameras = {camera.label: camera for camera in self.plant.cameras}
        fps = {label: camera.fps for label, camera in cameras.items()}
        self._recording = open_recording([Path(path) for path in paths.split(os.pathsep)], fps)
        self._data = self.data_folder()
        self._pacer = Pacer(None if speed == float("inf") else speed)
        played = [label for label in self._recording.cameras if label in cameras]
        if not played:
            raise BagError(
                f"none of the cameras in the recording ({', '.join(self._recording.cameras)}) is in the plant"
            )
        self._cameras = {label: _OneCamera(self, cameras[label], self._origin) for label in played}
        self._time_topic = self.create_publisher(Clock, CLOCK, 10)
        self._now_ns = self._played = 0
        self._stop = threading.Event()
        self.failure: Exception | None = None
        if self._origin is Origin.images:
            self.subscribe(topics.CYCLE_EVENTS, self._on_event)
        self.create_timer(_TICK_S, self._tick)
        self.create_timer(_SAY_EVERY_S, self._say)
        self._feeder = threading.Thread(target=self._feed, name="player", daemon=True)
        self._feeder.start()

    @property
    def data(self) -> Path:
        """The data folder."""
        return self._data

    def close(self) -> None:
        """Stop playing.

        Raises:
            BagError: the recording could not be played to its end.
        """
        self._stop.set()
        for camera in self._cameras.values():
            camera.in_flight.cancel()
        self._say()
        if self.failure is not None:
            raise BagError(str(self.failure)) from self.failure

    def _tick(self) -> None:
        for camera in self._cameras.values():
            camera.in_flight.resend_late()
        if self._now_ns:
            self._tell_time()

    def _tell_time(self) -> None:
        self._time_topic.publish(Clock(clock=convert.time_to_msg(self._now_ns)))

    def _say(self) -> None:
        if self._tells:
            print(json.dumps({"stamp_ns": self._now_ns, "played": self._played}), flush=True)

    def _on_event(self, message: Any) -> None:
        camera = self._cameras.get(message.camera)
        if camera and message.kind == EventKind.START.value:
            camera.save_picture(convert.time_from_msg(message.start), self._data / message.frame_path)

    # ---- in the feeder's thread

    def _feed(self) -> None:
        try:
            self._play()
        except LbzfError as error:
            self.failure = error
        except Exception as error:  # whatever it is, nobody else would hear of it
            self.failure = BagError(f"playing failed ({type(error).__name__}: {error})")
        if not self._stop.is_set():
            os.kill(os.getpid(), signal.SIGTERM)  # an orderly end: what runs the node waits for this

    def _play(self) -> None:
        for item in self._recording.items(self._origin):
            camera = self._cameras.get(item.camera)
            if camera is None:
                continue
            if not self._now_ns:
                self._begin(item.stamp_ns)
            if self._stop.wait(self._pacer.delay_s(item.stamp_ns)) or not camera.play(item):
                return
            self._now_ns, self._played = item.stamp_ns, self._played + 1
            self._tell_time()
        for camera in self._cameras.values():
            camera.end()

    def _begin(self, stamp_ns: int) -> None:
        """Wait until everybody who needs the first picture is there."""
        self._now_ns = stamp_ns
        while not all(camera.is_awaited for camera in self._cameras.values()) and not self._stop.wait(
            _TICK_S
        ):
            pass


class _OneCamera:
    def __init__(self, node: Player, camera: Camera, origin: Origin) -> None:
        self._label, self._node = camera.label, node
        # Nobody has played it before; and an answer of the time before a clock was set back says nothing of that after.
        self.in_flight = InFlight(node.graph.resend_s, goes_on=False)
        self._topic: Topic = _INPUT[origin]
        self._publisher = node.publisher(self._topic, camera.label)
        self._status = node.publisher(topics.CAMERA_STATUS, camera.label)
        self._heard = threading.Event()
        self._last_ns = self._sent = 0
        settings = node.plant.recorder
        self._memory = PictureMemory(
            round(settings.picture_memory_s * NS_PER_S), round(NS_PER_S / camera.fps), settings.jpeg_quality
        )
        self._privacy = Privacy(
            camera.privacy
        )  # of the plant that measures again; the bag may be somebody else's
        self._lock = threading.Lock()
        node.subscribe(topics.STATION_STATES, self._on_states, camera.label)
        self._tell(CameraStatus.STARTING)

    @property
    def is_awaited(self) -> bool:
        """Whether the next step listens and the last one has said its first word."""
        return self._heard.is_set() and self._publisher.get_subscription_count() > 0

    def play(self, item: Item) -> bool:
        """Publish the next picture as soon as there is room; False when it was told to stop instead."""
        message: Any = item.cdr
        if self._topic is topics.IMAGE_LOSSLESS:
            frame = item.frame()
            with self._lock:
                self._memory.add(self._privacy.applied(frame.image_bgr, None), frame.stamp_ns)
            if item.type_name != "sensor_msgs/msg/Image":
                message = convert.image_to_msg(self._label, frame.stamp_ns, frame.image_bgr)
        self._last_ns, self._sent = item.stamp_ns, self._sent + 1
        if self._sent == 1:
            self._tell(CameraStatus.ONLINE)
        return self.in_flight.send(item.stamp_ns, lambda: self._publisher.publish(message))

    def end(self) -> None:
        """Wait for the last answer."""
        self.in_flight.wait_until_answered()
        self._tell(CameraStatus.ENDED)

    def save_picture(self, stamp_ns: int, path: Path) -> None:
        """Write the picture of a cycle's start, once."""
        with self._lock:
            picture = self._memory.at(stamp_ns)
        if picture is not None and not path.exists():
            write_whole(path, picture, durable=False)

    def _on_states(self, message: Any) -> None:
        self.in_flight.answered(convert.time_from_msg(message.header.stamp))
        self._heard.set()

    def _tell(self, state: int) -> None:
        self._status.publish(
            CameraStatus(
                header=convert.header(self._label, time.time_ns()),
                camera=self._label,
                state=state,
                last_frame=convert.time_to_msg(self._last_ns),
                frames=self._sent,
                detail="a recording is played",
            )
        )


def main() -> None:
    """Run the node."""
    run(Player)


if __name__ == "__main__":
    main()
