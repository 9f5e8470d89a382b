"""Where people can walk and stand between the stations without covering a bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import ZoneKind
from lbzf_ros.simulator.itinerary import Leg, walk
from lbzf_ros.simulator.layout import Layout, Place, Span
from lbzf_ros.simulator.model import Point

BEHIND, IN_FRONT = 0.985, 0.9
"""Rows on which others walk: behind the operators' backs, and between them and their tables."""
_BELOW = 1.85
_OUTSIDE = 0.15
_HALF_BODY = 0.19
"""Of the stature: with hanging arms."""
_INSIDE, _ON_EDGE = 0.62, 1.04
"""Of half the zone's width, from its middle."""
_LEAN_MARGIN = 0.04
_SPEED_PER_STATURE = 0.6


@dataclass(frozen=True, slots=True)
class Ways:
    """The floor as somebody sees it who does not work here."""

    layout: Layout

    def row_px(self, share: float) -> float:
        """The y of a row."""
        return self.layout.row_px(share)

    def half_body_px(self, row: float = BEHIND) -> float:
        """Half the width of somebody who stands on a row."""
        return _HALF_BODY * self.layout.stature_px(self.row_px(row))

    def walk(self, start_s: float, path: Sequence[Point]) -> list[Leg]:
        """Legs along a path, at a visitor's pace."""
        return walk(start_s, path, _SPEED_PER_STATURE * self.layout.stature_px(self.row_px(BEHIND)))

    def from_below(self, to: Point) -> list[Point]:
        """Out of the picture, straight up to a place."""
        return [(to[0], self.row_px(_BELOW)), to]

    def between(self, start: Point, end: Point, row: float) -> list[Point]:
        """Along a row, or round the bins that stand on the way: out of the picture below, and in again."""
        y = self.row_px(row if self._is_free(start[0], end[0], row) else _BELOW)
        corners = [start, (start[0], y), (end[0], y), end]
        return [corner for i, corner in enumerate(corners) if i == 0 or corner != corners[i - 1]]

    def from_outside(self, to: Point, *, left: bool, row: float) -> list[Point]:
        """From a side of the picture along a row; from below when a bin is in the way."""
        outside = _OUTSIDE * self.layout.height_px
        x = -outside if left else self.layout.width_px + outside
        return [(x, to[1]), to] if self._is_free(x, to[0], row) else self.from_below(to)

    def through(self, place: Place, row: float) -> Span:
        """From where to where somebody crosses a work zone; not as far as a bin."""
        left, _, right, _ = place.station.zone(ZoneKind.WORK).bounds_px
        half = self.half_body_px(row)
        free = self._free_around(place, row)
        span = Span(max(left - half, free.left_px), min(right + half, free.right_px))
        if span.left_px >= span.right_px:
            raise InvalidValue(f"{place.station.code}: nobody can pass between its bins")
        return span

    def beside(self, place: Place, *, on_right: bool, inside: bool) -> Point:
        """Where somebody stands beside an operator; on his other side when a bin is there, or as near as he can."""
        left, _, right, _ = place.station.zone(ZoneKind.WORK).bounds_px
        off_px = (_INSIDE if inside else _ON_EDGE) * (right - left) / 2
        free = self._free_around(place, BEHIND)
        wanted = [place.spot_px[0] + side * off_px for side in ((1, -1) if on_right else (-1, 1))]
        fitting = [x for x in wanted if free.left_px <= x <= free.right_px]
        x = fitting[0] if fitting else min(max(wanted[0], free.left_px), free.right_px)
        return x, self.row_px(BEHIND)

    def beyond(self, place: Place, *, prefer_right: bool) -> int:
        """To which side an operator can step out of his zone: 1 right, -1 left.

        Raises:
            InvalidValue: to neither, because of bins, other zones or the picture's edge.
        """
        left, _, right, _ = place.station.zone(ZoneKind.WORK).bounds_px
        half = _HALF_BODY * self.layout.stature_px(place.spot_px[1])
        free = self._free_around(place, BEHIND)
        others = [other for other in self.layout.places if other is not place]
        for side in (1, -1) if prefer_right else (-1, 1):
            x = (right if side > 0 else left) + side * self.lean_margin_px(place)
            inside = free.left_px <= x <= free.right_px and half <= x <= self.layout.width_px - half
            if inside and not any(_in_zone(other, x) for other in others):
                return side
        raise InvalidValue(f"{place.station.code}: its operator cannot step out of his zone to either side")

    def lean_margin_px(self, place: Place) -> float:
        """How far the middle of the body goes beyond the edge of the zone."""
        return _LEAN_MARGIN * self.layout.stature_px(place.spot_px[1])

    def _free_around(self, place: Place, row: float) -> Span:
        """Where the middle of somebody can be near a place so that he covers no bin."""
        half, x = self.half_body_px(row), place.spot_px[0]
        bins = self._bins()
        lefts = [span.right_px + half for span in bins if span.middle_px < x]
        rights = [span.left_px - half for span in bins if span.middle_px >= x]
        return Span(
            max(lefts, default=-self.layout.width_px), min(rights, default=2.0 * self.layout.width_px)
        )

    def _is_free(self, from_x_px: float, to_x_px: float, row: float) -> bool:
        left, right = min(from_x_px, to_x_px), max(from_x_px, to_x_px)
        half = self.half_body_px(row) - 2.0
        return not any(left - half < span.right_px and span.left_px < right + half for span in self._bins())

    def _bins(self) -> list[Span]:
        bounds = [zone.bounds_px for place in self.layout.places for zone in place.station.hand_zones]
        return [Span(left, right) for left, _, right, _ in bounds]


def _in_zone(place: Place, x_px: float) -> bool:
    left, _, right, _ = place.station.zone(ZoneKind.WORK).bounds_px
    return left <= x_px <= right
