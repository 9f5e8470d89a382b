"""Every setting of a plant: its default, unit, range and help text. No other place has a default.

A field's `description` is the help text; `docs/configuration.md` is made from it.
"""

from __future__ import annotations

import datetime as dt
import os
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from lbzf_ros.config.base import Settings
from lbzf_ros.config.detectors import NetworkSettings, RecordedSettings
from lbzf_ros.config.keeping import BackupSettings, RetentionSettings
from lbzf_ros.config.secrets import (
    VARIABLE,
    WRITE_INSTEAD,
    check_file,
    holds_secret,
    notes_hold_secret,
    read_credentials,
)
from lbzf_ros.core.geometry import polygon_problem
from lbzf_ros.core.model import Anchor, EvidenceKind, ZoneKind
from lbzf_ros.core.rules import RULES

Code = Annotated[
    str,
    Field(
        pattern=r"^[A-Z0-9][A-Z0-9_]{0,63}$", description="Capitals, digits and _; used in files and the API."
    ),
]
START_TIME_HELP = (
    "Capture time of a file's first picture, with its zone. Default: when the file was last changed."
)


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(
            f"no such time zone; allowed are IANA names such as America/Bogota ({error})"
        ) from None
    return name


class ZoneConfig(Settings):
    """A polygon in the camera's picture."""

    kind: ZoneKind = Field(description="work: where the operator is; trigger, pick, drop: where hands reach.")
    polygon_px: list[tuple[float, float]] = Field(
        description="Corners [x, y] in pixels of the camera's picture, at least 3, in order, not crossing."
    )
    evidence: EvidenceKind = Field(
        default=None,  # type: ignore[assignment]  # filled from `kind` below
        description="person: somebody's anchor is in the zone; motion: enough of its pixels move. "
        "By default person for work zones and motion for the others.",
    )
    anchor: Anchor = Field(
        default=Anchor.BODY,
        description="Point of a person's box that must lie in the zone: body (its middle) or feet (middle of its "
        "lower edge). body also works where a table hides the legs.",
    )
    motion_threshold: float = Field(
        default=0.08,
        gt=0,
        le=1,
        description="Share of the zone's pixels that must move to count as motion, 0 to 1.",
    )
    enter_s: float = Field(
        default=None,  # type: ignore[assignment]  # filled from `evidence` below
        ge=0,
        le=60,
        description="Seconds of evidence before the zone counts as entered (the entry is dated back to the first "
        "of them). By default 1.0 for person, 0 for motion.",
    )
    leave_s: float = Field(
        default=None,  # type: ignore[assignment]  # filled from `evidence` below
        ge=0,
        le=600,
        description="Seconds without evidence before the zone counts as left (dated back to the first of them). "
        "By default 2.0 for person, 1.0 for motion.",
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_by_kind(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        person = {"evidence": "person", "enter_s": 1.0, "leave_s": 2.0}
        motion = {"evidence": "motion", "enter_s": 0.0, "leave_s": 1.0}
        is_motion = data.get("evidence", "person" if data.get("kind") == "work" else "motion") == "motion"
        return {**(motion if is_motion else person), **data}

    @field_validator("polygon_px")
    @classmethod
    def _proper_polygon(cls, polygon: list[tuple[float, float]]) -> list[tuple[float, float]]:
        if problem := polygon_problem(polygon):
            raise ValueError(problem)
        return polygon


class Limits(Settings):
    """Which durations can be a cycle. Without own figures they follow the standard time (SAM)."""

    min_cycle_s: float | None = Field(
        default=None,
        gt=0,
        le=86400,
        description="Shorter cycles are rejected, seconds. Default: from the SAM.",
    )
    max_cycle_s: float | None = Field(
        default=None,
        gt=0,
        le=86400,
        description="Longer cycles are rejected, seconds. Default: from the SAM.",
    )
    min_sam_ratio: float = Field(
        default=0.25, gt=0, le=1, description="Shortest cycle as a multiple of the SAM."
    )
    max_sam_ratio: float = Field(
        default=4.0, ge=1, le=100, description="Longest cycle as a multiple of the SAM."
    )
    min_without_sam_s: float = Field(
        default=3.0, gt=0, le=3600, description="Shortest cycle where no SAM is known, seconds."
    )
    max_without_sam_s: float = Field(
        default=600.0, gt=0, le=86400, description="Longest cycle where no SAM is known, seconds."
    )
    min_dwell_ratio: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of the cycle with somebody at the station; less is rejected.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Limits:
        low, high = self.min_cycle_s, self.max_cycle_s
        if low is not None and high is not None and low >= high:
            raise ValueError(f"min_cycle_s {low} must be below max_cycle_s {high}")
        return self

    def for_sam(self, sam_s: float | None) -> tuple[float, float]:
        """Shortest and longest cycle in seconds for a standard time in seconds (None: not known)."""
        low = self.min_without_sam_s if sam_s is None else self.min_sam_ratio * sam_s
        high = self.max_without_sam_s if sam_s is None else self.max_sam_ratio * sam_s
        return self.min_cycle_s or low, self.max_cycle_s or high


class StationConfig(Settings):
    """A workstation (puesto)."""

    code: Code
    display_name: str = Field(default="", description="What people see; the code when empty.")
    camera: str = Field(description="Label of the camera that sees it.")
    operation: str = Field(default="", description="Operation as in standard_times, e.g. PESPUNTAR CUELLO.")
    sequence_pos: int | None = Field(
        default=None, ge=1, le=1000, description="Position in the flow of the module."
    )
    rule: str = Field(default="presence", description=f"How zones make a cycle: {', '.join(RULES)}.")
    zones: dict[str, ZoneConfig] = Field(min_length=1, description="Polygons by name.")
    limits: Limits = Field(default_factory=Limits, description="Which durations can be a cycle.")

    @model_validator(mode="after")
    def _rule_has_its_zones(self) -> StationConfig:
        if self.rule not in RULES:
            raise ValueError(f"rule {self.rule!r} is not known; allowed: {', '.join(RULES)}")
        have = [zone.kind for zone in self.zones.values()]
        for kind in sorted(RULES[self.rule].zone_kinds):
            if have.count(kind) != 1:
                raise ValueError(
                    f"rule {self.rule!r} needs exactly one zone of kind {kind.value!r}, found {have.count(kind)}"
                )
        return self


class Camera(Settings):
    """A camera, or what stands in for one."""

    label: str = Field(pattern=r"^cam[1-9][0-9]{0,3}$", description="cam1, cam2, …; unique in the plant.")
    source: str = Field(
        min_length=1,
        description="rtsp://… (user and password as ${VARIABLE}), a video file (relative to the plant file), or "
        "simulator:seed=N. ${NAME} takes the environment variable NAME. A password in clear is refused.",
    )
    credentials_file: str | None = Field(
        default=None,
        description="File with two lines, user=… and password=…, readable by its owner only (relative to the plant "
        "file): its content goes into the URL when the camera is opened. Instead of ${VARIABLE} in source.",
    )
    resolution_px: tuple[int, int] = Field(
        default=(640, 480),
        description="Width and height of the picture that is looked at, pixels; others are scaled to it. Polygons "
        "refer to it.",
    )
    fps: float = Field(default=5.0, ge=0.5, le=30, description="Pictures a second that are looked at.")
    start_time: dt.datetime | None = Field(default=None, description=START_TIME_HELP)
    pace: Literal["realtime", "lockstep"] = Field(
        default="realtime",
        description="How a file or the simulator plays: at its own pace, or in lock-step, as fast as the graph can "
        "follow. A file never loses a picture at either; a graph that is too slow makes it wait.",
    )
    at_end: Literal["stop", "loop"] = Field(default="stop", description="What a file does at its end.")
    offline_after_s: float = Field(
        default=20.0,
        ge=1,
        le=600,
        description="Seconds without a picture after which the camera is off line.",
    )
    retry_s: float = Field(
        default=5.0, ge=0.5, le=300, description="Seconds between attempts to open it again."
    )
    notes: str = Field(default="", description="Anything worth knowing.")

    @field_validator("resolution_px")
    @classmethod
    def _sane_size(cls, size: tuple[int, int]) -> tuple[int, int]:
        if not all(64 <= side <= 4096 for side in size):
            raise ValueError("width and height must be 64 to 4096 px")
        return size

    @field_validator("start_time")
    @classmethod
    def _zoned(cls, time: dt.datetime | None) -> dt.datetime | None:
        if time is not None and time.tzinfo is None:
            raise ValueError("needs a time zone, e.g. 2026-07-15T08:00:00-05:00")
        return time

    @field_validator("source")
    @classmethod
    def _no_password_in_file(cls, source: str) -> str:
        if holds_secret(source):
            raise ValueError(f"holds a password, which is not shown here; {WRITE_INSTEAD}")
        return source

    @field_validator("notes")
    @classmethod
    def _no_password_in_notes(cls, notes: str) -> str:
        if notes_hold_secret(notes):
            raise ValueError(
                "holds a password, which is not shown here; everybody sees the notes: take it out"
            )
        return notes

    @field_validator("source")
    @classmethod
    def _variables_are_set(cls, source: str) -> str:
        missing = [name for name in VARIABLE.findall(source) if name not in os.environ]
        if missing:
            raise ValueError(f"environment variable {', '.join(missing)} is not set; set it and start again")
        return source

    @field_validator("credentials_file")
    @classmethod
    def _private_file(cls, name: str | None) -> str | None:
        if name is not None and (problem := check_file(Path(name))):
            raise ValueError(problem)
        return name

    @model_validator(mode="after")
    def _one_password(self) -> Camera:
        if self.credentials_file and ("://" not in self.source or "@" in self.source):
            raise ValueError(
                "credentials_file goes with a source such as rtsp://host/path, without a user in it"
            )
        return self

    @property
    def lossless(self) -> bool:
        """Whether every picture must be looked at: a recording can wait for the graph, a live camera cannot."""
        live = "://" in self.source or self.source.startswith("simulator:")
        return self.pace == "lockstep" or not live

    @property
    def resolved_source(self) -> str:
        """The source with environment and credentials filled in. It may hold a password: never log or store it.

        Raises:
            ConfigError: the credentials file cannot be used.
        """
        url = VARIABLE.sub(lambda match: os.environ[match[1]], self.source)
        return read_credentials(Path(self.credentials_file)).into(url) if self.credentials_file else url


class StandardTime(Settings):
    """The SAM of one operation of one product reference."""

    reference: str = Field(description="Product reference, e.g. Ref22 Slim.")
    version: str = Field(default="v1", description="A changed SAM is a new version.")
    operation: str = Field(min_length=1, description="Operation name.")
    sam_minutes: float = Field(gt=0, le=1000, description="Standard allowed minutes of one unit.")
    machine_code: str | None = Field(default=None, description="MPP, MREV, MOJA, MBOT, PLCH, …")


class Module(Settings):
    """A production line (módulo)."""

    code: Code
    display_name: str = Field(default="", description="What people see; the code when empty.")
    product_reference: str | None = Field(default=None, description="Reference being made; selects the SAM.")
    target_units_per_hour: float | None = Field(
        default=None, gt=0, le=10000, description="Meta, units an hour."
    )
    cameras: list[Camera] = Field(min_length=1, description="The cameras that look at it.")
    workstations: list[StationConfig] = Field(min_length=1, description="Its stations.")


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
    network: NetworkSettings = Field(
        default_factory=NetworkSettings, description="The model of onnx, tensorrt and ultralytics."
    )
    recorded: RecordedSettings = Field(
        default_factory=RecordedSettings, description="What the backend recorded reads."
    )

    def parameters(self) -> dict[str, Any]:
        """Everything but where files lie, which says nothing about what is in them."""
        places = {"network": {"weights", "engine_folder"}, "recorded": {"file"}}
        return self.model_dump(mode="json", exclude=places)

    def of_camera(self, label: str) -> DetectorSettings:
        """The settings with the camera's label in the name of the recording."""
        file = self.recorded.file.replace("{camera}", label)
        return self.model_copy(update={"recorded": self.recorded.model_copy(update={"file": file})})


class RecorderSettings(Settings):
    """What is written to disk as pictures and video."""

    video: bool = Field(default=True, description="Write H.264 segments.")
    segment_minutes: int = Field(
        default=10,
        ge=1,
        le=60,
        description="Length of a segment, minutes; segments begin at full multiples of it.",
    )
    video_crf: int = Field(default=28, ge=0, le=51, description="x264 quality: lower is better and larger.")
    video_preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast"] = Field(
        default="superfast", description="x264 speed."
    )
    jpeg_quality: int = Field(
        default=85, ge=10, le=100, description="Quality of the picture of a cycle's start."
    )
    picture_memory_s: float = Field(
        default=20.0,
        ge=2,
        le=120,
        description="Seconds of pictures held, from which a cycle's start is taken.",
    )


class StorageSettings(Settings):
    """How rows are written."""

    commit_every_events: int = Field(
        default=100, ge=1, le=10000, description="Commit at the latest after so many."
    )
    commit_every_s: float = Field(
        default=0.05, gt=0, le=5, description="Commit at the latest after so many seconds."
    )
    reserve_gb: float = Field(
        default=5.0,
        ge=0,
        le=10000,
        description="Space kept for the database: below it no video or picture is written.",
    )
    keep_sent_hours: float = Field(
        default=48.0,
        ge=0,
        le=8760,
        description="Hours for which the cycle tracker keeps what is written already, to send it again when the "
        "database had to be restored from a backup.",
    )


class GraphSettings(Settings):
    """How the nodes work together."""

    diagnostics_period_s: float = Field(
        default=1.0, ge=0.1, le=60, description="Seconds between diagnostics."
    )
    frames_in_flight: int = Field(
        default=4,
        ge=1,
        le=8,
        description="Pictures of one camera on their way at once in a lock-step replay.",
    )
    resend_s: float = Field(
        default=2.0, ge=0.2, le=60, description="Seconds after which what was not answered is sent again."
    )


class WebSettings(Settings):
    """The page and the API."""

    host: str = Field(
        default="127.0.0.1", description="Address it listens on; 127.0.0.1 is this machine only."
    )
    port: int = Field(default=5000, ge=1, le=65535, description="Port it listens on.")
    recent_cycles: int = Field(default=10, ge=1, le=100, description="Cycles shown for each station.")


class Plant(Settings):
    """A plant: what is measured, where and how."""

    name: str = Field(default="LBZF", description="What people call it.")
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="America/Bogota", description="IANA zone in which people read times."
    )
    modules: list[Module] = Field(min_length=1, description="The lines that are measured.")
    standard_times: list[StandardTime] = Field(
        default_factory=list, description="SAM by reference and operation."
    )
    detector: DetectorSettings = Field(default_factory=DetectorSettings, description="How people are found.")
    recorder: RecorderSettings = Field(
        default_factory=RecorderSettings, description="Pictures and video on disk."
    )
    storage: StorageSettings = Field(default_factory=StorageSettings, description="How rows are written.")
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings, description="How long pictures and video are kept."
    )
    backup: BackupSettings = Field(default_factory=BackupSettings, description="Copies of the database.")
    graph: GraphSettings = Field(default_factory=GraphSettings, description="How the nodes work together.")
    web: WebSettings = Field(default_factory=WebSettings, description="The page and the API.")

    @model_validator(mode="after")
    def _consistent(self) -> Plant:
        problems = list(self._problems())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> list[str]:
        problems: list[str] = []
        labels = [camera.label for camera in self.cameras]
        codes = [module.code for module in self.modules]
        problems += [
            f"camera label {x!r} is used twice" for x in sorted({x for x in labels if labels.count(x) > 1})
        ]
        problems += [
            f"module code {x!r} is used twice" for x in sorted({x for x in codes if codes.count(x) > 1})
        ]
        for m, module in enumerate(self.modules):
            cameras = {camera.label: camera for camera in module.cameras}
            seen: set[str] = set()
            for w, station in enumerate(module.workstations):
                where = f"modules.{m}.workstations.{w}"
                if station.code in seen:
                    problems.append(f"{where}.code: {station.code!r} is used twice in module {module.code}")
                seen.add(station.code)
                camera = cameras.get(station.camera)
                if camera is None:
                    allowed = ", ".join(cameras)
                    problems.append(
                        f"{where}.camera: {station.camera!r} is no camera of the module; allowed: {allowed}"
                    )
                    continue
                problems += _outside(where, station, camera)
        return problems

    @property
    def cameras(self) -> list[Camera]:
        """All cameras of all modules, in order."""
        return [camera for module in self.modules for camera in module.cameras]

    def sam_s(self, module: Module, station: StationConfig) -> float | None:
        """Standard time of a station's operation in seconds; the last listed version counts; None: not known."""
        fitting = [
            time.sam_minutes
            for time in self.standard_times
            if time.reference == module.product_reference and time.operation == station.operation
        ]
        return fitting[-1] * 60 if fitting else None


def _outside(where: str, station: StationConfig, camera: Camera) -> list[str]:
    width, height = camera.resolution_px
    return [
        f"{where}.zones.{name}.polygon_px: corner [{x:g}, {y:g}] is outside the picture of {camera.label} "
        f"(0 to {width} by 0 to {height} px)"
        for name, zone in station.zones.items()
        for x, y in zone.polygon_px
        if not (0 <= x <= width and 0 <= y <= height)
    ]
