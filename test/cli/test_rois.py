"""`lbzf rois transfer` on a data folder whose camera was knocked."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from lbzf_ros.cli.rois import _draw, _live, transfer
from lbzf_ros.config.load import load_plant
from lbzf_ros.core.errors import ConfigError, StoreError
from lbzf_ros.drift.features import features_to_bytes, find_features
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.zones import set_reference
from test.drift.views import hall, knocked, seen, shift
from test.store.examples import MORNING_NS
from test.support.rtsp import RtspCamera

HALL = hall()
PLANT = """\
# Two stations.
modules:
  - code: ANGELA
    cameras: [{label: cam1, source: "simulator:seed=1"}]
    workstations:
      - code: PUESTO_01  # ironing
        camera: cam1
        zones:
          work: {kind: work, polygon_px: [[100, 100], [200, 100], [200, 200], [100, 200]]}
      - code: PUESTO_02
        camera: cam1
        zones:
          work: {kind: work, polygon_px: [[500, 300], [620, 300], [620, 400], [500, 400]]}
"""


class Folder:
    """A data folder, its plant file and pictures of the view."""

    def __init__(self, folder: Path) -> None:
        self.data, self.plant = folder / "data", folder / "plant.yaml"
        self.plant.write_text(PLANT, "utf-8")
        self.data.mkdir()
        migrate(self.data / DATABASE_NAME, now_ns=MORNING_NS)
        self.engine = writing_engine(self.data / DATABASE_NAME)
        self.sync()

    def sync(self) -> None:
        plant = load_plant(self.plant)
        self.rois = sync_plant(self.engine, plant, now_ns=MORNING_NS, software_version="0.1.0")["cam1"]

    def picture(self, right_px: float) -> Path:
        path = self.data.parent / "new.png"
        cv2.imwrite(str(path), seen(knocked(HALL, shift(right_px)), 1))
        return path

    def transfer(
        self, picture: Path | None, *, plant: bool = True, write: bool = False, live: bool = False
    ) -> None:
        transfer(
            camera="cam1",
            data=self.data,
            picture=picture,
            live=live,
            plant=self.plant if plant else None,
            out=None,
            write=write,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """One whose zones were drawn on the hall."""
    made = Folder(tmp_path)
    features = features_to_bytes(find_features(seen(HALL, 0)))
    set_reference(made.engine, made.rois.identity[1], "calibration/cam1.jpg", features)
    return made


def test_it_proposes_and_changes_nothing(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.transfer(folder.picture(-30), plant=False)
    printed = capsys.readouterr().out
    assert "ANGELA/PUESTO_01" in printed
    snippet = yaml.safe_load(printed[printed.rindex("zones:") :])["zones"]["work"]["polygon_px"]
    np.testing.assert_allclose(snippet, [[470, 300], [590, 300], [590, 400], [470, 400]], atol=1)
    assert folder.plant.read_text() == PLANT
    drawn = cv2.imread(str(folder.data / "exports" / "rois_transfer_cam1.jpg"))
    assert drawn is not None
    assert drawn.shape == (480, 640, 3)


def test_written_into_the_plant_file_it_is_a_new_version_without_a_reference(folder: Folder) -> None:
    before = folder.rois
    folder.transfer(folder.picture(-30), write=True)
    text = folder.plant.read_text()
    assert "# Two stations." in text
    assert "PUESTO_01  # ironing" in text
    polygon = load_plant(folder.plant).modules[0].workstations[0].zones["work"].polygon_px
    np.testing.assert_allclose(polygon, [[70, 100], [170, 100], [170, 200], [70, 200]], atol=1)
    folder.sync()
    assert folder.rois.references == ()
    assert not set(folder.rois.identity[1]) & set(before.identity[1])


def test_a_zone_that_left_the_picture_keeps_the_file_as_it_is(folder: Folder) -> None:
    with pytest.raises(ConfigError, match="PUESTO_02/work cannot be proposed"):
        folder.transfer(folder.picture(90), write=True)
    assert folder.plant.read_text() == PLANT


def test_another_view_is_refused(folder: Folder) -> None:
    path = folder.data.parent / "new.png"
    cv2.imwrite(str(path), hall(seed=8))
    with pytest.raises(
        ConfigError, match=r"drawn on calibration/cam1\.jpg\): the old view is not recognised"
    ):
        folder.transfer(path)


def test_without_a_reference_nothing_can_be_said(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with pytest.raises(ConfigError, match="no picture of the view on which they were drawn"):
        folder.transfer(folder.picture(10))


def test_a_plant_file_with_other_zones_is_refused(folder: Folder) -> None:
    folder.plant.write_text(PLANT.replace("[100, 100]", "[90, 90]"), "utf-8")
    with pytest.raises(ConfigError, match="is not the one in force"):
        folder.transfer(folder.picture(10), write=True)


def test_what_is_missing_is_said(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--write needs --plant"):
        folder.transfer(None, plant=False, write=True)
    with pytest.raises(ConfigError, match="cam1 is no live camera"):
        folder.transfer(None, live=True)
    with pytest.raises(ConfigError, match="no picture of a cycle is there"):
        folder.transfer(None)
    with pytest.raises(ConfigError, match="cannot be read as a picture"):
        folder.transfer(folder.plant)
    (folder.data / DATABASE_NAME).rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError, match="--data"):
        folder.transfer(None)


def test_of_a_live_camera_only_what_privacy_leaves_is_written(folder: Folder, tmp_path: Path) -> None:
    """Masks are black in the drawing, and heads of people whom nobody has looked for cannot be told apart."""
    with RtspCamera(pattern="smpte") as camera:
        plant = yaml.safe_load(PLANT)
        (settings,) = plant["modules"][0]["cameras"]
        settings["source"] = camera.url
        pictures = []
        for privacy in ({}, {"masks_px": [[[0, 0], [60, 0], [60, 60], [0, 60]]], "blur_heads": True}):
            settings["privacy"] = privacy
            folder.plant.write_text(yaml.safe_dump(plant), "utf-8")
            target = tmp_path / "drawn.jpg"
            _draw(_live(folder.plant, "cam1", folder.data), [], {}, target)
            pictures.append(np.asarray(cv2.imread(str(target))))
    plain, private = pictures
    assert plain[5:55, 5:55].mean() > 100
    assert private[5:55, 5:55].max() < 20  # what JPEG makes of black
    snow, coarse = (np.abs(np.diff(one[400:, 500:].astype(float), axis=1)).mean() for one in pictures)
    assert snow > 10 * coarse
