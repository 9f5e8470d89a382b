"""Where things stand on the floor: derived from the zones, so that the picture fits any plant file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lbzf_ros.core.model import ZoneKind
from lbzf_ros.simulator.model import Point, SceneStation

HORIZON = -0.583
"""Row of the horizon, as a share of the picture's height: the camera hangs high and looks down."""
_STATURE_PER_Y = 1 / 3
_FEET_ABOVE_ZONE_END = 0.055
_GAP_MIN_WIDTH = 0.11
_TABLE_MARGIN = 0.04


@dataclass(frozen=True, slots=True)
class Span:
    """An interval of x in pixels."""

    left_px: float
    right_px: float

    @property
    def middle_px(self) -> float:
        """Its middle."""
        return (self.left_px + self.right_px) / 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where the operator of a station stands or sits, where his table is, and how he leaves the picture."""

    station: SceneStation
    spot_px: Point
    table: Span
    exit_px: Point
    seated: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The floor of one camera's picture."""

    width_px: int
    height_px: int
    places: tuple[Place, ...]
    gaps: tuple[Span, ...]

    def stature_px(self, feet_y_px: float) -> float:
        """Height in the picture of a person whose feet are at this y."""
        return (feet_y_px - HORIZON * self.height_px) * _STATURE_PER_Y

    def row_px(self, share: float) -> float:
        """The y of a share of the picture's height."""
        return share * self.height_px


def lay_out(
    stations: Sequence[SceneStation], width_px: int, height_px: int, *, seated: Collection[str] = ()
) -> Layout:
    """Place operators, tables and gaps for the stations of one picture; `seated` are codes of stations."""
    tables = [_table(station, width_px, height_px) for station in stations]
    places = tuple(
        Place(
            station,
            _spot(station, height_px),
            table,
            _exit(station, stations, width_px, height_px),
            seated=station.code in seated,
        )
        for station, table in zip(stations, tables, strict=True)
    )
    return Layout(width_px, height_px, places, _gaps(tables, width_px, height_px))


def _spot(station: SceneStation, height_px: int) -> Point:
    left, _, right, bottom = station.zone(ZoneKind.WORK).bounds_px
    return (left + right) / 2, bottom - _FEET_ABOVE_ZONE_END * height_px


def _table(station: SceneStation, width_px: int, height_px: int) -> Span:
    bounds = [zone.bounds_px for zone in station.zones.values()]
    margin = _TABLE_MARGIN * height_px if station.hand_zones else 0.0
    left, right = min(box[0] for box in bounds), max(box[2] for box in bounds)
    hands = [zone.bounds_px for zone in station.hand_zones]
    left -= margin if hands and left == min(box[0] for box in hands) else 0.0
    right += margin if hands and right == max(box[2] for box in hands) else 0.0
    return Span(max(left, 2.0), min(right, width_px - 3.0))


def _exit(station: SceneStation, stations: Sequence[SceneStation], width_px: int, height_px: int) -> Point:
    """The nearer side of the picture when nothing stands in the way, else toward the camera and out below."""
    x, y = _spot(station, height_px)
    others = [
        zone.middle_px[0] for other in stations for zone in other.zones.values() if other is not station
    ]
    obstacles = others + [zone.middle_px[0] for zone in station.hand_zones]
    beyond = 0.15 * height_px
    ways = [(x, -beyond, any(other < x for other in obstacles))]
    ways.append((width_px - x, width_px + beyond, any(other > x for other in obstacles)))
    open_ways = sorted((distance, out) for distance, out, blocked in ways if not blocked)
    return (open_ways[0][1], y) if open_ways else (x, 1.85 * height_px)


def _gaps(tables: Sequence[Span], width_px: int, height_px: int) -> tuple[Span, ...]:
    """Openings between tables, wide enough for a person."""
    gaps: list[Span] = []
    edge = 0.0
    for table in [*sorted(tables, key=lambda span: span.left_px), Span(width_px, width_px)]:
        if edge > 0 and table.left_px < width_px and table.left_px - edge >= _GAP_MIN_WIDTH * height_px:
            gaps.append(Span(edge, table.left_px))
        edge = max(edge, table.right_px)
    return tuple(gaps)
