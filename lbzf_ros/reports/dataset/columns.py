"""Which columns of the database go into a pack, and which do not and why.

They are taken from the migrations (`store.dictionary`): a column that is added there is in the next pack without
anything done here, unless it points to another table, is no text or number, or is written by people: then it has to be
named in `REPLACED` or `LEFT_OUT`, and a test fails until it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store import dictionary

CATEGORY, TEXT, TIME, INTEGER, REAL = "category", "text", "time", "integer", "real"
"""Kinds of columns. A category is text with few values: a dictionary in Parquet."""

OPERATOR, PERSON, PACKED = "operator", "person", "packed"
"""What a value is that becomes another one: names of people become pseudonyms, packed text is unpacked."""

TABLES = {
    "events": "cycle_events",
    "rejected": "cycle_events_rejected",
    "explanations": "cycle_explanations",
}
"""Names in a pack, and tables. What is no table of events has the `event_uid` of one."""


@dataclass(frozen=True, slots=True)
class PackColumn:
    """A column of a pack.

    Attributes:
        name: as in the database, where it is the same.
        sql: what gives it; `e` is the event, `w`, `m`, `c`, `o`, `k` its workstation, module, camera, operator, model.
        kind: one of the kinds.
        is_null: whether it may be unknown.
        meaning: in words.
        allowed: the values or the range that the database allows, as SQL.
        turned: what has to be done with what the SQL gives, `OPERATOR`, `PERSON` or `PACKED`; else nothing.
    """

    name: str
    sql: str
    kind: str
    is_null: bool
    meaning: str
    allowed: str = ""
    turned: str = ""

    @property
    def unit(self) -> str:
        """Of its figures; nothing for text and for shares."""
        if self.kind == TIME:
            return "UTC, ms"
        return "s" if self.name.endswith(("_s", "_seconds")) else ""


_MODEL = (
    PackColumn("model_name", "k.name", CATEGORY, False, "detector that found the people"),
    PackColumn("model_version", "k.version", CATEGORY, False, "of the detector"),
    PackColumn(
        "model_weights_sha256", "k.weights_hash", CATEGORY, True, "of its weights; unknown: it has none"
    ),
)

REPLACED: dict[str, tuple[PackColumn, ...]] = {
    "workstation_id": (
        PackColumn("module", "m.code", CATEGORY, False, "code of the line"),
        PackColumn("workstation", "w.code", CATEGORY, False, "code of the station in its module"),
    ),
    "camera_id": (
        PackColumn(
            "camera", "c.label", CATEGORY, True, "label of the camera that saw it, of the whole plant"
        ),
    ),
    "operator_id": (
        PackColumn(
            "operator",
            "o.external_code",
            CATEGORY,
            True,
            "who worked there, by a pseudonym or by the plant's code (see README.md); unknown: not known, or erased",
            turned=OPERATOR,
        ),
    ),
    "cv_model_version_id": _MODEL,
    "roi_version_id": (
        PackColumn(
            "roi_version_id",
            "e.roi_version_id",
            INTEGER,
            False,
            "version of the zone that opened the cycle; its polygon stands in provenance.json",
        ),
    ),
    "gt_verified_by": (
        PackColumn(
            "gt_verified_by",
            "e.gt_verified_by",
            CATEGORY,
            True,
            "who checked it by hand, by a pseudonym or by name; unknown: nobody",
            turned=PERSON,
        ),
    ),
    "explanation_zlib": (
        PackColumn(
            "explanation_json",
            "e.explanation_zlib",
            TEXT,
            False,
            "evidence, timers and figures as JSON",
            turned=PACKED,
        ),
    ),
    # Computed from days as floating point: 1e-5 s off. All of them are differences of whole milliseconds.
    "duration_seconds": (
        PackColumn("duration_seconds", "round(e.duration_seconds, 3)", REAL, True, "from start to end"),
    ),
}
"""Columns that become others: numbers of rows say nothing outside of their database, people get pseudonyms."""

LEFT_OUT = {
    "id": "number of the row, another one in a copy of the plant; event_uid names a cycle",
    "confidence": "the same as mean_conf",
    "source_frame_path": "a file of the plant, and gone after some months; with --frames the column frame has the "
    "picture's place in the pack",
    "source_video_path": "a file of the plant; no video is in a pack",
    "frame_archived_at": "says something about that file, not about the cycle",
    "created_at": "when the row was written: another time when the same recording is processed again",
    "clock_kept": "whether a time server kept the clock when it was decided: nobody knows that any more when the same "
    "recording is processed again",
    "notes": "people's own words, which may name people; with --with-operators they are in it",
}
"""Columns that are not in a pack, and why."""

NOTES = PackColumn("notes", "e.notes", TEXT, True, "written by people")
FRAME = PackColumn("frame", "e.source_frame_path", TEXT, True, "picture of the cycle's start, in this folder")

_CATEGORIES = {"rule", "parameter_hash", "software_version", "ref_op_order", "drift_state"}
_KINDS = {"INTEGER": INTEGER, "REAL": REAL}


def pack_columns(table: dictionary.Table, *, personal: bool, frames: bool) -> tuple[PackColumn, ...]:
    """The columns of a pack for a table of events, in the order of the database.

    Args:
        table: as the migrations make it.
        personal: whether what people wrote is in it.
        frames: whether pictures are in it; their place stands in the last column.

    Raises:
        StoreError: a column is of a sort that has to be named here and is not.
    """
    found = [new for column in table.columns for new in _packed(table.name, column)]
    return (*found, *((NOTES,) if personal else ()), *((FRAME,) if frames else ()))


def left_out(table: dictionary.Table, columns: Sequence[PackColumn]) -> dict[str, str]:
    """Columns of a table that a pack with these columns has not, and why."""
    names = {column.name for column in columns}
    return {
        column.name: LEFT_OUT[column.name]
        for column in table.columns
        if column.name in LEFT_OUT and column.name not in names
    }


def _packed(table: str, column: dictionary.Column) -> Iterator[PackColumn]:
    if column.name in LEFT_OUT:
        return
    if column.name in REPLACED:
        yield from REPLACED[column.name]
        return
    if column.refers_to or column.type not in ("TEXT", *_KINDS) or column.name.endswith("_by"):
        raise StoreError(
            f"{table}.{column.name}: name it in lbzf_ros/reports/dataset/columns.py, in REPLACED or in LEFT_OUT: it "
            "refers to another table, names a person or is no plain text or number"
        )
    allowed = " and ".join(column.checks)
    yield PackColumn(
        column.name, f"e.{column.name}", _kind(column, allowed), column.is_null, column.meaning, allowed
    )


def _kind(column: dictionary.Column, allowed: str) -> str:
    if column.type in _KINDS:
        return _KINDS[column.type]
    if column.name.endswith(("_ts", "_at")):
        return TIME
    return CATEGORY if column.name in _CATEGORIES or " IN (" in allowed else TEXT
