"""Settings of the detectors that need a file: a model with weights, or recorded detections."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, field_validator

from lbzf_ros.config.base import Settings

_STRIDE = 32


class NetworkSettings(Settings):
    """A model with weights: backends onnx, tensorrt and ultralytics."""

    weights: str = Field(
        default="",
        description="The model's file (relative to the plant file): .onnx for onnx; .onnx or .engine for tensorrt; "
        "whatever ultralytics reads for ultralytics.",
    )
    input_px: tuple[int, int] = Field(
        default=(640, 640),
        description="Width and height of the model's input, pixels, multiples of 32; a model with a fixed input "
        "has its own. Pictures are fitted in without changing their proportions.",
    )
    confidence: float = Field(
        default=0.25, gt=0, lt=1, description="Least confidence of a person; what is not above it is dropped."
    )
    iou: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="A box that overlaps a stronger one by more (intersection over union) is dropped. Models that "
        "do that themselves ignore it.",
    )
    max_people: int = Field(
        default=300, ge=1, le=3000, description="The strongest so many of a picture stay."
    )
    person_class: int = Field(default=0, ge=0, le=9999, description="The model's class number for a person.")
    head: Literal["auto", "yolo", "end_to_end"] = Field(
        default="auto",
        description="What the model gives: yolo (batch, 4 + classes, anchors), centre, size and a score "
        "for each class; end_to_end (batch, boxes, 6), corners, score and class, without overlaps; auto: by its shape.",
    )
    batch: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Most pictures (of several cameras) at once; a model with a fixed batch has its own.",
    )
    provider: Literal["cpu", "cuda", "tensorrt"] = Field(
        default="cpu",
        description="What onnx runs on; tensorrt: onnxruntime's own use of it. ultralytics knows cpu and cuda.",
    )
    precision: Literal["model", "fp16"] = Field(
        default="model",
        description="Of TensorRT: as the ONNX file has it, or half where that is faster (8.6 to 10 only: 11 takes it "
        "from the file).",
    )
    engine_folder: str = Field(
        default="",
        description="Where engines built by tensorrt are kept (relative to the plant file). "
        "Empty: beside the ONNX file.",
    )
    threads: int = Field(default=2, ge=1, le=64, description="CPU threads of onnx.")

    @field_validator("input_px")
    @classmethod
    def _whole_strides(cls, size: tuple[int, int]) -> tuple[int, int]:
        if not all(_STRIDE <= side <= 4096 and side % _STRIDE == 0 for side in size):
            raise ValueError(f"width and height must be multiples of {_STRIDE}, {_STRIDE} to 4096 px")
        return size


class RecordedSettings(Settings):
    """Detections that were made before: backend recorded."""

    file: str = Field(
        default="",
        description="A file in MOT format, or a MOT sequence's folder (seqinfo.ini, det/det.txt), relative to the "
        "plant file; {camera} stands for the camera's label.",
    )
    fps: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="Pictures a second of the recording. Default: as its seqinfo.ini says; with a times.csv it is not "
        "needed.",
    )
    start_time: dt.datetime | None = Field(
        default=None,
        description="Capture time of its picture number 1, with its zone. Default: the first that is "
        "looked at since the detector was started.",
    )

    @field_validator("start_time")
    @classmethod
    def _zoned(cls, time: dt.datetime | None) -> dt.datetime | None:
        if time is not None and time.tzinfo is None:
            raise ValueError("needs a time zone, e.g. 2026-07-15T08:00:00-05:00")
        return time
