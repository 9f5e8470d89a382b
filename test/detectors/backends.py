"""With what each backend runs in tests: a model made by hand, a recording, a stand-in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import lbzf_ros.detectors.tensorrt as tensorrt_backend
from lbzf_ros.config.detectors import DetectorSettings
from test.detectors import tensorrt_stand_in
from test.detectors.tiny_yolo import FIGURE_INPUT_PX, figure_yolo

ORIGIN = {
    "hog_background": ("opencv ", False),
    "background": ("opencv ", False),
    "hog": ("opencv ", False),
    "onnx": ("onnxruntime ", True),
    "tensorrt": ("tensorrt ", True),
    "ultralytics": ("ultralytics ", True),
    "recorded": ("mot", True),
}
"""How a backend's framework begins, and whether it needs a file."""

ELSEWHERE = {"ultralytics": "test_ultralytics.py"}
"""Backends that cannot run here (an AGPL package that is not installed), and where they are tested with a stand-in."""

_LENGTH = 4000  # pictures of the recording, more than 600 s at 5 a second
_files: dict[str, str] = {}


def prepare(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what a backend needs."""
    if name == "tensorrt":  # a stand-in: the real one needs a GPU
        monkeypatch.setitem(sys.modules, "tensorrt", tensorrt_stand_in.module("10.3.0"))
        monkeypatch.setattr(tensorrt_backend, "Cuda", tensorrt_stand_in.Gpu)
    if name in ("onnx", "tensorrt"):
        monkeypatch.setitem(_files, name, str(figure_yolo(folder / "figure.onnx")))
    if name == "recorded":
        monkeypatch.setitem(_files, name, str(_recording(folder)))


def settings(name: str) -> DetectorSettings:
    """Settings of a backend that was prepared."""
    network = {"weights": _files.get(name, ""), "input_px": FIGURE_INPUT_PX, "iou": 0.4, "threads": 1}
    recorded = {"file": _files.get(name, "")}
    return DetectorSettings.model_validate({"backend": name, "network": network, "recorded": recorded})


def _recording(folder: Path) -> Path:
    """Somebody who walks through pictures 4 to 12, as in the drawn visit."""
    lines = [f"{i + 1},-1,{60 + 40 * i - 40},170,80,270,0.9,-1,-1,-1" for i in range(3, 12)]
    (folder / "det").mkdir()
    (folder / "det" / "det.txt").write_text("\n".join(lines) + "\n")
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname=visit\nframeRate=5\nseqLength={_LENGTH}\nimWidth=640\nimHeight=480\n"
    )
    return folder
