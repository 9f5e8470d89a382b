"""Settings of the detectors."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

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
        description="A file in MOT format, a MOT sequence's folder (seqinfo.ini, det/det.txt) or a rosbag2 recording, "
        "relative to the plant file; {camera} stands for the camera's label.",
    )
    topic: str = Field(
        default="/lbzf/{camera}/detections",
        description="Topic in a rosbag2 recording; {camera} stands for the camera's label.",
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


class ClearViewSettings(Settings):
    """When a picture says nothing, because something is before the lens, or it is dark, or the camera swings."""

    enabled: bool = Field(default=True, description="Look whether the view is clear; otherwise it always is.")
    min_known_share: float = Field(
        default=0.55,
        gt=0,
        lt=0.9,
        description="Least share of the view that must look as it did lately; less of it is blocked.",
    )
    learn_s: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds over which what the view looks like is averaged."
    )
    new_view_s: float = Field(
        default=60.0,
        ge=3,
        le=3600,
        description="Seconds after which what does not look like the view is the view from now on.",
    )


class DetectorSettings(Settings):
    """How people are found."""

    backend: str = Field(default="hog_background", description="Name of a detector backend.")
    fallback: str = Field(
        default="",
        description="Backend that is used, with an error in log and diagnostics, when the chosen one lacks its file, "
        "library or device. Empty: the detector does not start without it.",
    )
    working_side_px: int = Field(
        default=240,
        ge=120,
        le=1080,
        description="Pictures are shrunk until their shorter side is about this, pixels.",
    )
    min_height_share: float = Field(
        default=0.2,
        gt=0.02,
        le=1,
        description="Least height of a person, as a share of the picture's height.",
    )
    search_height_share: float = Field(
        default=0.35,
        gt=0.02,
        le=1,
        description="The same where HOG searches the whole picture; smaller finds farther people and takes longer.",
    )
    hog_threshold: float = Field(default=0.0, ge=-1, le=3, description="Least margin of a HOG hit.")
    confirm_score: float = Field(
        default=0.8, ge=0, le=10, description="Sum of recent margins at which a blob is a person."
    )
    recheck_s: float = Field(
        default=1.0, gt=0, le=60, description="Seconds after which HOG looks at a known person again."
    )
    search_s: float = Field(
        default=2.0,
        gt=0,
        le=60,
        description="Seconds between searches of the whole picture, while it is in doubt.",
    )
    hold_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds after which somebody who neither moves nor is hit was none.",
    )
    doubt_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds for which a newly learnt background may show a person.",
    )
    learn_s: float = Field(
        default=15.0,
        gt=0,
        le=3600,
        description="Seconds in which the background follows what changes slowly.",
    )
    absorb_s: float = Field(
        default=15.0,
        gt=0,
        le=3600,
        description="Seconds after which what is different and no person is furniture.",
    )
    noise_factor: float = Field(
        default=4.0, ge=1, le=20, description="Standard deviations of a pixel's noise that make it different."
    )
    min_contrast: float = Field(
        default=14.0,
        ge=1,
        le=100,
        description="Grey levels that make it different, however clean the picture is.",
    )
    relight_share: float = Field(
        default=0.6,
        gt=0,
        le=1,
        description="Share of the picture that changes at once when the light is switched.",
    )
    clear_view: ClearViewSettings = Field(
        default_factory=ClearViewSettings, description="When a picture says nothing."
    )
    network: NetworkSettings = Field(
        default_factory=NetworkSettings, description="The model of onnx, tensorrt and ultralytics."
    )
    recorded: RecordedSettings = Field(
        default_factory=RecordedSettings, description="What the backend recorded reads."
    )

    def parameters(self) -> dict[str, Any]:
        """Everything but where files lie, which says nothing about what is in them."""
        places = {"network": {"weights", "engine_folder"}, "recorded": {"file", "topic"}}
        return self.model_dump(mode="json", exclude=places)

    def of_camera(self, label: str) -> DetectorSettings:
        """The settings with the camera's label in the names of the recording and its topic."""
        own = {name: getattr(self.recorded, name).replace("{camera}", label) for name in ("file", "topic")}
        return self.model_copy(update={"recorded": self.recorded.model_copy(update=own)})
