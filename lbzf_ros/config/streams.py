"""Settings of network cameras: how their streams are read and decoded, and what of them is never written to disk."""

from __future__ import annotations

from pydantic import Field, field_validator

from lbzf_ros.config.base import Settings


class StreamSettings(Settings):
    """How the streams of network cameras are read."""

    open_within_s: float = Field(
        default=5.0,
        ge=1,
        le=5,
        description="Seconds that a camera may take to answer when its stream is opened; then it is tried again.",
    )
    stall_s: float = Field(
        default=8.0,
        ge=1,
        le=10,
        description="Seconds without a packet after which the connection is taken for frozen and opened again.",
    )
    decoder_pipeline: str = Field(
        default="",
        description="GStreamer elements that decode H.264, for a hardware decoder; empty: in software. They get the "
        "byte stream and give raw pictures, e.g. on a Jetson: h264parse ! nvv4l2decoder ! nvvidconv. "
        "gst-launch-1.0 runs them; the camera's address and password never reach it.",
    )

    @field_validator("decoder_pipeline")
    @classmethod
    def _only_decodes(cls, pipeline: str) -> str:
        if "://" in pipeline or "location=" in pipeline:
            raise ValueError(
                "only decodes: LBZF reads the camera itself; leave out source and sink, e.g. h264parse ! avdec_h264"
            )
        return pipeline.strip(" !\n")


class PrivacySettings(Settings):
    """What of a camera's pictures is never written to disk. With anything in it the video has to be encoded."""

    masks_px: list[list[tuple[float, float]]] = Field(
        default_factory=list,
        description="Polygons that are black in every picture and video on disk, [x, y] in pixels of resolution_px.",
    )
    blur_heads: bool = Field(
        default=False,
        description="Make the heads of the people that the detector finds unrecognisable. A picture of which it is "
        "not known in time where people are is blurred as a whole.",
    )

    @field_validator("masks_px")
    @classmethod
    def _areas(cls, masks: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
        if any(len(mask) < 3 for mask in masks):
            raise ValueError("a mask needs at least three corners")
        return masks

    @property
    def wanted(self) -> bool:
        """Whether pictures have to be changed before they are written."""
        return bool(self.masks_px) or self.blur_heads
