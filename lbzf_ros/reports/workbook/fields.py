"""The figures that columns of the mapping file can show: their names, kinds and meanings."""

from __future__ import annotations

from typing import NamedTuple

from lbzf_ros.reports.workbook.kinds import Kind


class Figure(NamedTuple):
    """A figure: what kind of value it is, and what it means."""

    kind: Kind
    meaning: str


_TEXT, _INTEGER, _NUMBER, _SHARE = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.SHARE
_DAY, _TIME = Kind.DAY, Kind.TIME

_CYCLE = {
    "event": Figure(_TEXT, "identifier of the cycle"),
    "module": Figure(_TEXT, "name of the module"),
    "workstation": Figure(_TEXT, "name of the station"),
    "workstation_code": Figure(_TEXT, "code of the station"),
    "operation": Figure(_TEXT, "what is done there"),
    "camera": Figure(_TEXT, "which saw it"),
    "start": Figure(_TIME, "when it began, by the plant's clock"),
    "end": Figure(_TIME, "when it ended"),
    "measured_s": Figure(_NUMBER, "seconds measured from start to end"),
    "uncertainty_s": Figure(_NUMBER, "half width of the measurement's uncertainty, seconds"),
    "confidence": Figure(_SHARE, "mean confidence of the detector"),
    "dwell": Figure(_SHARE, "share of the time in which the same person was there"),
    "observed": Figure(_SHARE, "share of the expected pictures that were looked at"),
    "pictures": Figure(_INTEGER, "pictures with a person"),
    "reasons": Figure(_TEXT, "why it was given up or does not count, with the figures"),
    "notes": Figure(_TEXT, "written by people"),
    "rule": Figure(_TEXT, "rule that decided"),
    "zone_version": Figure(_INTEGER, "version of the zone that opened it"),
    "detector": Figure(_TEXT, "name and version of the detector"),
    "parameters": Figure(_TEXT, "first 12 digits of the parameter hash"),
    "software": Figure(_TEXT, "version of LBZF"),
    "drift": Figure(_TEXT, "worst state of the camera's view during it"),
    "clock_kept": Figure(
        _INTEGER, "1: a time server kept the clock; 0: none, times may be wrong; empty: not known"
    ),
    "picture": Figure(_TEXT, "file of its picture, in the data folder"),
}

FIELDS: dict[str, dict[str, Figure]] = {
    "indicators": {
        "day": Figure(_DAY, "day of the plant"),
        "module": Figure(_TEXT, "name of the module"),
        "shift": Figure(_TEXT, "jornada"),
        "hour": Figure(_TEXT, "when the hour begins, by the plant's clock"),
        "hour_start": Figure(_TIME, "the same with its day"),
        "workstation": Figure(_TEXT, "name of the station"),
        "workstation_code": Figure(_TEXT, "code of the station"),
        "position": Figure(_INTEGER, "place of the station in the line, from 1"),
        "operation": Figure(_TEXT, "what is done there"),
        "operator": Figure(_TEXT, "who worked there; empty: nobody is entered, or the person was erased"),
        "operator_code": Figure(_TEXT, "the plant's code of the person"),
        "operators": Figure(_INTEGER, "number of operarios: 1; empty: nobody is entered"),
        "reference": Figure(_TEXT, "what is made"),
        "order": Figure(_TEXT, "production order (OP)"),
        "sam": Figure(_NUMBER, "SAM of the operation, minutes a unit"),
        "units": Figure(_INTEGER, "units made at the station"),
        "productive_min": Figure(_NUMBER, "total minutos productivos: units x SAM"),
        "operator_min": Figure(_NUMBER, "minutes that the person could work there in this hour"),
        "efficiency": Figure(_SHARE, "productive minutes / minutes that could be worked"),
        "mean_s": Figure(_NUMBER, "mean duration of the cycles, seconds"),
        "module_target": Figure(_NUMBER, "meta of the module in this hour, units"),
        "module_units": Figure(_INTEGER, "units that left the module in this hour"),
        "module_attainment": Figure(_SHARE, "rendimiento módulo: units / meta of the module in this hour"),
    },
    "summary": {
        "day": Figure(_DAY, "day of the plant"),
        "module": Figure(_TEXT, "name of the module"),
        "shift": Figure(_TEXT, "jornada"),
        "operators": Figure(_NUMBER, "number of operarios, mean over the time"),
        "operators_known": Figure(_TEXT, "how their number is known"),
        "reference": Figure(_TEXT, "what is made"),
        "order": Figure(_TEXT, "production orders (OP)"),
        "sam": Figure(_NUMBER, "SAM of one garment, minutes"),
        "target": Figure(_NUMBER, "meta, units"),
        "units": Figure(_INTEGER, "units that left the module"),
        "productive_min": Figure(_NUMBER, "total minutos productivos: units x SAM"),
        "available_min": Figure(_NUMBER, "minutes of shift"),
        "operator_min": Figure(_NUMBER, "operarios x available minutes"),
        "efficiency": Figure(_SHARE, "productive minutes / (operarios x available minutes)"),
        "attainment": Figure(_SHARE, "rendimiento módulo: units / meta"),
        "takt_s": Figure(_NUMBER, "seconds from one unit to the next that the meta asks for"),
        "lost_min": Figure(_NUMBER, "lost time of the whole module, minutes"),
        "rejected": Figure(_INTEGER, "cycles that do not count"),
        "coverage": Figure(_SHARE, "observed of scheduled minutes"),
    },
    "events": _CYCLE
    | {
        "operator": Figure(_TEXT, "who worked there"),
        "order": Figure(_TEXT, "production order (OP)"),
        "status": Figure(_TEXT, "complete, corrected by a person, given up, or running"),
        "quality": Figure(_TEXT, "how far the measurement can be trusted"),
        "corrected_s": Figure(_NUMBER, "seconds that a check by hand found"),
        "duration_s": Figure(_NUMBER, "the corrected seconds where there are some, else the measured ones"),
        "verified_by": Figure(_TEXT, "who checked it"),
        "verified_at": Figure(_TIME, "when it was checked"),
    },
    "rejected": _CYCLE | {"reason": Figure(_TEXT, "first reason why it does not count")},
    "balance": {
        "module": Figure(_TEXT, "name of the module"),
        "position": Figure(_INTEGER, "place of the station in the line, from 1"),
        "workstation": Figure(_TEXT, "name of the station"),
        "workstation_code": Figure(_TEXT, "code of the station"),
        "operation": Figure(_TEXT, "what is done there"),
        "units": Figure(_INTEGER, "cycles measured"),
        "median_s": Figure(_NUMBER, "median of the cycles, seconds"),
        "p10_s": Figure(_NUMBER, "a tenth of the cycles is shorter, seconds"),
        "p90_s": Figure(_NUMBER, "a tenth of the cycles is longer, seconds"),
        "below_s": Figure(_NUMBER, "median less p10, seconds"),
        "above_s": Figure(_NUMBER, "p90 less median, seconds"),
        "sam_s": Figure(_NUMBER, "SAM, seconds"),
        "takt_s": Figure(_NUMBER, "available seconds / target units"),
        "over_takt": Figure(_TEXT, "marks stations whose median is longer than the takt"),
        "bottleneck": Figure(_TEXT, "marks the slowest station"),
        "balance_efficiency": Figure(_SHARE, "of the module: sum of medians / (stations x slowest)"),
    },
    "lost_time": {
        "module": Figure(_TEXT, "name of the module"),
        "workstation": Figure(_TEXT, "name of the station; empty: the whole module"),
        "shift": Figure(_TEXT, "jornada in which it began"),
        "code": Figure(_TEXT, "code of the lost time"),
        "name": Figure(_TEXT, "what the code means"),
        "start": Figure(_TIME, "when it began, by the plant's clock"),
        "end": Figure(_TIME, "when it ended; empty: it still lasts"),
        "minutes": Figure(_NUMBER, "minutes from start to end, within the day or shift"),
        "origin": Figure(_TEXT, "entered by a person, or noticed by the cameras"),
        "notes": Figure(_TEXT, "written by people"),
    },
    "quality": {
        "module": Figure(_TEXT, "name of the module"),
        "position": Figure(_INTEGER, "place of the station in the line, from 1"),
        "workstation": Figure(_TEXT, "name of the station"),
        "workstation_code": Figure(_TEXT, "code of the station"),
        "scheduled_min": Figure(_NUMBER, "scheduled minutes"),
        "observed_min": Figure(
            _NUMBER, "minutes of them with recorded video of its camera; empty: not known"
        ),
        "coverage": Figure(_SHARE, "observed of scheduled minutes"),
        "enough": Figure(_TEXT, "marks a coverage below the limit of the module"),
        "units": Figure(_INTEGER, "cycles that count"),
        "green": Figure(_INTEGER, "of them: quality green"),
        "yellow": Figure(_INTEGER, "of them: quality yellow"),
        "red": Figure(_INTEGER, "of them: quality red"),
        "rejected": Figure(_INTEGER, "cycles that do not count"),
        "verified": Figure(_INTEGER, "cycles checked by a person"),
        "detector": Figure(_TEXT, "names and versions of the detectors"),
        "zone_versions": Figure(_TEXT, "versions of the zones"),
        "parameters": Figure(_TEXT, "first 12 digits of the parameter hashes"),
        "software": Figure(_TEXT, "versions of LBZF that measured"),
    },
}
"""By source."""

SINGLE: dict[str, Figure] = {
    "day": Figure(_DAY, "day of the plant"),
    "shift": Figure(_TEXT, "jornada; empty: the whole day"),
    "module": Figure(_TEXT, "module; empty: all"),
}
"""Single figures, for cells of a template; and every figure of the first row of `summary`, as summary.FIGURE."""
SINGLE |= {f"summary.{name}": figure for name, figure in FIELDS["summary"].items()}

USUAL_FORMAT = {
    Kind.TEXT: "text",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "decimal",
    Kind.SHARE: "percent",
    Kind.DAY: "day",
    Kind.TIME: "time",
}
"""Names in `formats` of the mapping file of columns that name none."""
