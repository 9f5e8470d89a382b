"""Cycles, with all that is known of how they were measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web_bridge.schemas.base import EventUid, ModuleCode, Page, Schema, Share, StationCode, UtcTime, example

Status = Literal["in_progress", "complete", "aborted", "manual_override", "rejected"]
QualityBand = Literal["green", "yellow", "red"]


class Model(Schema):
    """The detector that saw a cycle."""

    name: Annotated[str, example("Detector backend.", "hog_background")]
    version: Annotated[str, example("Of its code or weights.", "1")]
    framework: Annotated[str, example("What it is made with.", "opencv")]
    weights_hash: Annotated[str | None, example("sha256 in hexadecimal; null: it has no weights.", None)]


class RejectedCycle(Schema):
    """A cycle that was seen and does not count, with every reason."""

    event_uid: EventUid
    module: ModuleCode
    module_display_name: Annotated[str, example("For people.", "Angela")]
    workstation: StationCode
    workstation_display_name: Annotated[str, example("For people.", "Puesto 1")]
    camera: Annotated[str | None, example("Camera that saw it.", "cam1")]
    rule: Annotated[str, example("Cycle rule: presence, trigger or pick_drop.", "presence")]
    start: UtcTime
    end: UtcTime | None
    duration_s: Annotated[float | None, example("Seconds from start to end.", 22.4)]
    duration_uncertainty_s: Annotated[float | None, example("Half width, seconds.", 0.2)]
    observed_share: Annotated[Share, Field(description="Of the expected pictures, those looked at.")]
    mean_confidence: Annotated[Share, Field(description="Of the person, over the pictures with one.")]
    primary_dwell_ratio: Annotated[
        Share, Field(description="Of the cycle, with the operator at the station.")
    ]
    detection_count: Annotated[int | None, example("Pictures with a person.", 108)]
    drift: Annotated[
        Literal["ok", "drifted", "unknown", "unchecked"] | None,
        Field(
            description="Worst of the camera's view during it: has it moved since the zones were drawn; `unknown`: not "
            "recognised; `unchecked`: nothing to compare with; null: measured before that was looked at.",
            examples=["ok"],
        ),
    ]
    clock_kept: Annotated[
        bool | None,
        example(
            "Whether a time server kept the machine's clock when it was decided: without, its duration is right, its "
            "time of day may be wrong; null: not known, or a recording.",
            True,
        ),
    ]
    reasons: Annotated[
        dict[str, str],
        example("Why it does not count or was given up.", {"too_short": "1.00 s < min_cycle_s 3.00 s"}),
    ]
    has_frame: Annotated[bool, example("A picture of its start was named: `…/events/{uid}/frame.jpg`.", True)]
    frame_archived_at: Annotated[
        UtcTime | None,
        example("When the picture's time was up and it was removed; null: it was not.", None),
    ]
    video_path: Annotated[
        str | None, example("Relative to the data folder.", "video/2026/07/15/cam1_20260715_132000.mp4")
    ]
    video_offset_s: Annotated[float | None, example("Where it begins in that video, seconds.", 251.25)]
    model: Model
    roi_version_id: Annotated[int, example("Version of the zone that opened it.", 3)]
    parameter_hash: Annotated[str, example("sha256 of zones, rules, limits and detector settings.", "9f2c…")]
    software_version: Annotated[str, example("Of LBZF.", "0.1.0")]
    notes: Annotated[str | None, example("Written by people.", None)]
    created_at: UtcTime


class Cycle(RejectedCycle):
    """One unit of garment work at one station, with its provenance."""

    status: Status
    quality: Annotated[
        QualityBand | None,
        Field(description="How far it can be trusted; null: rejected.", examples=["green"]),
    ]
    operator_display_name: Annotated[str | None, example("Who worked, if it is known.", None)]
    verified_by: Annotated[str | None, example("Who compared it with the video.", None)]
    verified_at: Annotated[str | None, example("When.", None)]
    corrected_duration_s: Annotated[float | None, example("What that person found, seconds.", None)]


class CyclePage(Page[Cycle]):
    """Cycles, newest first."""


class RejectedPage(Page[RejectedCycle]):
    """Cycles that do not count, newest first."""
