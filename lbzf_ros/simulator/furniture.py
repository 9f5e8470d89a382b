"""Tables, sewing machines and bins, painted once into the still picture."""

from __future__ import annotations

import cv2
import numpy as np

from lbzf_ros.core.model import ZoneKind
from lbzf_ros.simulator import figure
from lbzf_ros.simulator.brush import Brush
from lbzf_ros.simulator.figure import Colour
from lbzf_ros.simulator.layout import Layout, Place
from lbzf_ros.simulator.model import SceneZone

# Rows as shares of the picture's height.
_TABLE_BACK, _TABLE_FRONT, _TABLE_FEET = 0.572, 0.668, 0.885
_TOP: Colour = (158, 176, 188)
_EDGE: Colour = (96, 112, 124)
_STEEL: Colour = (112, 110, 106)
_DARK: Colour = (70, 70, 72)
_CREAM: Colour = (186, 204, 210)
_CLOTH: Colour = (150, 110, 84)
_BINS: dict[ZoneKind, Colour] = {
    ZoneKind.TRIGGER: (158, 104, 52),
    ZoneKind.PICK: (52, 104, 172),
    ZoneKind.DROP: (84, 128, 70),
}


def table(brush: Brush, layout: Layout, place: Place) -> None:
    """A table with its legs and pedal, and the station's number on a plate."""
    front_y = layout.row_px(_TABLE_FRONT)
    brush = brush.to(place.table.left_px, front_y)
    wide = (place.table.right_px - place.table.left_px) / brush.unit
    back = (layout.row_px(_TABLE_BACK) - front_y) / brush.unit
    feet = (layout.row_px(_TABLE_FEET) - front_y) / brush.unit
    brush.shade([(0, feet - 50), (wide, feet - 50), (wide + 8, feet), (0, feet)], 0.72)
    for x in (8, wide - 8):
        brush.box(x - 2, 0, x + 2, feet - 34, _STEEL)
    brush.box(8, feet - 62, wide - 8, feet - 58, _STEEL)
    for x in (4, wide - 4):
        brush.box(x - 3, 0, x + 3, feet, (84, 82, 80))
    brush.fill([(8, back), (wide - 8, back), (wide, 0), (0, 0)], _TOP)
    brush.box(0, 0, wide, 7, _EDGE)
    middle = (place.spot_px[0] - brush.x) / brush.unit
    brush.fill(
        [(middle - 20, feet - 12), (middle + 20, feet - 12), (middle + 24, feet), (middle - 24, feet)], _DARK
    )
    brush.box(10, 9, 32, 24, (222, 226, 226))
    brush.text((13, 21), place.station.code.rpartition("_")[2][:2], (60, 50, 40))


def machine(brush: Brush, layout: Layout, place: Place) -> None:
    """A sewing machine at the operator's place, or an iron where he comes and goes; and a stool where he sits."""
    brush = brush.to(place.spot_px[0], layout.row_px(_TABLE_BACK) + 30 * brush.unit)
    if place.station.rule == "presence":
        _iron(brush)
    else:
        _sewing_machine(brush)
    if place.seated:
        stool(brush.to(*place.spot_px), layout.stature_px(place.spot_px[1]))


def stool(brush: Brush, stature_px: float) -> None:
    """A stool at the feet of whoever sits on it."""
    for part in figure.stool(brush.x, brush.y, stature_px):
        cv2.fillPoly(
            brush.picture, [np.rint(np.asarray(part.corners)).astype(np.int32)], part.colour, cv2.LINE_AA
        )


def _sewing_machine(brush: Brush) -> None:
    brush.box(-62, -6, 26, 4, (150, 164, 168))
    brush.box(4, -46, 24, -4, _CREAM)
    brush.box(-58, -50, 24, -30, _CREAM)
    brush.box(-60, -48, -44, -18, (172, 190, 196))
    brush.box(-53, -18, -50, -5, _STEEL)
    brush.ellipse((28, -38), 4, 12, _DARK)
    for left, thread in ((32.0, (60, 60, 200)), (44.0, (200, 200, 205))):
        brush.fill([(left, -20), (left + 9, -20), (left + 6.5, -40), (left + 2.5, -40)], thread)
    brush.fill([(-64, 2), (-30, -3), (-22, 10), (-56, 14)], _CLOTH)


def _iron(brush: Brush) -> None:
    brush.fill([(-62, -4), (40, -4), (48, 12), (-66, 12)], (200, 206, 208))
    for i, cloth in enumerate((_CLOTH, (142, 102, 78), (160, 120, 92))):
        brush.box(-58, -8 - 5 * i, -28, -3 - 5 * i, cloth)
    brush.fill([(34, 2), (54, 2), (50, -10), (36, -10)], (60, 56, 54))
    brush.line((45, -10), (52, -70), _DARK)


def bin_at(brush: Brush, zone: SceneZone, rng: np.random.Generator) -> None:
    """A plastic bin with pieces of cloth, a little smaller than its zone."""
    x0, y0, x1, y1 = zone.bounds_px
    brush = brush.to(x0, y0)
    w, h = (x1 - x0) / brush.unit, (y1 - y0) / brush.unit
    left, right, top, rim, bottom = 0.1 * w, 0.9 * w, 0.3 * h, 0.62 * h, 0.95 * h
    blue, green, red = _BINS[zone.kind]
    slant = 0.06 * w
    brush.fill(
        [(left + slant, top), (right - slant, top), (right, rim), (left, rim)],
        (blue // 2, green // 2, red // 2),
    )
    for _ in range(7):
        x, y = float(rng.uniform(left + 2 * slant, right - 0.3 * w)), float(rng.uniform(top, rim - 0.14 * h))
        tone = int(rng.integers(-18, 18))
        piece = [
            (x, y),
            (x + 0.2 * w, y - 0.05 * h),
            (x + 0.24 * w, y + 0.13 * h),
            (x + 0.03 * w, y + 0.15 * h),
        ]
        brush.fill(piece, (150 + tone, 116 + tone, 92 + tone))
    brush.fill(
        [(left, rim), (right, rim), (right - slant, bottom), (left + slant, bottom)], (blue, green, red)
    )
    brush.box(left, rim, right, rim + 0.08 * h, (blue + 40, green + 40, red + 40))
