"""Every setting of a plant: its default, unit, range and help text. No other place has a default.

A field's `description` is the help text; `docs/configuration.md` is made from it.
"""

from __future__ import annotations

import datetime as dt
import os
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from lbzf_ros.config.base import Settings
from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.config.indicators import IndicatorSettings
from lbzf_ros.config.keeping import BackupSettings, RetentionSettings
from lbzf_ros.config.running import (
    BagSettings,
    GraphSettings,
    RecorderSettings,
    StorageSettings,
    ToolsSettings,
    WebSettings,
)
from lbzf_ros.config.secrets import (
    VARIABLE,
    WRITE_INSTEAD,
    check_file,
    holds_secret,
    notes_hold_secret,
    read_credentials,
)
from lbzf_ros.config.stations import Code, ShiftHoursConfig, StationConfig
from lbzf_ros.config.streams import PrivacySettings, StreamSettings

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
        default=5.0,
        ge=0.5,
        le=10,
        description="Seconds from one attempt to open it to the next; 10 at most, so that a camera that is back is "
        "measured within 15 s.",
    )
    privacy: PrivacySettings = Field(
        default_factory=PrivacySettings,
        description="What is never written to disk; default: nothing is left out.",
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
            raise ValueError(
                f"environment variable {', '.join(missing)} is not set; set it and start again (where LBZF is a "
                "service: set -a; . /etc/lbzf/environment; set +a; a command by hand does not read that file itself)"
            )
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
    def is_stream(self) -> bool:
        """Whether it is a network camera."""
        return "://" in self.source

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
    output_workstations: list[Code] = Field(
        default_factory=list,
        description="Codes of the stations whose finished cycles are the module's units. Default: the last of the flow "
        "(highest sequence_pos; all that share it).",
    )
    cameras: list[Camera] = Field(min_length=1, description="The cameras that look at it.")
    workstations: list[StationConfig] = Field(min_length=1, description="Its stations.")
    shift_hours: list[ShiftHoursConfig] = Field(
        default_factory=list,
        description="When it works; cycles that begin at other times are rejected (out_of_shift). Empty: always.",
    )


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
    drift: DriftSettings = Field(
        default_factory=DriftSettings, description="How it is noticed that a camera has moved."
    )
    streams: StreamSettings = Field(
        default_factory=StreamSettings, description="How network cameras are read and decoded."
    )
    recorder: RecorderSettings = Field(
        default_factory=RecorderSettings, description="Pictures and video on disk."
    )
    bag: BagSettings = Field(default_factory=BagSettings, description="What `lbzf record` writes.")
    storage: StorageSettings = Field(default_factory=StorageSettings, description="How rows are written.")
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings, description="How long pictures and video are kept."
    )
    backup: BackupSettings = Field(default_factory=BackupSettings, description="Copies of the database.")
    graph: GraphSettings = Field(default_factory=GraphSettings, description="How the nodes work together.")
    tools: ToolsSettings = Field(
        default_factory=ToolsSettings, description="What is shown to rqt, rviz and Foxglove."
    )
    indicators: IndicatorSettings = Field(
        default_factory=IndicatorSettings, description="When a colour changes; the engineer can set others."
    )
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
            problems += [
                f"modules.{m}.output_workstations: {code!r} is no workstation of module {module.code}"
                for code in module.output_workstations
                if code not in seen
            ]
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


def corners_outside(station: StationConfig, camera: Camera) -> list[tuple[str, tuple[float, float]]]:
    """Corners of a station's zones that lie outside the picture, each with the zone's name."""
    width, height = camera.resolution_px
    return [
        (name, (x, y))
        for name, zone in station.zones.items()
        for x, y in zone.polygon_px
        if not (0 <= x <= width and 0 <= y <= height)
    ]


def _outside(where: str, station: StationConfig, camera: Camera) -> list[str]:
    width, height = camera.resolution_px
    return [
        f"{where}.zones.{name}.polygon_px: corner [{x:g}, {y:g}] is outside the picture of {camera.label} "
        f"(0 to {width} by 0 to {height} px)"
        for name, (x, y) in corners_outside(station, camera)
    ]
