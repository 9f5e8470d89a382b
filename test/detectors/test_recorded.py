"""The recorded backend: the right boxes for each stamp, and an error instead of a guess."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.config.load import parse_plant
from lbzf_ros.core.errors import DetectorError, InvalidValue
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.detectors.base import Detector, create
from lbzf_ros.detectors.mot import write_sequence
from test.detectors.test_mot import frame, walk

START_NS = 1_700_000_000 * NS_PER_S
PICTURE = np.zeros((480, 640, 3), np.uint8)


def make(file: Path | str, camera: str = "cam1", **recorded: Any) -> Detector:
    return create(
        DetectorSettings.model_validate({"backend": "recorded", "recorded": {"file": str(file), **recorded}}),
        camera,
    )


def bare(path: Path, text: str = "1,-1,10,10,20,50,0.9\n3,-1,30,10,20,50,0.8\n") -> Path:
    path.write_text(text)
    return path


def test_pictures_are_found_by_their_stamps(tmp_path: Path) -> None:
    frames = [*walk(4), frame(4, [], []), *[frame(i, [(5, 5, 9, 9, 0.5)], [1]) for i in (7, 8)]]
    write_sequence(tmp_path / "CAM1", frames, "det", 5.0)
    detector = make(tmp_path / "CAM1")
    # Each picture again, backwards and a millisecond off: what matters is the stamp alone.
    for item in reversed(frames):
        found = detector.detect(PICTURE, item.stamp_ns + 1_000_000)
        assert np.array_equal(found.xyxy, item.boxes.xyxy)
        assert np.array_equal(found.confidence, item.boxes.confidence)


def test_a_picture_that_was_not_recorded_is_an_error(tmp_path: Path) -> None:
    write_sequence(tmp_path / "CAM1", walk(4), "det", 5.0)
    with pytest.raises(InvalidValue, match=r"has no picture of 5 ns; its times\.csv has 4 stamps"):
        make(tmp_path / "CAM1").detect(PICTURE, 5)


def test_without_times_pictures_are_counted_at_the_recordings_rate(tmp_path: Path) -> None:
    detector = make(bare(tmp_path / "det.txt"), fps=5)
    counts = [
        len(detector.detect(PICTURE, START_NS + i * NS_PER_S // 5 + 9_000_000 * (i > 0))) for i in range(3)
    ]
    assert counts == [1, 0, 1]
    with pytest.raises(
        InvalidValue, match=r"has frames 1 to 3 at 5 a second .* seqinfo\.ini says its length"
    ):
        detector.detect(PICTURE, START_NS + 3 * NS_PER_S // 5)


def test_a_recording_may_begin_before_the_first_picture(tmp_path: Path) -> None:
    detector = make(bare(tmp_path / "det.txt"), fps=5, start_time="2023-11-14T22:13:20Z")
    found = detector.detect(PICTURE, START_NS + 2 * NS_PER_S // 5)
    assert found.xyxy.tolist() == [[30, 10, 50, 60]]
    with pytest.raises(InvalidValue):
        detector.detect(PICTURE, START_NS - NS_PER_S)


def test_seqinfo_gives_rate_and_length(tmp_path: Path) -> None:
    (tmp_path / "det").mkdir()
    bare(tmp_path / "det" / "det.txt")
    (tmp_path / "seqinfo.ini").write_text(
        "[Sequence]\nframeRate=10\nseqLength=5\nimWidth=640\nimHeight=480\n"
    )
    for file in (tmp_path, tmp_path / "det" / "det.txt"):
        detector = make(file)
        assert [len(detector.detect(PICTURE, START_NS + i * NS_PER_S // 10)) for i in range(5)] == [
            1,
            0,
            1,
            0,
            0,
        ]
        with pytest.raises(InvalidValue):
            detector.detect(PICTURE, START_NS + 5 * NS_PER_S // 10)


def test_every_camera_has_its_own_file(tmp_path: Path) -> None:
    bare(tmp_path / "cam1.txt")
    bare(tmp_path / "cam2.txt", "1,-1,100,100,20,50,0.9\n")
    found = make(tmp_path / "{camera}.txt", "cam2", fps=5).detect(PICTURE, START_NS)
    assert found.xyxy.tolist() == [[100, 100, 120, 150]]


def test_boxes_are_cut_to_the_picture(tmp_path: Path) -> None:
    text = "1,-1,-5,-5,20,50,0.9\n1,-1,700,10,20,50,0.9\n1,-1,630,470,20,50,0.9\n"
    found = make(bare(tmp_path / "det.txt", text), fps=5).detect(PICTURE, START_NS)
    assert found.xyxy.tolist() == [[0, 0, 15, 45], [630, 470, 640, 480]]


def test_nobody_at_all_is_a_recording_too(tmp_path: Path) -> None:
    frames = [frame(i, [], []) for i in range(3)]
    write_sequence(tmp_path / "CAM1", frames, "det", 5.0)
    assert len(make(tmp_path / "CAM1").detect(PICTURE, frames[2].stamp_ns)) == 0


def test_it_says_which_recording_it_is(tmp_path: Path) -> None:
    path = bare(tmp_path / "morning.txt")
    info = make(path, fps=5).info
    assert (info.name, info.version, info.framework) == ("recorded", "morning", "mot")
    assert info.weights_hash == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("make_file", "text"),
    [
        pytest.param(
            lambda folder: "", r"set detector\.recorded\.file to a MOT file or a bag", id="not-named"
        ),
        pytest.param(
            lambda folder: folder / "no.txt", r"cannot be read: .* set detector\.recorded\.file", id="missing"
        ),
        pytest.param(
            lambda folder: folder,
            r"is no MOT sequence; needed: det/det\.txt or gt/gt\.txt",
            id="empty-folder",
        ),
        pytest.param(lambda folder: bare(folder / "a.txt", ""), "is empty", id="empty"),
        pytest.param(lambda folder: bare(folder / "a.txt", "1,2\n"), r"a\.txt, line 1", id="wrong-line"),
        pytest.param(lambda folder: bare(folder / "a.txt"), r"set detector\.recorded\.fps", id="no-rate"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, make_file: Any, text: str) -> None:
    with pytest.raises(DetectorError, match=text):
        make(make_file(tmp_path))


def test_where_files_lie_is_no_parameter() -> None:
    def parameters(folder: str, confidence: float) -> dict[str, Any]:
        network = {"weights": f"{folder}/a.onnx", "engine_folder": folder, "confidence": confidence}
        chosen = {"network": network, "recorded": {"file": f"{folder}/det.txt"}}
        return DetectorSettings.model_validate(chosen).parameters()

    assert parameters("/here", 0.3) == parameters("/there", 0.3)
    assert parameters("/here", 0.3) != parameters("/here", 0.4)


def test_files_are_relative_to_the_plant_file(tmp_path: Path) -> None:
    data = {
        "modules": [
            {
                "code": "A",
                "cameras": [{"label": "cam1", "source": "a.mp4"}],
                "workstations": [
                    {
                        "code": "P",
                        "camera": "cam1",
                        "zones": {"w": {"kind": "work", "polygon_px": [[0, 0], [9, 0], [9, 9]]}},
                    }
                ],
            }
        ],
        "detector": {"network": {"weights": "models/a.onnx"}, "recorded": {"file": "/data/{camera}.txt"}},
    }
    detector = parse_plant(data, where="plant.yaml", folder=tmp_path).detector
    assert detector.network.weights == str(tmp_path / "models" / "a.onnx")
    assert detector.network.engine_folder == ""
    assert detector.recorded.file == "/data/{camera}.txt"
