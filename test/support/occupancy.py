"""Builders for the values that tests of the core need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lbzf_ros.core.model import (
    NS_PER_S,
    UNKNOWN,
    Anchor,
    Drift,
    Evidence,
    EvidenceKind,
    FrameOccupancy,
    ModelInfo,
    RoiSet,
    StationOccupancy,
    Workstation,
    Zone,
    ZoneKind,
    ZoneOccupancy,
)
from lbzf_ros.core.rules import RULES

MODEL = ModelInfo("test", "1", "none")
SQUARE = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0))


def zone(kind: str, *, enter_s: float = 0.0, leave_s: float = 1.0, polygon_px: object = SQUARE) -> Zone:
    """A zone named after its kind."""
    evidence = EvidenceKind.PERSON if kind == "work" else EvidenceKind.MOTION
    return Zone(kind, ZoneKind(kind), evidence, Anchor.BODY, polygon_px, 0.1, enter_s, leave_s, 0.0, 7)  # type: ignore[arg-type]


def station(
    rule: str = "presence",
    *,
    code: str = "PUESTO_01",
    zones: Iterable[Zone] = (),
    sam_s: float = UNKNOWN,
    min_cycle_s: float = 2.0,
    max_cycle_s: float = 100.0,
) -> Workstation:
    """A station with the zones that its rule needs."""
    needed = sorted(kind.value for kind in RULES[rule].zone_kinds)
    own = tuple(zones) or tuple(map(zone, needed))
    return Workstation(
        module="ANGELA",
        code=code,
        display_name=code,
        operation="",
        rule=rule,
        sam_s=sam_s,
        min_cycle_s=min_cycle_s,
        max_cycle_s=max_cycle_s,
        min_dwell_ratio=0.5,
        max_gap_s=60.0,
        min_confidence=0.2,
        max_second_person_ratio=0.3,
        max_drift_unknown_ratio=0.5,
        zones=own,
    )


def rois(*stations: Workstation, fps: float = 5.0) -> RoiSet:
    """The zones of cam1."""
    return RoiSet("cam1", 0, 640, 480, fps, "hash", stations)


def occupancy(stamp_s: float, evidence: Mapping[str, bool | None], *, track: int = 1) -> FrameOccupancy:
    """One picture of PUESTO_01: zone name to evidence (None: unknown)."""
    values = {None: Evidence.UNKNOWN, True: Evidence.PRESENT, False: Evidence.ABSENT}
    zones = tuple(
        ZoneOccupancy(
            name,
            values[present],
            track_ids=(track,) if present and name == "work" else (),
            confidence=0.8 if present and name == "work" else UNKNOWN,
        )
        for name, present in evidence.items()
    )
    stations = (StationOccupancy("ANGELA", "PUESTO_01", Drift.OK, 7, zones),)
    return FrameOccupancy("cam1", round(stamp_s * NS_PER_S), "hash", MODEL, stations)
