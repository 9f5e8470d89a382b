"""MOT files: what is written comes back, and a public scoring tool reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackers.eval import evaluate_mot_sequence
from typer.testing import CliRunner

from lbzf_ros.cli import app, commands
from lbzf_ros.config.load import load_plant
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S, Boxes, FrameDetections, ModelInfo
from lbzf_ros.detectors.mot import read_info, read_rows, read_times, to_frames, write_rows, write_sequence
from lbzf_ros.resources import resource_path
from lbzf_ros.simulator.model import seed_of, stations_of
from lbzf_ros.simulator.scene import Scene

MODEL = ModelInfo("test", "1", "none")
assert commands  # importing it registers the commands


def frame(number: int, boxes: Sequence[tuple[float, ...]], ids: list[int]) -> FrameDetections:
    """A picture with people: x_min, y_min, x_max, y_max, confidence."""
    values = np.array(boxes, np.float32).reshape(-1, 5)
    return FrameDetections(
        camera="cam1",
        stamp_ns=1_000_000_000 + number * 200_000_001,
        width_px=640,
        height_px=480,
        model=MODEL,
        boxes=Boxes(values[:, :4], values[:, 4]),
        track_ids=np.array(ids, np.int32),
    )


def walk(count: int, shift_px: float = 0.0, swap_at: int = 10**6) -> list[FrameDetections]:
    """Two people who walk; their tracks may change places."""
    frames = []
    for i in range(count):
        x = 10.5 + 3 * i + shift_px
        ids = [1, 2] if i < swap_at else [2, 1]
        frames.append(frame(i, [(x, 20, x + 40, 140, 0.9), (x + 200, 30, x + 240, 150.25, 0.75)], ids))
    return frames


coordinate = st.floats(0, 600, width=32)


@given(
    st.lists(
        st.tuples(coordinate, coordinate, st.floats(0.5, 300, width=32), st.floats(0.5, 300, width=32)),
        max_size=5,
    )
)
def test_boxes_come_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[tuple[float, ...]]
) -> None:
    path = tmp_path_factory.mktemp("mot") / "det.txt"
    values = [(x, y, x + width, y + height, 0.5) for x, y, width, height in boxes]
    written = [frame(0, [], []), frame(1, values, list(range(len(values))))]
    write_rows(path, written, "tracks")
    rows = read_rows(path)
    back = to_frames(rows, written[0], [item.stamp_ns for item in written])
    assert len(back[0].boxes) == 0
    assert np.array_equal(back[1].boxes.xyxy, written[1].boxes.xyxy)
    assert back[1].track_ids.tolist() == list(range(len(values)))


def test_a_sequence_has_everything_that_tools_look_for(tmp_path: Path) -> None:
    frames = [*walk(3), frame(3, [], [])]
    write_sequence(tmp_path / "CAM1", frames, "gt", 5.0)
    info = read_info(tmp_path / "CAM1" / "seqinfo.ini")
    assert (info.name, info.fps, info.length, info.width_px, info.height_px) == ("CAM1", 5.0, 4, 640, 480)
    lines = (tmp_path / "CAM1" / "gt" / "gt.txt").read_text().splitlines()
    assert lines[0] == "1,1,10.5,20,40,120,1,1,1"
    assert len(lines) == 6
    assert read_times(tmp_path / "CAM1" / "gt" / "times.csv").tolist() == [item.stamp_ns for item in frames]


def test_detections_have_no_tracks_and_tracks_have_no_untracked(tmp_path: Path) -> None:
    frames = [frame(0, [(0, 0, 10, 10, 0.5), (20, 0, 30, 10, 0.6)], [4, -1])]
    write_rows(tmp_path / "det.txt", frames, "det")
    write_rows(tmp_path / "tracks.txt", frames, "tracks")
    assert read_rows(tmp_path / "det.txt").track.tolist() == [-1, -1]
    assert read_rows(tmp_path / "tracks.txt").track.tolist() == [4]


@pytest.mark.parametrize(
    ("found", "mota", "switches"),
    [
        pytest.param(walk(20), 1.0, 0, id="perfect"),
        pytest.param(walk(20, shift_px=2), 1.0, 0, id="two-pixels-off"),
        pytest.param(walk(20, swap_at=10), 1 - 2 / 40, 2, id="tracks-change-places"),
        pytest.param(walk(20, shift_px=30), -1.0, 0, id="beside"),
    ],
)
def test_a_public_tool_scores_what_was_written(
    tmp_path: Path, found: list[FrameDetections], mota: float, switches: int
) -> None:
    write_sequence(tmp_path / "CAM1", walk(20), "gt", 5.0)
    write_rows(tmp_path / "CAM1.txt", found, "tracks")
    result = evaluate_mot_sequence(tmp_path / "CAM1" / "gt" / "gt.txt", tmp_path / "CAM1.txt", ["CLEAR"])
    assert result.CLEAR is not None
    found_mota, found_switches = result.CLEAR.MOTA, result.CLEAR.IDSW
    assert found_mota == pytest.approx(mota)
    assert found_switches == switches


def test_other_classes_and_what_does_not_count_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "gt.txt"
    path.write_text("2,1,0,0,5,5,1,1,1\n1,2,0,0,5,5,1,3,1\n1,3,0,0,5,5,0,1,1\n\n1,4, 1, 2, 5,5,1,1,0.5\n")
    rows = read_rows(path)
    assert rows.frame.tolist() == [1, 2]
    assert rows.track.tolist() == [4, 1]
    assert rows.boxes.xyxy[0].tolist() == [1, 2, 6, 7]


@pytest.mark.parametrize(
    "line",
    [
        "1,1,0,0,5",
        "a,1,0,0,5,5,1",
        "0,1,0,0,5,5,1",
        "1.5,1,0,0,5,5,1",
        "1,1,0,0,0,5,1",
        "1,1,0,0,5,5,1.7",
        "1,1,nan,0,5,5,1",
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "det.txt"
    path.write_text(f"1,1,0,0,5,5,1\n{line}\n")
    with pytest.raises(InvalidValue, match=r"det\.txt, line 2: found .*; allowed: "):
        read_rows(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[Sequence]\nframeRate=5\n",
        "frameRate=5",
        "[Sequence]\nframeRate=0\nseqLength=1\nimWidth=1\nimHeight=1",
    ],
)
def test_a_wrong_seqinfo_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "seqinfo.ini").write_text(text)
    with pytest.raises(InvalidValue, match=r"seqinfo\.ini"):
        read_info(tmp_path / "seqinfo.ini")


@pytest.mark.parametrize(
    "text", ["frame,stamp_ns\n1,5\n3,7\n", "frame,stamp_ns\n1\n", "frame,stamp_ns\nx,y\n"]
)
def test_wrong_times_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "times.csv").write_text(text)
    with pytest.raises(InvalidValue, match=r"times\.csv"):
        read_times(tmp_path / "times.csv")


def test_pictures_of_two_sizes_are_no_sequence(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="found 0 sizes"):
        write_sequence(tmp_path, [], "det", 5.0)


def test_what_process_found_is_scored_against_the_simulator_s_truth(tmp_path: Path) -> None:
    plant_file, seconds = resource_path("config", "plant.yaml"), 15
    args = ["process", "--plant", plant_file, "--data", tmp_path / "data", "--camera", "cam1"]
    ran = CliRunner().invoke(
        app, [*map(str, args), "--seconds", str(seconds), "--mot", str(tmp_path / "mot")]
    )
    assert ran.exit_code == 0, ran.output
    folder = tmp_path / "mot" / "cam1"
    plant = load_plant(plant_file)
    camera = plant.cameras[0]
    stamps_ns = read_times(folder / "det" / "times.csv")
    assert read_info(folder / "seqinfo.ini").length == len(stamps_ns) == seconds * camera.fps
    scene = Scene(
        camera=camera.label,
        stations=stations_of(plant, camera),
        width_px=640,
        height_px=480,
        seed=seed_of(camera.resolved_source),
    )
    write_rows(folder / "gt" / "gt.txt", [truth(scene, stamp - stamps_ns[0]) for stamp in stamps_ns], "gt")
    result = evaluate_mot_sequence(
        folder / "gt" / "gt.txt", tmp_path / "mot" / "cam1.txt", ["CLEAR", "Identity"]
    )
    assert result.CLEAR is not None
    assert result.Identity is not None
    assert result.CLEAR.IDSW == 0
    assert result.CLEAR.MOTA > 0.9
    assert result.Identity.IDF1 > 0.95


def truth(scene: Scene, since_start_ns: int) -> FrameDetections:
    """Everybody who is drawn, numbered by name."""
    drawn = [box for box in scene.true_boxes(since_start_ns / NS_PER_S) if box.visible_share > 0.5]
    names = ["PUESTO_01", "PUESTO_02", "PUESTO_03"]
    ids = [names.index(box.person) if box.person in names else 10 for box in drawn]
    boxes = np.clip(np.array([box.xyxy for box in drawn]).reshape(-1, 4), 0, [640, 480] * 2)
    return frame(0, [(*box, 1.0) for box in boxes.tolist()], ids)
