"""A detector that cannot be used: it stops the start, or another one stands in for it and says so."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.errors import ConfigError, DetectorError
from lbzf_ros.detectors.base import REGISTRY, create, most_at_once, notice_of
from lbzf_ros.detectors.finder import PeopleFinder
from test.detectors.drawing import START_NS
from test.detectors.test_onnx import FEW, picture, settings_for
from test.detectors.tiny_yolo import Weights, random_yolo
from test.support.occupancy import rois

MISSING = {"backend": "onnx", "network": {"weights": "no.onnx"}}


def test_without_a_fallback_it_does_not_start(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DetectorError, match=r"no\.onnx: cannot be read"):
        create(DetectorSettings.model_validate(MISSING))
    assert not caplog.records


def test_a_fallback_is_used_loudly(caplog: pytest.LogCaptureFixture) -> None:
    detector = create(DetectorSettings.model_validate({**MISSING, "fallback": "hog_background"}))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == notice_of(detector)
    assert notice_of(detector).startswith(
        "detector onnx cannot be used, hog_background stands in for it: no.onnx: cannot be read"
    )
    assert detector.info.name == "hog_background"  # rows say what really measured them
    assert len(detector.detect(np.zeros((480, 640, 3), np.uint8), START_NS)) == 0


def test_one_that_works_has_no_notice() -> None:
    assert notice_of(create(DetectorSettings(fallback="hog"))) == ""


def test_a_fallback_that_cannot_be_used_either_stops_the_start() -> None:
    with pytest.raises(DetectorError, match="backend recorded needs detections"):
        create(DetectorSettings.model_validate({**MISSING, "fallback": "recorded"}))


@pytest.mark.parametrize(
    "settings", [{"backend": "yolo", "fallback": "hog"}, {**MISSING, "fallback": "yolo"}]
)
def test_an_unknown_name_is_a_mistake_and_no_reason_for_a_fallback(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="'yolo' is not known; allowed: "):
        create(DetectorSettings.model_validate(settings))


def test_cameras_go_through_a_model_together(tmp_path: Path) -> None:
    path = random_yolo(tmp_path / "tiny.onnx", Weights.random(1, FEW))
    settings = DetectorSettings(backend="onnx", network=settings_for(path))
    cameras = rois()
    alone = [PeopleFinder(settings, cameras) for _ in range(3)]
    beside = [PeopleFinder(settings, cameras) for _ in range(3)]
    for step in range(3):
        images = [picture(640, 480, 10 * step + i) for i in range(3)]
        stamp_ns = START_NS + step * 200_000_000
        wanted = [finder(image, stamp_ns) for finder, image in zip(alone, images, strict=True)]
        found = PeopleFinder.together([(f, image, stamp_ns) for f, image in zip(beside, images, strict=True)])
        for one, other in zip(found, wanted, strict=True):
            assert len(one.boxes) > 3
            assert np.abs(one.boxes.xyxy - other.boxes.xyxy).max() < 1e-3
            assert one.track_ids.tolist() == other.track_ids.tolist()


def test_no_backend_pays_for_anothers_libraries() -> None:
    code = (
        "import sys, lbzf_ros.detectors.finder, lbzf_ros.detectors.hog_background\n"
        "from importlib import import_module\n"
        f"for place in {sorted(REGISTRY.values())!r}: import_module(place.partition(':')[0])\n"
        "print([name for name in ('onnxruntime', 'onnx', 'tensorrt', 'ultralytics', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_fallback_with_a_model_is_given_the_pictures_of_several_cameras_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = random_yolo(tmp_path / "tiny.onnx", Weights.random(1, FEW))
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    settings = DetectorSettings(backend="tensorrt", fallback="onnx", network=settings_for(path, batch=4))
    assert most_at_once(create(settings), settings) == 4
    assert most_at_once(create(DetectorSettings()), DetectorSettings()) == 1
