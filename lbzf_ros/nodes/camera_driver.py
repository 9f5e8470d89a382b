"""Node: one camera's pictures on a topic, with their capture time, for ever.

The source is read in a thread of its own, so that a blocked read stops neither the status nor the node. A camera
that cannot be opened or stops is tried again at a paced interval. Should the thread hang in spite of the source's
own time limit, or end, or the one that records, the node ends with an error and its process manager starts it again.
"""

from __future__ import annotations

import math
import os
import threading
import time
from typing import Any

import cv2
from lbzf_interfaces.msg import CameraStatus

from lbzf_ros.config.load import starting_at
from lbzf_ros.config.schema import START_TIME_HELP, Camera
from lbzf_ros.core.errors import ConfigError, SourceError
from lbzf_ros.disk import has_room
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import InFlight
from lbzf_ros.nodes.recording import VideoAnnouncer
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.diagnostics import Level
from lbzf_ros.ros.params import declare_settings, declare_text
from lbzf_ros.video.left_behind import note_stop
from lbzf_ros.video.pace import Pacer
from lbzf_ros.video.recording import StreamRecording
from lbzf_ros.video.sources import Frame, Source, open_source

_STATUS_PERIOD_S = 1.0
_SHORTEST_PAUSE_S = 0.5
_NOTICE_STAYS_S = 60.0
_FIRST_WORD_WITHIN_S = 5.0
"""The tracker says as soon as it is there up to where it has looked."""
_HANGS_AFTER_LIMITS = 3
"""A read is hanging for good when it lasts this many times the time after which the camera is off line."""


class CameraDriver(LbzfNode):
    """Publishes the pictures of one camera."""

    def __init__(self) -> None:
        super().__init__("camera_driver")
        cv2.setNumThreads(1)  # scaling and drawing one picture is not worth waking a second core
        label = declare_text(self, "camera", "", "Label of the camera in the plant file, e.g. cam1.")
        start_time = declare_text(self, "start_time", "", START_TIME_HELP)
        self._camera = declare_settings(self, starting_at(self._find(label), start_time))
        self._data = self.data_folder()
        self._counter = self.diagnostics.counter(label)
        self._reserve_gb = declare_settings(self, self.plant.storage).reserve_gb
        self._recording = self._begin_recording()
        self._images = self.publisher_of_pictures(topics.image(lossless=self._camera.lossless), self._camera)
        self._status = self.publisher(topics.CAMERA_STATUS, label)
        self._in_flight = InFlight(self.graph.resend_s, goes_on=True)
        if self._camera.lossless:
            self.subscribe(topics.STATION_STATES, self._on_states, label)
        self._state = CameraStatus.STARTING
        self._stream, self._noticed_s = f"{label} stream", -math.inf
        self._source: Source | None = None
        self._detail, self._retries = "", 0
        self._last_ns = 0
        self._alive_s = self._delivered_s = time.monotonic()
        self._stop = threading.Event()
        self._heard = threading.Event()
        self.create_timer(_STATUS_PERIOD_S, self._watch)
        self._reader = threading.Thread(target=self._run_reader, name="reader", daemon=True)
        self._reader.start()

    def _find(self, label: str) -> Camera:
        for camera in self.plant.cameras:
            if camera.label == label:
                return camera
        allowed = ", ".join(camera.label for camera in self.plant.cameras)
        raise ConfigError(f"camera_driver: parameter 'camera' is {label!r}; the plant file has {allowed}")

    def _begin_recording(self) -> StreamRecording | None:
        """A network camera is recorded here, where its packets are; all others by the recorder, from their pictures."""
        camera, settings = self._camera, declare_settings(self, self.plant.recorder)
        if not (camera.is_stream and settings.video) or camera.privacy.wanted:
            return None
        # At the first start persistence may not have made it yet.
        self._data.mkdir(parents=True, exist_ok=True)
        announcer = VideoAnnouncer(
            self, camera.label, self._data, self.diagnostics.counter(f"{camera.label} video")
        )
        return StreamRecording(
            camera.label,
            self._data,
            settings,
            camera.fps,
            clock_ns=self._clock_ns,
            has_room=lambda: has_room(self._data, self._reserve_gb),
            announcer=announcer,
            begin=announcer.begin,
        )

    def close(self) -> None:
        """Stop reading, and finish the open segment."""
        self._stop.set()
        self._in_flight.cancel()
        if self._recording:
            self._recording.close()
            note_stop(self._data, self._camera.label, self._clock_ns())

    # ---- in the reader's thread

    def _run_reader(self) -> None:
        try:
            self._read_for_ever()
        except ConfigError as error:
            self.failure = error
        except Exception as error:  # whatever it is, nobody else would hear of it; started again, it may work
            self.failure = RuntimeError(
                f"{self._camera.label}: the thread that reads it has ended: {error!r}"
            )
            self.failure.__cause__ = error

    def _await_tracker(self) -> None:
        """Wait for the tracker's word up to where it has looked.

        A recording that began at its beginning again would be taken for a clock that was set back: running cycles
        would be given up, and all others measured a second time.
        """
        topic = topics.STATION_STATES.of(self._camera.label)
        until_s = math.inf
        while not self._heard.wait(_STATUS_PERIOD_S / 10) and not self._stop.is_set():
            self._alive_s = now_s = time.monotonic()
            if math.isinf(until_s) and self.count_publishers(topic):
                until_s = now_s + _FIRST_WORD_WITHIN_S
            if now_s > until_s:
                return

    def _read_for_ever(self) -> None:
        if self._camera.lossless:
            self._await_tracker()
        while not self._stop.is_set():
            began_s = time.monotonic()
            try:
                self._read()
                self._in_flight.wait_until_answered()
                self._state = CameraStatus.ENDED
                self._detail = "the file has been played to its end"
                return
            except SourceError as error:
                is_news = self._detail != str(error)
                self._detail = str(error)
                self._retries += 1
                self._counter.fail(self._detail)
                self.diagnostics.state(self._stream, Level.ERROR, self._detail)
                self._noticed_s = -math.inf  # the next picture takes it back, however short the interruption
                if is_news:
                    self.get_logger().warning(f"{error}; trying again every {self._camera.retry_s:g} s")
                if self._recording:
                    self._recording.interrupted(self._detail)
            self._alive_s = time.monotonic()
            # From attempt to attempt: one that took long is not followed by a long pause.
            self._stop.wait(max(_SHORTEST_PAUSE_S, self._camera.retry_s - (self._alive_s - began_s)))

    def _read(self) -> None:
        live = self._camera.pace == "realtime"
        if self._source is None:
            self._source = open_source(
                self.plant,
                self._camera,
                self._data,
                clock_ns=self._clock_ns,
                live=live,
                recording=self._recording,
                noticed=self._notice,
            )
        pacer = Pacer(1.0 if live and not self._source.live else None, catches_up=True)
        for frame in self._source.frames():
            self._alive_s = time.monotonic()
            if self._stop.wait(pacer.delay_s(frame.stamp_ns)) or not self._publish(frame):
                return

    def _notice(self, text: str) -> None:
        self._noticed_s = time.monotonic()
        self.diagnostics.state(self._stream, Level.WARN, text)
        self.get_logger().warning(f"{self._camera.label}: {text}")

    def _publish(self, frame: Frame) -> bool:
        message = convert.image_to_msg(self._camera.label, frame.stamp_ns, frame.image_bgr)
        arrived_s = time.monotonic()
        if self._camera.lossless:
            if not self._in_flight.send(frame.stamp_ns, lambda: self._images.publish(message)):
                return False
        else:
            self._images.publish(message)
        self._last_ns, self._delivered_s = frame.stamp_ns, time.monotonic()
        if self._camera.is_stream and self._notice_is_old():
            self._noticed_s = math.inf
            self.diagnostics.state(self._stream, Level.OK, "delivers")
        self._state, self._detail, self._retries = CameraStatus.ONLINE, "", 0
        self._counter.received += 1
        self._counter.done(time.monotonic() - arrived_s)
        return True

    def _notice_is_old(self) -> bool:
        return time.monotonic() - self._noticed_s > _NOTICE_STAYS_S

    def _clock_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    # ---- in the node's thread

    def _on_states(self, message: Any) -> None:
        self._in_flight.answered(convert.time_from_msg(message.header.stamp))
        self._heard.set()

    def _watch(self) -> None:
        if self._recording and self._recording.failure:
            self.failure = self._recording.failure
        now_s = time.monotonic()
        limit_s = self._camera.offline_after_s
        if self._state != CameraStatus.ENDED and now_s - self._delivered_s > limit_s:
            if self._state != CameraStatus.OFFLINE:
                self.get_logger().error(f"{self._camera.label}: no picture for {limit_s:g} s: off line")
            self._state = CameraStatus.OFFLINE
            self._detail = self._detail or f"no picture for {limit_s:g} s"
            self._counter.fail(self._detail)
        self._in_flight.resend_late()
        self._publish_status()
        waiting_for_an_answer = self._in_flight.is_waiting
        if (
            self._reader.is_alive()
            and not waiting_for_an_answer
            and now_s - self._alive_s > _HANGS_AFTER_LIMITS * limit_s
        ):
            self.get_logger().fatal(
                f"{self._camera.label}: reading hangs; the node ends and is started again"
            )
            os._exit(1)  # a blocked thread cannot be ended in any other way

    def _publish_status(self) -> None:
        self._status.publish(
            CameraStatus(
                header=convert.header(self._camera.label, self._clock_ns()),
                camera=self._camera.label,
                state=self._state,
                last_frame=convert.time_to_msg(self._last_ns),
                fps=self._counter.rate_hz,
                frames=self._counter.processed,
                retries=self._retries,
                detail=self._detail,
            )
        )


def main() -> None:
    """Run the node."""
    run(CameraDriver)


if __name__ == "__main__":
    main()
