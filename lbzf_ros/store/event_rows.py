"""Cycle events as rows: names become row ids, what is not known becomes NULL, what cannot be is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from lbzf_ros.core import rejection
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import CycleEvent, EventKind, ModelInfo, event_uid
from lbzf_ros.store.explanation_json import explanation_packed
from lbzf_ros.store.statements import CAMERAS, INSERT_MODEL, MODEL, ROIS, STATIONS
from lbzf_ros.store.timestamps import measured_text, to_ms

REASONS = frozenset(rejection.RULES)
"""Codes that the column `reason` has; others are `other` there, and complete in `reasons_json`."""

_REASONS = 16
"""Place of `reasons_json` in the columns that both tables have."""
_WITH_REASONS = frozenset({EventKind.REJECT, EventKind.ABORT})
_MAX_TEXT = 10_000
_MAX_REASONS = 100
_MAX_COUNT = 2**31 - 1


Ids = tuple[int, int, int]
"""Row ids of workstation, camera and model."""


@dataclass(slots=True)
class PlantIds:
    """Row ids by name. Read when first asked for a name that is not in it."""

    stations: dict[tuple[str, str], int] = field(default_factory=dict)
    cameras: dict[tuple[str, str], int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    rois: dict[int, tuple[int, int]] = field(default_factory=dict)
    origins: dict[tuple[object, ...], Ids] = field(default_factory=dict)

    def copy(self) -> PlantIds:
        """The same ids, to be changed on their own."""
        return PlantIds(
            dict(self.stations), dict(self.cameras), dict(self.labels), dict(self.rois), dict(self.origins)
        )

    def learn(self, event: CycleEvent, connection: Connection) -> Ids:
        """Row ids of an event's origin, for all events that have the same one. A new model becomes a row.

        Raises:
            StoreError: there is no such row, or its zone belongs to another station or camera.
        """
        found = self._known(event)
        if found is None:
            self._read(connection)
            found = self._known(event)
        if found is None:
            raise StoreError(self._unknown(event))
        ids = *found, _model_id(connection, event.model)
        self.origins[origin(event)] = ids
        return ids

    def camera_by_label(self, label: str, connection: Connection) -> int:
        """Row id of the camera of the plant that has this label.

        Raises:
            StoreError: there is none.
        """
        if label not in self.labels:
            self._read(connection)
        if label not in self.labels:
            raise StoreError(
                f"camera {label!r} is not in the plant; the plant has {', '.join(self.labels) or 'none'}"
            )
        return self.labels[label]

    def _known(self, event: CycleEvent) -> tuple[int, int] | None:
        found = (
            self.stations.get((event.module, event.workstation)),
            self.cameras.get((event.module, event.camera)),
        )
        return self.rois[event.roi_version_id] if found == self.rois.get(event.roi_version_id) else None

    def _unknown(self, event: CycleEvent) -> str:
        module = event.module
        if (module, event.workstation) not in self.stations:
            known = ", ".join(f"{m}/{w}" for m, w in self.stations) or "none"
            return f"there is no workstation {module}/{event.workstation}; the plant has {known}"
        if (module, event.camera) not in self.cameras:
            known = ", ".join(f"{m}/{c}" for m, c in self.cameras) or "none"
            return f"module {module} has no camera {event.camera!r}; the plant has {known}"
        if event.roi_version_id not in self.rois:
            return f"there is no zone with roi_version_id {event.roi_version_id}"
        return (
            f"the zone with roi_version_id {event.roi_version_id} does not belong to workstation "
            f"{module}/{event.workstation} and camera {event.camera}"
        )

    def _read(self, connection: Connection) -> None:
        self.stations = {(module, code): row for module, code, row in connection.exec_driver_sql(STATIONS)}
        cameras = connection.exec_driver_sql(CAMERAS).all()
        self.cameras = {(module, label): row for module, label, row, _ in cameras}
        self.labels = {label: row for _, label, row, status in cameras if status != "inactive"}
        self.rois = {row: (station, camera) for row, station, camera in connection.exec_driver_sql(ROIS)}


def origin(event: CycleEvent) -> tuple[object, ...]:
    """What many events have in common: where, and measured with what."""
    return (
        event.module,
        event.workstation,
        event.camera,
        event.rule,
        event.roi_version_id,
        event.model,
        event.parameter_hash,
        event.software_version,
    )


def shared_row(event: CycleEvent, ids: PlantIds, connection: Connection) -> tuple[object, ...]:
    """The columns that both event tables have, in the order of `statements`.

    Raises:
        StoreError: something in it cannot be stored; nothing of it is then.
        InvalidValue: a time is outside the years 2000 to 2099.
    """
    known = ids.origins.get(origin(event))
    if known is None:
        _check_names(event)
    _check_uid(event)
    check_count(event.detection_count, "detection_count")
    start = measured_text(event.start_ns)
    end = None if event.end_ns is None else measured_text(event.end_ns)
    uncertainty_s = _figure(event.duration_uncertainty_s, math.inf, "duration_uncertainty_s")
    mean_conf = _figure(event.mean_confidence, 1, "mean_confidence")
    dwell_ratio = _figure(event.primary_dwell_ratio, 1, "primary_dwell_ratio")
    observed_share = _figure(event.observed_share, 1, "observed_share")
    frame_path = clean_path(event.frame_path, "frame_path") if event.frame_path else None
    reasons = _reasons(event.reasons) if event.kind in _WITH_REASONS else None
    drift = event.drift.name.lower()
    station_id, camera_id, model_id = known or ids.learn(event, connection)
    return (
        event.event_uid,
        station_id,
        camera_id,
        model_id,
        event.roi_version_id,
        event.rule,
        event.parameter_hash,
        event.software_version,
        start,
        end,
        uncertainty_s,
        mean_conf,
        dwell_ratio,
        observed_share,
        event.detection_count,
        frame_path,
        reasons,
        drift,
        event.clock_kept,
    )


def cycle_row(event: CycleEvent, shared: tuple[object, ...], status: str) -> tuple[object, ...]:
    """A row of cycle_events, in the order of `statements`."""
    return *shared, status, event.quality.value


def rejected_row(event: CycleEvent, shared: tuple[object, ...]) -> tuple[object, ...]:
    """A row of cycle_events_rejected, in the order of `statements`."""
    end_ns = event.start_ns if event.end_ns is None else event.end_ns
    duration_s = (to_ms(end_ns) - to_ms(event.start_ns)) / 1000
    reason = next((code for code in event.reasons if code in REASONS), "other")
    return *shared, duration_s, reason


def explanation_row(event: CycleEvent) -> tuple[object, ...] | None:
    """A row of cycle_explanations, in the order of `statements`; None: nobody has kept why.

    Raises:
        StoreError: it cannot be stored.
    """
    return None if event.explanation is None else (event.event_uid, explanation_packed(event.explanation))


def decided_row(event: CycleEvent, shared: tuple[object, ...]) -> tuple[object, ...]:
    """What an END or REJECT says of its cycle, in the order of `statements.DECIDED`."""
    said = event.quality.value if event.kind is EventKind.END else shared[_REASONS]
    return event.kind.value, *shared[9:15], said


def check_count(count: int, where: str) -> None:
    """Refuse what cannot be counted.

    Raises:
        StoreError: it is negative or more than 31 bits.
    """
    if not 0 <= count <= _MAX_COUNT:
        raise StoreError(f"{where} {count} is outside 0 to {_MAX_COUNT}")


def clean_text(text: str, where: str) -> str:
    """Refuse what a database, a file or a page cannot hold.

    Raises:
        StoreError: a NUL, half a surrogate pair, or more than 10,000 characters.
    """
    if _is_plain(text):
        return text
    if len(text) > _MAX_TEXT:
        raise StoreError(f"{where}: a text of {len(text)} characters; at most {_MAX_TEXT} are stored")
    if "\0" in text or not _encodable(text):
        raise StoreError(f"{where}: text {text[:80]!r} holds a NUL or half a surrogate pair")
    return text


def clean_path(path: str, where: str) -> str:
    """Refuse a path that would lead out of the data folder.

    Raises:
        StoreError: it is absolute, climbs with `..`, or is no proper text.
    """
    if path.startswith("/") or "\\" in path or (".." in path and ".." in path.split("/")):
        raise StoreError(f"{where}: path {path[:80]!r} must be relative to the data folder, without ..")
    return clean_text(path, where)


def _is_plain(text: str) -> bool:
    """The usual case, found quickly."""
    return len(text) <= _MAX_TEXT and text.isascii() and "\0" not in text


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_names(event: CycleEvent) -> None:
    model = event.model
    for name in ("module", "workstation", "camera", "rule", "parameter_hash", "software_version"):
        clean_text(getattr(event, name), name)
    for text in (model.name, model.version, model.framework, model.weights_hash):
        clean_text(text, "model")


def _check_uid(event: CycleEvent) -> None:
    """One uid, one cycle: it follows from the camera, the station, the rule and the start."""
    uid = event_uid(
        module=event.module,
        camera=event.camera,
        workstation=event.workstation,
        rule=event.rule,
        start_ns=event.start_ns,
    )
    if event.event_uid != uid:
        raise StoreError(
            f"event_uid {event.event_uid[:80]!r} is not the one of this cycle ({event.module}/{event.camera}/"
            f"{event.workstation}/{event.rule}, start {event.start_ns} ns), which is {uid}"
        )


def _reasons(reasons: Mapping[str, str]) -> str:
    if len(reasons) > _MAX_REASONS:
        raise StoreError(f"{len(reasons)} reasons; at most {_MAX_REASONS} are stored")
    clean_text("".join((*reasons, *reasons.values())), "reasons")
    return json.dumps(dict(reasons), ensure_ascii=False)


def _figure(value: float, most: float, name: str) -> float | None:
    if 0 <= value <= most and value != math.inf:
        return value
    if math.isnan(value):
        return None
    raise StoreError(f"{name} {value} is outside 0 to {most}")


def _model_id(connection: Connection, model: ModelInfo) -> int:
    """Row of a model; a second model under a name and version that are taken is told apart by what differs."""
    what = f"{model.framework}, {model.weights_hash[:12] or 'no weights'}"
    for version in (model.version, f"{model.version} ({what})"):
        connection.exec_driver_sql(
            INSERT_MODEL, (model.name, version, model.framework, model.weights_hash or None)
        )
        row_id, framework, weights_hash = connection.exec_driver_sql(MODEL, (model.name, version)).one()
        if (framework, weights_hash or "") == (model.framework, model.weights_hash):
            return int(row_id)
    raise StoreError(f"model {model.name} {model.version} ({what}) is stored with other weights")
