"""A network camera (RTSP): its packets to the recording as they came, its pictures to whoever measures.

Two threads, so that slow decoding costs pictures but never video: one takes packets from the network, the caller's
decodes. No read lasts longer than `streams.stall_s`: libav interrupts it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import av

from lbzf_ros.config.schema import Camera
from lbzf_ros.config.streams import StreamSettings
from lbzf_ros.core.errors import ConfigError, SourceError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video import faults
from lbzf_ros.video.copying import StreamPacket
from lbzf_ros.video.decoders import Decoder, PipelineDecoder, SoftwareDecoder
from lbzf_ros.video.sources import SET_BACK_NS, Frame, Thinner

_H264 = "h264"
_RECORDED = {  # by whether packets are copied
    True: "video is recorded as it comes again",
    False: "video is encoded anew to be recorded, which takes computing time; set the stream to H.264",
}
_EPOCH = 0  # periods are counted from it, so that a recording that is thinned later gives the same pictures
_MS = 1_000_000  # stamps are whole milliseconds: a video file keeps them exactly
_MOST_WAITING = 250
_JUMP_S = 10.0
# TCP: a lost UDP packet smears a picture, and plant networks lose packets. What was read to learn about the stream is
# thrown away: it would come as a burst, with stamps that are too late.
_OPTIONS = {
    "rtsp_transport": "tcp",
    "fflags": "nobuffer",
    "flags": "low_delay",
    "analyzeduration": "500000",
    "fpsprobesize": "0",
}


class Recording(Protocol):
    """What is told about a stream, to keep it. No call may block or raise."""

    def opened(self, *, copied: bool, parameters: bytes) -> None:
        """The camera delivers: H.264 that is copied, or pictures that have to be encoded."""
        ...

    def packet(self, packet: StreamPacket) -> None:
        """A packet of a copied stream."""
        ...

    def picture(self, frame: Frame) -> None:
        """A picture of a stream that cannot be copied."""
        ...


class StreamSource:
    """A picture's stamp is the clock at the moment its packet arrived; the camera's own stamps are not trusted."""

    live = True
    length_s = None

    def __init__(
        self,
        camera: Camera,
        settings: StreamSettings,
        *,
        clock_ns: Callable[[], int],
        recording: Recording | None = None,
        noticed: Callable[[str], None] | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            camera: its settings.
            settings: how streams are read.
            clock_ns: the present time.
            recording: gets everything that comes; None: nothing is kept.
            noticed: told what somebody may want to know though it goes on: another picture size or codec, stamps that
                jump.
        """
        self._camera, self._settings = camera, settings
        self._clock_ns, self._recording = clock_ns, recording
        self._noticed = noticed or _ignored
        self._codec = ""

    def frames(self) -> Iterator[Frame]:
        """Its pictures for as long as it delivers. May be asked for again when it has ended.

        Raises:
            SourceError: it cannot be opened, froze or ended; the text says what to do.
        """
        container = self._open()
        stream = container.streams.video[0]
        codec, parameters = stream.codec_context.name, bytes(stream.codec_context.extradata or b"")
        copied = codec == _H264
        if self._codec not in ("", codec):
            self._noticed(f"the codec changed from {self._codec} to {codec}: {_RECORDED[copied]}")
        self._codec = codec
        if self._recording:
            self._recording.opened(copied=copied, parameters=parameters if copied else b"")
        reader = _Reader(self, container, copied=copied)
        try:
            with contextlib.closing(self._decoder(codec, parameters)) as decoder:
                yield from self._decoded(reader, decoder, codec)
        finally:
            reader.stop()

    def _decoded(self, reader: _Reader, decoder: Decoder, codec: str) -> Iterator[Frame]:
        thinner, last_ns = Thinner(self._camera.fps, _EPOCH), 0
        size: tuple[int, ...] = ()
        # Since the first packet of which nothing has become a picture: a single one, half of it, may come just when the
        # connection falls silent, which is another fault.
        fruitless_s: float | None = None
        for packet, arrived_s in reader.packets():
            fruitless_s = arrived_s if fruitless_s is None else fruitless_s
            for picture in decoder.decode(packet):
                fruitless_s, stamp_ns = None, picture.stamp_ns
                if stamp_ns < last_ns - SET_BACK_NS:
                    thinner, last_ns = Thinner(self._camera.fps, _EPOCH), 0
                if stamp_ns <= last_ns or not thinner.wants(stamp_ns):
                    continue
                last_ns = stamp_ns
                frame = Frame(picture.bgr(), stamp_ns)
                if self._recording and codec != _H264:
                    self._recording.picture(frame)
                if size and picture.size_px != size:
                    self._noticed(
                        f"the picture size changed from {_by(size)} to {_by(picture.size_px)}: check the zones"
                    )
                size = picture.size_px
                yield frame
            if fruitless_s is not None and arrived_s - fruitless_s > self._settings.stall_s:
                raise faults.undecodable(self._camera, codec, self._settings.stall_s)

    def _decoder(self, codec: str, parameters: bytes) -> Decoder:
        size_px = self._camera.resolution_px
        if self._settings.decoder_pipeline and codec == _H264:
            return PipelineDecoder(self._camera.label, self._settings.decoder_pipeline, size_px)
        return SoftwareDecoder(codec, parameters, size_px)

    def _open(self) -> Any:
        camera = self._camera
        try:
            url = camera.resolved_source
        except ConfigError as error:  # its file may be put right while the driver tries again
            raise SourceError(f"{camera.label}: {error}") from None
        limits_s = (self._settings.open_within_s, self._settings.stall_s)
        options = {**_OPTIONS, "timeout": str(round(self._settings.stall_s * 1e6))}
        began_s = time.monotonic()
        try:
            container = av.open(url, options=options, timeout=limits_s)
        except (av.FFmpegError, OSError) as error:
            raise faults.cannot_open(
                camera, error, url, in_time=time.monotonic() - began_s < 0.9 * min(limits_s)
            ) from None  # the original names the URL with its password
        if not container.streams.video or container.streams.video[0].codec_context is None:
            container.close()
            raise SourceError(
                f"{camera.label}: {camera.source} holds no video that can be read; set it to H.264"
            )
        return container


class _Reader:
    """Takes packets from the network in a thread of its own.

    Whoever decodes is woken when there is one whose picture may be looked at, and then decodes what came since the last
    one: to be woken for each packet would take as many changes of threads, and colder caches.
    """

    def __init__(self, source: StreamSource, container: Any, *, copied: bool) -> None:
        self._camera, self._settings = source._camera, source._settings
        self._clock_ns, self._noticed = source._clock_ns, source._noticed
        self._recording = source._recording if copied else None
        self._container = container
        self._waiting: deque[tuple[StreamPacket, float]] = deque()
        self._changed = threading.Condition()
        self._ended: SourceError | None = None
        self._stop = False
        # A pipeline, and pictures that are shown later than they are decoded, come out when more packets go in.
        self._gathers = not source._settings.decoder_pipeline
        self._periods, self._period = Thinner(source._camera.fps, _EPOCH), -1
        self._skipping = True  # up to the first key frame: what comes before it cannot be decoded
        self._thread = threading.Thread(target=self._run, name="packets", daemon=True)
        self._thread.start()

    def packets(self) -> Iterator[tuple[StreamPacket, float]]:
        """What came, in order, each with when it came (monotonic, s); raises when nothing comes any more."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting) or self._ended is not None)
                if not self._waiting:
                    assert self._ended
                    raise self._ended
                packet = self._waiting.popleft()
            yield packet

    def stop(self) -> None:
        """End it; a read that is under way ends by its own limit, and nobody hears of it any more."""
        self._stop = True

    def _run(self) -> None:
        try:
            ended = self._take()
        except Exception as error:  # whoever waits must hear of it, whatever it was
            ended = faults.stopped(self._camera, error)
        with self._changed:
            self._ended = ended
            self._changed.notify_all()
        self._container.close()  # says goodbye to the camera, which may take seconds that nobody has to wait for

    def _take(self) -> SourceError:
        began_s = time.monotonic()
        jumps = _Jumps(self._noticed)
        packets = self._container.demux(self._container.streams.video[0])
        try:
            for packet in packets:
                if self._stop or not packet.size:
                    break
                began_s = time.monotonic()
                stamp_ns = self._clock_ns() // _MS * _MS
                jumps.look(packet, stamp_ns)
                self._pass_on(StreamPacket(bytes(packet), stamp_ns, _reorder_ns(packet), packet.is_keyframe))
        except (av.FFmpegError, OSError) as error:
            if time.monotonic() - began_s > 0.9 * self._settings.stall_s:
                return faults.froze(self._camera, self._settings.stall_s)
            return faults.stopped(self._camera, error)
        return faults.stopped(self._camera, None)

    def _pass_on(self, packet: StreamPacket) -> None:
        if self._recording and not self._stop:
            self._recording.packet(packet)
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING:
                self._waiting.clear()
                self._skipping = True
                self._noticed("decoding is too slow: pictures are left out; video is recorded all the same")
            self._skipping = self._skipping and not packet.is_key
            if not self._skipping:
                self._waiting.append((packet, time.monotonic()))
                period, before = self._periods.period(packet.stamp_ns), self._period
                if period != before or packet.reorder_ns or not self._gathers:
                    self._period = period
                    self._changed.notify_all()


class _Jumps:
    """Compares the camera's stamps with the clock."""

    def __init__(self, noticed: Callable[[str], None]) -> None:
        self._noticed = noticed
        self._last: tuple[float, int] | None = None

    def look(self, packet: Any, stamp_ns: int) -> None:
        if packet.pts is None:
            return
        now = float(packet.pts * packet.time_base), stamp_ns
        if self._last is not None:
            jump_s = now[0] - self._last[0] - (now[1] - self._last[1]) / NS_PER_S
            if abs(jump_s) > _JUMP_S:
                self._noticed(
                    f"the camera's stamps jumped by {jump_s:+.0f} s; pictures carry this machine's time, so nothing "
                    "is lost; set the camera's clock by NTP"
                )
        self._last = now


def _reorder_ns(packet: Any) -> int:
    """How much later than it is decoded a picture is shown; only streams with B-frames have that."""
    if packet.pts is None or packet.dts is None:
        return 0
    ns = round((packet.pts - packet.dts) * packet.time_base * NS_PER_S)
    return ns if 0 < ns < NS_PER_S else 0


def _ignored(text: str) -> None:
    del text


def _by(size_px: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in size_px)
