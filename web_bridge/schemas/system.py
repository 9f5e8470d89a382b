"""The whole system's health, exports, and why a cycle was decided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web_bridge.schemas.base import EventUid, Page, Schema, UtcTime, example
from web_bridge.schemas.entering import Entered, ModuleIn
from web_bridge.schemas.health import NodeHealth
from web_bridge.schemas.live import LiveCamera
from web_bridge.schemas.plans import DATE

EXPORT_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,150}\.(xlsx|xlsm|csv)$"
BAG_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,150}$"
BAG_FILE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,150}\.(mcap|yaml|mcap\.damaged)$"


class BackupHealth(Schema):
    """The nightly backup and the continuous copies."""

    last_success: Annotated[UtcTime | None, Field(description="null: none yet.")]
    age_h: Annotated[float | None, example("Hours since the last good one; null: none yet.", 7.5)]
    size_bytes: Annotated[int | None, example("Of the last one; null: none yet.", 41_943_040)]
    error: Annotated[str, example("Of the last attempt; empty: it went well.", "")]
    second_place_missing: Annotated[int, example("Backups that are not at the second place yet.", 0)]
    continuous_last: Annotated[UtcTime | None, Field(description="Continuous copy; null: none yet.")]
    integrity_checked: Annotated[
        UtcTime | None, Field(description="When it was last looked at; null: never.")
    ]
    integrity_problems: Annotated[list[str], example("Of the database.", [])]


class SystemHealth(Schema):
    """Everything that an admin looks after."""

    status: Literal["up", "starting"]
    missing: Annotated[list[str], example("Nodes that are not heard.", ["detector"])]
    alarms: Annotated[
        list[Literal["not_written", "disk_low", "backups"]], example("Everybody must know.", [])
    ]
    nodes: list[NodeHealth]
    cameras: list[LiveCamera]
    software_version: Annotated[str, example("Of this program.", "0.1.0")]
    schema_version: Annotated[int | None, example("Of the database; null: it cannot be read.", 7)]
    database_bytes: Annotated[int | None, example("Size of the database; null: there is none.", 83_886_080)]
    disk_free_bytes: Annotated[int | None, example("Where the data folder lies.", 3_400_000_000_000)]
    disk_bytes: Annotated[int | None, example("All of that disk.", 4_000_000_000_000)]
    backup: Annotated[BackupHealth | None, Field(description="null: its status cannot be read.")]


class ExportFile(Schema):
    """A file to take away."""

    name: Annotated[str, example("`…/exports/{name}`.", "indicadores-2026-07-15.xlsx")]
    size_bytes: Annotated[int, example("Size.", 183_120)]
    changed: Annotated[UtcTime, Field(description="When it was written.")]


class ExportNew(Entered):
    """A day or a shift as a workbook with its CSV mirror."""

    date: Annotated[str, Field(pattern=DATE, description="Local day, YYYY-MM-DD.", examples=["2026-07-15"])]
    shift: Annotated[
        str | None,
        Field(
            min_length=1, max_length=200, description="Label; null: all of the day.", examples=["jornada_1"]
        ),
    ] = None
    module: Annotated[ModuleIn | None, Field(description="null: all.")] = None


class ExportMade(Schema):
    """What was written."""

    workbook: Annotated[str, example("Name of the .xlsx.", "indicadores-2026-07-15.xlsx")]
    csv: Annotated[list[str], example("Names of its mirror.", ["indicadores-2026-07-15.csv"])]
    rows: Annotated[dict[str, int], example("By sheet.", {"Eventos": 3120})]


class ExportPage(Page[ExportFile]):
    """Files, newest name first."""


class BagFile(Schema):
    """A file of a bag."""

    name: Annotated[str, example("`…/bags/{bag}/{name}`.", "20260715_110000_0.mcap")]
    size_bytes: Annotated[int, example("Size.", 512_000_000)]
    changed: Annotated[UtcTime, Field(description="When it was last written to.")]


class Bag(Schema):
    """A recording of what the system said (`lbzf record`)."""

    name: Annotated[str, example("Its folder; the time of its start, UTC.", "20260715_110000")]
    size_bytes: Annotated[int, example("All files together.", 512_004_096)]
    changed: Annotated[UtcTime, Field(description="When one of them was last written to.")]
    files: Annotated[list[BagFile], Field(description="At most 1000.")]


class BagPage(Page[Bag]):
    """Bags, newest name first."""


class StoryLine(Schema):
    """Something that happened."""

    at: Annotated[str, example("Local time of day.", "08:24:11.2")]
    where: Annotated[str, example("Zone, people or camera; empty: about the cycle.", "work")]
    text: Annotated[str, example("What.", "work entered at 08:24:11.2: evidence since then lasted 1.0 s")]


class StoryFigure(Schema):
    """A figure with its limits."""

    name: Annotated[str, example("Which.", "duration_s")]
    value: Annotated[str, example("Measured, with its unit.", "22.4 s")]
    limits: Annotated[str, example("Between which it must be; empty: none.", "min_cycle_s >= 4.5 s")]
    verdict: Annotated[str, example("What came of it.", "ok")]


_HEAD = [
    "ANGELA/PUESTO_01, cycle 5f0c2a52-8a3b-5c67-9d3e-0f6f0a4f5f5e",
    "2026-07-15 08:24:11.2 to 08:24:33.6 (America/Bogota): 22.4 s ± 0.2 s; complete, green; rule presence, camera cam1",
]
_NOTES = ["Not in it: 3 times without a picture, the shortest."]


class Explanation(Schema):
    """Why a cycle was decided as it was, in words (English)."""

    event_uid: EventUid
    head: Annotated[list[str], example("What it is and what became of it.", _HEAD)]
    lines: Annotated[list[StoryLine], Field(description="What happened, in order.")]
    figures: list[StoryFigure]
    notes: Annotated[list[str], example("What is not in it.", _NOTES)]
    has_timeline: Annotated[bool, example("There is a picture: `…/explanation.png`.", True)]
