"""What a scene shows and what is true about it. Positions in pixels, times in seconds since its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lbzf_ros.config.schema import Camera, Module, Plant
from lbzf_ros.config.stations import StationConfig
from lbzf_ros.core.errors import ConfigError, InvalidValue
from lbzf_ros.core.model import Anchor, ZoneKind
from lbzf_ros.simulator.incidents.kinds import Incident
from lbzf_ros.simulator.optics import Optic

Point = tuple[float, float]
_CYCLE_WITHOUT_SAM_S = 25.0
_SHORTEST_CYCLE_S = 8.0
"""Less leaves no time to walk in and out, or to reach twice."""
_SOURCE_PREFIX = "simulator:"


@dataclass(frozen=True, slots=True)
class SceneZone:
    """A zone that the scene is built around: a bin is drawn at it, or somebody stands in it."""

    kind: ZoneKind
    polygon_px: tuple[Point, ...]
    anchor: Anchor

    @property
    def middle_px(self) -> Point:
        """Middle of the bounding box."""
        left, top, right, bottom = self.bounds_px
        return (left + right) / 2, (top + bottom) / 2

    @property
    def bounds_px(self) -> tuple[float, float, float, float]:
        """Bounding box: x_min, y_min, x_max, y_max."""
        xs, ys = [x for x, _ in self.polygon_px], [y for _, y in self.polygon_px]
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True)
class SceneStation:
    """A workstation to show.

    Attributes:
        rule: how its work is done: presence, trigger or pick_drop.
        zones: by name; exactly one of kind work, and those that the rule needs.
        cycle_s: standard time of one unit, seconds; the drawn operator is somewhat slower or faster.
    """

    module: str
    code: str
    rule: str
    zones: Mapping[str, SceneZone]
    cycle_s: float

    def __post_init__(self) -> None:
        kinds = [zone.kind for zone in self.zones.values()]
        needed = {
            "presence": [ZoneKind.WORK],
            "trigger": [ZoneKind.WORK, ZoneKind.TRIGGER],
            "pick_drop": [ZoneKind.WORK, ZoneKind.PICK, ZoneKind.DROP],
        }.get(self.rule)
        if needed is None:
            raise InvalidValue(f"{self.code}: the simulator has no work for rule {self.rule!r}")
        if missing := [kind.value for kind in needed if kinds.count(kind) != 1]:
            raise InvalidValue(
                f"{self.code}: the simulator needs exactly one zone of kind {', '.join(missing)}"
            )
        if not self.cycle_s >= _SHORTEST_CYCLE_S:
            raise InvalidValue(
                f"{self.code}: a unit takes {self.cycle_s} s, the simulator needs {_SHORTEST_CYCLE_S} s"
            )

    def zone(self, kind: ZoneKind) -> SceneZone:
        """The zone of a kind that this station's rule needs."""
        return next(zone for zone in self.zones.values() if zone.kind is kind)

    @property
    def hand_zones(self) -> list[SceneZone]:
        """The zones that hands reach into."""
        return [zone for zone in self.zones.values() if zone.kind is not ZoneKind.WORK]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How busy a scene is. A scenario is a scene with another script.

    Attributes:
        passer_chance: that somebody passes in one direction of the aisle, in each 45 s.
        supervisor_chance: that a supervisor comes, in each 200 s.
        break_chance: that an operator goes for a break, in each of his blocks of work (7 minutes or more).
        optics: what happens to light, lens and camera; none by default.
        incidents: what people do on top of their work, at which station and when; none by default.
    """

    passer_chance: float = 0.4
    supervisor_chance: float = 0.65
    break_chance: float = 0.55
    optics: tuple[Optic, ...] = ()
    incidents: tuple[Incident, ...] = ()


@dataclass(frozen=True, slots=True)
class TrueCycle:
    """One unit of work as it was really drawn.

    Attributes:
        unmeasurable: why no tracker has to count it as a cycle, empty when it is one: `break` (the operator was away
            in between), `swap` (one began it and another ended it), `shift_change`, `open_at_start`, `open_at_stop`
            (part of it lies outside what was looked at, see `Scene.cycles_seen`).
    """

    module: str
    workstation: str
    rule: str
    start_s: float
    end_s: float
    unmeasurable: str = ""

    @property
    def interrupted(self) -> bool:
        """No tracker has to count it."""
        return bool(self.unmeasurable)


@dataclass(frozen=True, slots=True)
class TrueBox:
    """A person as drawn: x_min, y_min, x_max, y_max in pixels, not clipped to the picture.

    Attributes:
        person: a name that stays with the person for as long as he is in the picture.
        visible_share: part 0..1 of the box that lies inside the picture (people in front are not subtracted).
    """

    person: str
    xyxy: tuple[float, float, float, float]
    visible_share: float


def stations_of(plant: Plant, camera: Camera) -> list[SceneStation]:
    """The workstations that one camera of a plant shows, in the order of the plant file."""
    return [
        _scene_station(plant, module, station)
        for module in plant.modules
        for station in module.workstations
        if station.camera == camera.label  # labels are unique in a plant
    ]


def _scene_station(plant: Plant, module: Module, station: StationConfig) -> SceneStation:
    zones = {
        name: SceneZone(kind=zone.kind, polygon_px=tuple(zone.polygon_px), anchor=zone.anchor)
        for name, zone in station.zones.items()
    }
    sam_s = plant.sam_s(module, station)
    return SceneStation(module.code, station.code, station.rule, zones, sam_s or _CYCLE_WITHOUT_SAM_S)


def seed_of(source: str) -> int:
    """Read the seed from a camera's source, `simulator:seed=N`.

    Raises:
        ConfigError: the source is written differently.
    """
    key, _, value = source.removeprefix(_SOURCE_PREFIX).partition("=")
    if not source.startswith(_SOURCE_PREFIX) or key.strip() != "seed" or not value.strip().isdecimal():
        raise ConfigError(
            f"camera source {source!r}: allowed is simulator:seed=N with a whole number N from 0"
        )
    return int(value)


def as_record(cycle: TrueCycle, camera: str, start_ns: int, end_ns: int) -> dict[str, Any]:
    """A true cycle as a row of the truth file, with times in nanoseconds since the epoch.

    `unmeasurable` is there when the cycle is `interrupted`, and says why.
    """
    why = {"unmeasurable": cycle.unmeasurable} if cycle.unmeasurable else {}
    return {
        "module": cycle.module,
        "camera": camera,
        "workstation": cycle.workstation,
        "rule": cycle.rule,
        "start_ns": start_ns,
        "end_ns": end_ns,
        "interrupted": cycle.interrupted,
        **why,
    }
