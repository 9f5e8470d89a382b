"""The detector node with several cameras: a real process on real DDS."""

from __future__ import annotations

import functools
import re
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import NS_PER_S, Boxes
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.ros import convert, topics
from test.detectors.drawing import START_NS, Image, noisy, person, room
from test.detectors.test_onnx import FEW
from test.detectors.tiny_yolo import Weights, random_yolo
from test.support.occupancy import rois
from test.support.ros import Listener, listener, node_process

PERIOD_NS = NS_PER_S // 5
STOPS_WITHIN_S = 5.0
LIVE, FILE = "rtsp://camera/stream", "recording.mp4"
SLOW = {"backend": "hog", "working_side_px": 1080, "min_height_share": 0.1, "search_height_share": 0.1}
"""About 50 ms for a picture of 400 x 300."""
SKIPPED_SAID = re.compile(r"(cam\d) (\d+) of \d+")


@pytest.fixture
def ear() -> Iterator[Listener]:
    with listener() as listening:
        yield listening


def parameters(folder: Path, sources: Mapping[str, str], detector: Mapping[str, object]) -> dict[str, str]:
    """Parameters of a detector for a plant with these cameras."""
    zones = {"work": {"kind": "work", "polygon_px": [[0, 0], [60, 0], [60, 60]]}}
    module = {
        "code": "ANGELA",
        "cameras": [{"label": label, "source": source} for label, source in sources.items()],
        "workstations": [{"code": "PUESTO_01", "camera": "cam1", "zones": zones}],
    }
    path = folder / "plant.yaml"
    path.write_text(yaml.safe_dump({"modules": [module], "detector": dict(detector)}), "utf-8")
    return {"plant": str(path)}


class Graph:
    """The other nodes, played by the test: pictures in, people out."""

    def __init__(self, ear: Listener, sources: dict[str, str]) -> None:
        self.ear = ear
        self.answers = {label: ear.listen(topics.DETECTIONS, label) for label in sources}
        self.pictures = {
            label: ear.publisher(topics.image(lossless=source == FILE), label)
            for label, source in sources.items()
        }
        self.diagnostics = ear.listen(topics.DIAGNOSTICS)
        self._zones = [ear.publisher(topics.ROI_SET, label) for label in sources]
        for label, publisher in zip(sources, self._zones, strict=True):
            publisher.publish(convert.rois_to_msg(replace(rois(), camera=label)))

    def send(self, camera: str, number: int, image: Image) -> None:
        """Publish picture `number` of a camera."""
        self.pictures[camera].publish(convert.image_to_msg(camera, START_NS + number * PERIOD_NS, image))

    def answered(self, camera: str) -> list[int]:
        """The pictures of a camera that were answered, in that order."""
        heard = self.ear.heard[self.answers[camera]]
        return [(convert.time_from_msg(message.header.stamp) - START_NS) // PERIOD_NS for message in heard]

    def all_answered(self, pictures: int) -> bool:
        """Whether so many pictures of each camera were answered."""
        return all(len(set(self.answered(camera))) >= pictures for camera in self.answers)

    def boxes(self, camera: str) -> list[Boxes]:
        return [
            convert.detections_from_msg(message).boxes for message in self.ear.heard[self.answers[camera]]
        ]

    def insist(self, camera: str, number: int, image: Image) -> None:
        """Send a picture until it is answered: one of a live camera may be lost."""

        def answered() -> bool:
            self.send(camera, number, image)
            return number in self.answered(camera)

        self.ear.wait_for(f"picture {number} of {camera} is looked at", answered)

    def status(self, name: str) -> Any:
        """The last status of that name; None: none yet."""
        statuses = [status for array in self.ear.heard[self.diagnostics] for status in array.status]
        return next((status for status in reversed(statuses) if status.name == f"detector: {name}"), None)

    def skipped_said(self) -> dict[str, int]:
        """Cameras that the detector is too slow for, with their skipped pictures in the last of its statuses."""
        status = self.status("speed")
        return {camera: int(n) for camera, n in SKIPPED_SAID.findall(status.message)} if status else {}

    def waiting(self, camera: str) -> int:
        """Pictures of a camera that came and were neither looked at, nor skipped, nor answered a second time."""
        answered = self.answered(camera)
        again = len(answered) - len(set(answered))
        looked_at, skipped = (self.figure(camera, key) for key in ("processed", "skipped"))
        return self.figure(camera, "received") - looked_at - skipped - again

    def figure(self, camera: str, key: str) -> int:
        return int({value.key: value.value for value in self.status(camera).values}[key])


def walk(seed: int, pictures: int, width_px: int = 640, height_px: int = 480) -> list[Image]:
    """Somebody walks through a room."""
    empty = room(width_px, height_px)
    return [
        noisy(
            empty if i < 3 else person(empty, 60 + 30 * i, 0.9 * height_px, 0.55 * height_px), 100 * seed + i
        )
        for i in range(pictures)
    ]


def test_a_detector_that_is_too_slow_skips_evenly_and_says_how_many(tmp_path: Path, ear: Listener) -> None:
    sources = {"cam1": LIVE, "cam2": LIVE, "cam3": LIVE, "cam4": FILE}
    graph = Graph(ear, sources)
    image, log = walk(1, 6, 400, 300)[-1], tmp_path / "log"
    with node_process("detector", parameters(tmp_path, sources, SLOW), log):
        for camera in sources:
            graph.insist(camera, 0, image)
        number, until_s = 0, time.monotonic() + 60
        while len(said := graph.skipped_said()) < 3:
            assert time.monotonic() < until_s
            number += 1
            for camera in ("cam1", "cam2", "cam3"):
                graph.send(camera, number, image)
            done = max(graph.answered("cam4"))
            for step in range(done + 1, done + 5):  # more than a lock-step driver sends, again and again
                graph.send("cam4", step, image)
            ear.wait_for("a moment", functools.partial(passed, time.monotonic() + 0.025))
        assert graph.status("speed").level[0]
        assert list(said) == ["cam1", "cam2", "cam3"]
        ear.wait_for("nothing waits", lambda: not any(map(graph.waiting, ("cam1", "cam2", "cam3"))))
        turns = {camera: len(set(graph.answered(camera))) for camera in sources}
        assert max(turns.values()) - min(turns.values()) <= 3
        assert sorted(set(graph.answered("cam4"))) == list(range(turns["cam4"]))
        for camera, skipped in said.items():  # since then only more can have been skipped
            assert 0 < skipped <= graph.figure(camera, "skipped")
    assert "too slow for its cameras" in log.read_text("utf-8")


def passed(until_s: float) -> bool:
    return time.monotonic() >= until_s


@pytest.mark.parametrize("backend", ["hog_background", "onnx"])
def test_recordings_side_by_side_give_what_each_gives_alone(
    tmp_path: Path, ear: Listener, backend: str
) -> None:
    chosen: dict[str, object] = {"backend": backend}
    if backend == "onnx":
        path = random_yolo(tmp_path / "tiny.onnx", Weights.random(1, FEW))
        chosen["network"] = {"weights": str(path), "input_px": [160, 160], "threads": 1}
    sources = {f"cam{i}": FILE for i in (1, 2, 3)}
    shows = {camera: walk(i, 12) for i, camera in enumerate(sources)}
    graph = Graph(ear, sources)
    with node_process("detector", parameters(tmp_path, sources, chosen), tmp_path / "log"):
        for camera in sources:
            graph.insist(camera, 0, shows[camera][0])
        for number in range(1, 12, 3):
            for step in range(number, min(12, number + 3)):
                for camera in sources:
                    graph.send(camera, step, shows[camera][step])
            ear.wait_for("all answers", functools.partial(graph.all_answered, min(12, number + 3)))
    settings = DetectorSettings.model_validate(chosen)
    for camera in sources:
        finder = PeopleFinder(settings, rois())
        alone = [finder(image, START_NS + i * PERIOD_NS).boxes for i, image in enumerate(shows[camera])]
        found = dict(zip(graph.answered(camera), graph.boxes(camera), strict=True))
        assert sorted(found) == list(range(12))
        assert sum(len(boxes) for boxes in alone) > 5
        for i, boxes in enumerate(alone):
            tolerance = 0 if backend == "hog_background" else 1e-4
            assert found[i].xyxy == pytest.approx(boxes.xyxy, abs=tolerance)
            assert found[i].confidence == pytest.approx(boxes.confidence, abs=tolerance and 1e-4)


def test_a_fallback_stays_in_the_diagnostics_for_as_long_as_it_is_used(tmp_path: Path, ear: Listener) -> None:
    sources = {"cam1": LIVE}
    graph = Graph(ear, sources)
    detector = {"backend": "onnx", "network": {"weights": "no.onnx"}, "fallback": "hog_background"}
    log = tmp_path / "log"
    with node_process("detector", parameters(tmp_path, sources, detector), log):
        graph.insist("cam1", 0, room())
        heard = len(ear.heard[graph.diagnostics])
        ear.wait_for("later diagnostics", lambda: len(ear.heard[graph.diagnostics]) > heard + 1)
        status = graph.status("cam1 fallback")
    assert status.level == b"\x02"
    assert status.message.startswith("detector onnx cannot be used, hog_background stands in for it: ")
    assert "no.onnx: cannot be read" in log.read_text("utf-8")
    assert {message.model.name for message in ear.heard[graph.answers["cam1"]]} == {"hog_background"}


def test_without_a_fallback_one_line_says_why_it_does_not_start(tmp_path: Path) -> None:
    detector = {"backend": "onnx", "network": {"weights": "no.onnx"}}
    log = tmp_path / "log"
    with node_process("detector", parameters(tmp_path, {"cam1": LIVE}, detector), log) as process:
        assert process.wait(20) == 2
    lines = [line for line in log.read_text("utf-8").splitlines() if line]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert "no.onnx: cannot be read" in lines[0]


def test_it_stops_at_once_in_the_middle_of_its_work(tmp_path: Path, ear: Listener) -> None:
    sources = {"cam1": LIVE}
    graph, log = Graph(ear, sources), tmp_path / "log"
    with node_process("detector", parameters(tmp_path, sources, SLOW), log) as process:
        graph.insist("cam1", 0, room(400, 300))
        for i in range(1, 20):
            graph.send("cam1", i, room(400, 300))
        process.send_signal(signal.SIGINT)
        began_s = time.monotonic()
        assert process.wait(STOPS_WITHIN_S) == 0
        assert time.monotonic() - began_s < STOPS_WITHIN_S
    assert "Traceback" not in log.read_text("utf-8")


def test_what_it_cannot_read_is_an_error_and_no_end(tmp_path: Path, ear: Listener) -> None:
    sources = {"cam1": LIVE}
    graph = Graph(ear, sources)
    with node_process("detector", parameters(tmp_path, sources, {}), tmp_path / "log"):
        graph.insist("cam1", 0, room())
        wrong = convert.image_to_msg("cam1", START_NS + PERIOD_NS, np.zeros((4, 4, 3), np.uint8))
        wrong.height = 5

        def said() -> bool:
            graph.pictures["cam1"].publish(wrong)
            status = graph.status("cam1")
            return status is not None and "do not fit" in status.message

        ear.wait_for("it is said", said)
        graph.insist("cam1", 2, room())


def test_what_fails_while_it_runs_ends_it_so_that_it_is_started_again(tmp_path: Path, ear: Listener) -> None:
    recording = tmp_path / "det.txt"
    recording.write_text("1,-1,10,10,20,50,0.9\n")
    detector = {"backend": "recorded", "recorded": {"file": str(recording), "fps": 5}}
    sources, log = {"cam1": LIVE}, tmp_path / "log"
    with node_process("detector", parameters(tmp_path, sources, detector), log) as process:
        diagnostics = ear.listen(topics.DIAGNOSTICS)
        ear.wait_for("it runs", lambda: bool(ear.heard[diagnostics]))
        recording.unlink()
        graph = Graph(ear, sources)

        def ended() -> bool:
            graph.send("cam1", 0, room())
            return process.poll() is not None

        ear.wait_for("its end", ended)
        assert process.returncode == 1  # 2 would say that it is of no use to start it again
    assert f"{recording}: cannot be read" in log.read_text("utf-8")
