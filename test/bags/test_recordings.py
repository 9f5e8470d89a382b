"""What can be played: a day, segments, bags that others recorded; and the folder in which it is measured."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from rclpy.serialization import serialize_message

from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.plant import for_replay, plant_document, plant_in_bag
from lbzf_ros.bags.prepare import prepare
from lbzf_ros.bags.reading import Bags, Heard, Origin
from lbzf_ros.bags.recordings import find, open_recording
from lbzf_ros.bags.segments import Segments
from lbzf_ros.bags.writing import BagWriter, Split
from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.core.model import RoiSet
from lbzf_ros.ros import convert, topics
from lbzf_ros.store.plant import roi_sets
from lbzf_ros.video.pace import Pacer
from lbzf_ros.video.segments import SegmentWriter
from test.bags.recorded import CAMERA, command, plant
from test.detectors.test_bag import pictures, write_bag

NOON_NS = 1_784_127_600_000_000_000  # 2026-07-15T10:00:00 in Bogota


def a_plant() -> dict[str, object]:
    return parse_plant(plant(), where="test", folder=Path()).model_dump(mode="json")


def write_segments(data: Path, count: int) -> list[int]:
    """Some pictures of cam1 as the recorder writes them; gives their stamps."""
    writer = SegmentWriter(CAMERA, data, RecorderSettings(), 5)
    stamps = [NOON_NS + n * 200_000_000 for n in range(count)]
    for stamp in stamps:
        writer.write(np.full((64, 96, 3), stamp % 251, np.uint8), stamp)
    writer.close()
    return stamps


def test_segments_give_their_pictures_with_their_times(tmp_path: Path) -> None:
    stamps = write_segments(tmp_path, 20)
    segments = Segments([tmp_path / "video"])
    items = list(segments.items(Origin.images))
    assert [item.stamp_ns for item in items] == pytest.approx(stamps, abs=20_000)  # of a video: 1/90000 s
    assert items[0].frame().image_bgr.shape == (64, 96, 3)
    with pytest.raises(BagError, match="hold pictures only"):
        next(segments.items(Origin.detections))


@pytest.mark.parametrize("what", ["folder", "file", "day"])
def test_segments_are_measured(tmp_path: Path, what: str) -> None:
    write_segments(tmp_path, 20)
    (file,) = (tmp_path / "video").rglob("*.mp4")
    recording = {"folder": str(file.parent), "file": str(file), "day": "2026-07-15"}[what]
    plant_file = tmp_path / "plant.yaml"
    plant_file.write_text(yaml.safe_dump(plant()), "utf-8")
    words = command("replay", recording, "--data", tmp_path, "--plant", plant_file, "--offline")
    done = subprocess.run([*words, "--out", tmp_path / "out"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "out" / "lbzf.db")) as database:
        assert database.execute("SELECT count(*) FROM cycle_events").fetchone() == (
            0,
        )  # nobody is in the pictures


def test_a_day_is_its_bags_or_else_its_segments(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="neither bags nor segments"):
        find("2026-07-15", tmp_path, "America/Bogota")
    write_segments(tmp_path, 5)
    (segment,) = find("2026-07-15", tmp_path, "America/Bogota")
    assert segment.suffix == ".mp4"
    bag = tmp_path / "bags" / "morning"
    writer = BagWriter(bag, Split(1 << 40, 1 << 62), attachments={})
    writer.write("/x", topics.DIAGNOSTICS.type, topics.DIAGNOSTICS.qos, b"", NOON_NS)
    writer.close()
    assert find("2026-07-15", tmp_path, "America/Bogota") == [bag]
    with pytest.raises(BagError, match="neither bags nor segments"):
        find("2026-07-16", tmp_path, "America/Bogota")


def test_a_bag_that_somebody_else_recorded_can_be_played(tmp_path: Path) -> None:
    frames = pictures()
    bags = open_recording([write_bag(tmp_path / "theirs", {CAMERA: [*frames, frames[-1]]})])
    assert isinstance(bags, Bags)
    found = list(bags.items(Origin.detections))
    assert [item.stamp_ns for item in found] == [frame.stamp_ns for frame in frames]  # each once
    assert found[0].cdr == bytes(serialize_message(convert.detections_to_msg(frames[0])))


def test_only_what_the_next_steps_looked_at_is_played() -> None:
    heard = Heard(answers=[0, 2, 3, 4])
    heard.stamps = {
        Origin.images: [1, 2, 3, 4, 5, 6],
        Origin.detections: [1, 2, 4, 5],
        Origin.occupancy: [1, 2, 4, 5],
    }
    assert heard.wanted(Origin.images) == {2, 4}  # 3 was skipped, 1 came before the tracker, 5 after its end
    lossless = replace(heard, lossless=True)
    assert lossless.wanted(Origin.occupancy) == {1, 2, 4}


def test_the_plant_in_a_bag_is_whole_and_connects_to_nothing(tmp_path: Path) -> None:
    described = parse_plant(plant(), where="test", folder=tmp_path)
    writer = BagWriter(
        tmp_path / "bag", Split(1 << 40, 1 << 62), attachments={"plant.yaml": plant_document(described)}
    )
    writer.write("/x", topics.DIAGNOSTICS.type, topics.DIAGNOSTICS.qos, b"", NOON_NS)
    writer.close()
    recorded = plant_in_bag(tmp_path / "bag")
    assert recorded is not None
    assert parse_plant(dict(recorded), where="bag", folder=tmp_path) == described
    again = for_replay(recorded, where="bag")
    assert again.cameras[0].lossless
    assert not again.recorder.video
    assert roi_sets(again)[CAMERA].parameter_hash == roi_sets(described)[CAMERA].parameter_hash


def numbered(rois: RoiSet, first: int) -> RoiSet:
    """The same zones with other row numbers, in the other order."""
    rows = iter(range(first, first - 100, -1))
    return replace(
        rois,
        workstations=tuple(
            replace(s, zones=tuple(replace(z, roi_version_id=next(rows)) for z in s.zones))
            for s in rois.workstations
        ),
    )


@pytest.mark.parametrize("first", [6, 40])
def test_zones_keep_the_numbers_of_the_recording(tmp_path: Path, first: int) -> None:
    described = for_replay(a_plant(), where="test")
    recorded = numbered(roi_sets(described)[CAMERA], first)
    prepared = prepare(
        tmp_path / "out", described, {CAMERA: recorded}, played={}, other_parameters=False, replace=False
    )
    assert prepared.rois[CAMERA].identity == recorded.identity
    with closing(sqlite3.connect(prepared.database)) as database:
        with pytest.raises(sqlite3.IntegrityError, match="rows of rois do not change"):
            database.execute("UPDATE rois SET id = 99 WHERE id = (SELECT min(id) FROM rois)")
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_other_zones_than_the_recorded_ones_need_to_be_asked_for(tmp_path: Path) -> None:
    described = for_replay(a_plant(), where="test")
    recorded = replace(roi_sets(described)[CAMERA], parameter_hash="other")
    with pytest.raises(BagError, match="differ from those in force"):
        prepare(
            tmp_path / "a", described, {CAMERA: recorded}, played={}, other_parameters=False, replace=False
        )


def test_a_recording_never_hurries_and_never_waits_twice() -> None:
    assert Pacer(None).delay_s(NOON_NS) == 0.0
    pacer = Pacer(0.001)
    assert pacer.delay_s(NOON_NS) == 0.0
    assert pacer.delay_s(NOON_NS + 1_000_000) == pytest.approx(1.0, abs=0.5)
    assert pacer.delay_s(NOON_NS - 10**12) <= 1.01  # the clock was set back: it goes on at once
