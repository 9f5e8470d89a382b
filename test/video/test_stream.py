"""Network cameras, against a real RTSP server: what goes wrong is said with what to do, and never ends the reading."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest

from lbzf_ros.config.schema import Camera
from lbzf_ros.config.streams import StreamSettings
from lbzf_ros.core.errors import SourceError
from lbzf_ros.video.copying import StreamPacket
from lbzf_ros.video.sources import Frame
from lbzf_ros.video.stream import StreamSource
from test.support.ports import free_port
from test.support.rtsp import RtspCamera
from test.support.rtsp_altered import AlteredPackets

PATIENT = StreamSettings()
"""For cameras that work: an encoder of the test server may need seconds for its first picture."""
HASTY = StreamSettings(open_within_s=2, stall_s=2)
"""For cameras that say nothing."""


def camera(url: str, **changes: object) -> Camera:
    return Camera.model_validate(
        {"label": "cam1", "source": url, "resolution_px": (320, 240), "fps": 5, **changes}
    )


class Kept:
    """What a recording is given."""

    def __init__(self) -> None:
        self.copied: list[bool] = []
        self.packets: list[StreamPacket] = []
        self.pictures: list[Frame] = []

    def opened(self, *, copied: bool, parameters: bytes) -> None:
        del parameters
        self.copied.append(copied)

    def packet(self, packet: StreamPacket) -> None:
        self.packets.append(packet)

    def picture(self, frame: Frame) -> None:
        self.pictures.append(frame)


def source(
    url: str,
    kept: Kept | None = None,
    said: list[str] | None = None,
    settings: StreamSettings = PATIENT,
    **changes: object,
) -> StreamSource:
    noticed = said.append if said is not None else None
    return StreamSource(
        camera(url, **changes), settings, clock_ns=time.time_ns, recording=kept, noticed=noticed
    )


def failure(frames: Iterator[Frame]) -> str:
    with pytest.raises(SourceError) as error:
        for _ in frames:
            pass
    return str(error.value)


def playing(url: str, settings: StreamSettings) -> Iterator[Frame]:
    """Its pictures from the second one on; like the camera driver, opens it again until there is a first one."""
    for _ in range(10):
        frames = source(url, settings=settings).frames()
        with contextlib.suppress(SourceError):
            next(frames)
            return frames
    pytest.fail(f"{url} gives no picture")


@pytest.fixture
def live() -> Iterator[RtspCamera]:
    with RtspCamera() as running:
        yield running


@pytest.mark.parametrize(
    ("codec", "copied"), [("h264", True), ("h264-bframes", True), ("h265", False), ("jpeg", False)]
)
def test_pictures_of_any_codec_and_packets_of_h264(codec: str, copied: bool) -> None:
    kept = Kept()
    with RtspCamera(codec) as running:
        frames = list(islice(source(running.url, kept).frames(), 6))
    stamps = [frame.stamp_ns for frame in frames]
    assert {frame.image_bgr.shape for frame in frames} == {(240, 320, 3)}
    assert stamps == sorted(set(stamps))
    assert kept.copied == [copied]
    assert bool(kept.packets) is copied
    assert bool(kept.pictures) is not copied
    if codec == "h264":  # the very picture, not one beside it
        assert set(stamps) <= {packet.stamp_ns for packet in kept.packets}


def test_a_wrong_password_and_a_wrong_path_say_what_to_correct(tmp_path: Path) -> None:
    secret = tmp_path / "secret"

    def login(password: str) -> str:
        secret.write_text(f"user=viewer\npassword={password}\n", "utf-8")
        secret.chmod(0o600)
        return str(secret)

    with RtspCamera(login="viewer:hunter2") as running:
        wrong = failure(source(running.url, credentials_file=login("hunter3")).frames())
        assert "refuses user or password (401)" in wrong
        assert "hunter" not in wrong
        path = failure(source(running.url + "x", credentials_file=login("hunter2")).frames())
        assert "no such path (404)" in path
        assert "hunter" not in path
        assert next(source(running.url, credentials_file=login("hunter2")).frames()).image_bgr.any()


def test_nobody_there_is_told_from_a_host_that_does_not_exist() -> None:
    assert "takes no video connections" in failure(source(f"rtsp://127.0.0.1:{free_port()}/live").frames())
    assert "no such host" in failure(source("rtsp://camera.invalid/live").frames())


def test_a_camera_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/live"
        said = failure(source(url, settings=HASTY).frames())
    assert "accepts the connection and says nothing" in said


def test_an_error_does_not_repeat_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM1_PASSWORD", "hunter2")
    secret = camera("rtsp://u:${CAM1_PASSWORD}@127.0.0.1:9/live")
    with pytest.raises(SourceError) as error:
        next(StreamSource(secret, PATIENT, clock_ns=time.time_ns).frames())
    assert "hunter2" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_camera_that_is_switched_off_ends_the_pictures_at_once_and_comes_back(live: RtspCamera) -> None:
    frames = source(live.url).frames()
    next(frames)
    live.switch_off()
    assert "ended the stream" in failure(frames) or "the connection broke" in failure(frames)
    live.switch_on()
    assert next(source(live.url).frames()).image_bgr.any()


def test_a_frozen_stream_is_given_up_and_opened_again(live: RtspCamera) -> None:
    frames = playing(live.url, HASTY)
    live.freeze()
    assert "no packet for 2 s although the connection stands" in failure(frames)
    assert "says nothing" in failure(source(live.url, settings=HASTY).frames())
    live.thaw()
    assert next(source(live.url).frames()).image_bgr.any()


def test_another_picture_size_is_said_and_pictures_keep_the_size_of_the_zones(live: RtspCamera) -> None:
    said: list[str] = []
    frames = source(live.url, said=said).frames()
    next(frames)
    live.tell("size 320 180")
    shapes = {next(frames).image_bgr.shape for _ in range(10)}
    assert shapes == {(240, 320, 3)}
    assert said == ["the picture size changed from 640x480 to 320x180: check the zones"]


def test_another_codec_is_said_and_recorded_from_the_next_connection_on(live: RtspCamera) -> None:
    kept, said = Kept(), list[str]()
    reading = source(live.url, kept, said)
    frames = reading.frames()
    next(frames)
    for codec in ("jpeg", "h264"):
        live.switch_off()
        failure(frames)
        live.codec = codec
        live.switch_on()
        frames = reading.frames()
        next(frames)
    assert kept.copied == [True, False, True]
    to_jpeg, to_h264 = said
    assert to_jpeg.startswith("the codec changed from h264 to mjpeg: video is encoded anew")
    assert to_h264 == "the codec changed from mjpeg to h264: video is recorded as it comes again"


def test_another_codec_in_the_middle_of_a_connection_is_given_up_and_begins_anew(live: RtspCamera) -> None:
    said: list[str] = []
    with RtspCamera("jpeg") as other, AlteredPackets(live.port) as between:
        reading = source(between.url, said=said, settings=HASTY)
        for _ in range(10):  # until there is a first one: HASTY may be too hasty for an encoder that starts
            frames = reading.frames()
            with contextlib.suppress(SourceError):
                next(frames)
                break
        between.payload_type = 26  # JPEG
        # libav drops what is of another payload type, or hands it on, by what it had read when that began.
        said_then = failure(frames)
        assert "the camera may have another codec by now" in said_then or "no packet for 2 s" in said_then
        between.payload_type, between.port = None, other.port
        assert next(reading.frames()).image_bgr.any()
    assert said[-1].startswith("the codec changed from h264 to mjpeg")


@pytest.mark.parametrize("jump_s", [3600, -3600], ids=["forward", "back"])
def test_stamps_that_jump_are_said_and_cost_nothing(live: RtspCamera, jump_s: int) -> None:
    said: list[str] = []
    with AlteredPackets(live.port) as between:
        frames = source(between.url, said=said).frames()
        stamps = [next(frames).stamp_ns for _ in range(4)]
        between.jump_s = jump_s
        stamps += [next(frames).stamp_ns for _ in range(8)]
    steps = [after - before for before, after in pairwise(stamps)]
    assert min(steps) > 0
    assert max(steps) < 2 * 10**9
    assert any("stamps jumped by" in text for text in said)


def test_a_decoder_named_in_the_configuration_gives_the_same_pictures(live: RtspCamera) -> None:
    settings = StreamSettings(decoder_pipeline="h264parse ! openh264dec")
    named = StreamSource(camera(live.url), settings, clock_ns=time.time_ns)
    frames = list(islice(named.frames(), 5))
    assert {frame.image_bgr.shape for frame in frames} == {(240, 320, 3)}
    plain = next(source(live.url).frames()).image_bgr
    # The same scene: a white ball on black, wherever it has rolled to.
    assert abs(float(frames[-1].image_bgr.mean()) - float(plain.mean())) < 2
    broken = StreamSettings(decoder_pipeline="h264parse ! nosuchdecoder")
    assert "look at streams.decoder_pipeline" in failure(
        StreamSource(camera(live.url), broken, clock_ns=time.time_ns).frames()
    )


def test_reading_leaves_no_thread_behind(live: RtspCamera) -> None:
    before = threading.active_count()
    for _ in range(2):
        frames = source(live.url).frames()
        next(frames)
        frames.close()  # type: ignore[attr-defined]  # a generator
    until_s = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < until_s
        time.sleep(0.05)
