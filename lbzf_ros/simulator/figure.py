"""A drawn person: a pose becomes filled outlines, and outlines become pixels and a box.

Lengths are shares of the person's stature, so that a figure scales with its distance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.simulator.model import Point

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""

_SHIFT = 4  # OpenCV's fixed-point bits: outlines keep 1/16 px, so slow sway does not jump by whole pixels
_UPPER_ARM, _FOREARM = 0.185, 0.165
_LIGHT_SIDE, _DARK_SIDE = 1.12, 0.78
_FULL, _UPPER_HALF = (0.0, 2 * math.pi), (math.pi, 2 * math.pi)
_SEATED_DROP, _SEATED_BEND = 0.13, 0.12
"""A seated person's hips are lower, and his back, bent forward, looks shorter; of the stature."""
_STOOL: Colour = (64, 62, 60)
_SEAT: Colour = (48, 60, 92)
_BAND: Colour = (196, 200, 196)
_CROSSING = 0.5  # more sideways than this is drawn from the side


@dataclass(frozen=True, slots=True)
class Look:
    """Clothes and build."""

    skin: Colour
    hair: Colour
    top: Colour
    legs: Colour
    shoes: Colour
    width: float
    stature: float
    long_hair: bool
    apron: Colour | None
    long_sleeves: bool
    vest: Colour | None = None


@dataclass(frozen=True, slots=True)
class Pose:
    """Everything needed to draw a person at one moment.

    Attributes:
        feet_px: middle between the feet on the floor.
        height_px: from the floor to the top of the head.
        sideways: 0 seen from the front or the back, 1 walking across the picture.
        direction: 1 to the right, -1 to the left.
        stride: 0 standing to 1 walking.
        phase: of the gait, radians.
        lean_px: how far the shoulders are beside the hips.
        hands_px: left and right hand in the picture; None hangs or swings.
        back: seen from behind.
        load: colour of a bundle carried before the body.
        piece: colour of a piece in the reaching hand.
        seated: 0 standing to 1 sitting on a stool, seen from behind.
    """

    feet_px: Point
    height_px: float
    look: Look
    sideways: float = 0.0
    direction: int = 1
    stride: float = 0.0
    phase: float = 0.0
    lean_px: float = 0.0
    hands_px: tuple[Point | None, Point | None] = (None, None)
    back: bool = True
    load: Colour | None = None
    piece: Colour | None = None
    seated: float = 0.0


@dataclass(frozen=True, slots=True)
class Outline:
    """A filled polygon: corners in pixels, not clipped."""

    corners: tuple[Point, ...]
    colour: Colour


def outlines(pose: Pose) -> list[Outline]:
    """The parts of a figure, from the farthest to the nearest."""
    arms = [_arm(pose, side) for side in (-1, 1)]
    near = 1 if pose.direction > 0 else 0
    crossing = pose.sideways > _CROSSING
    parts = list(arms[1 - near]) if crossing else ([*arms[0], *arms[1]] if pose.back else [])
    parts += [*_leg(pose, -1), *_leg(pose, 1)] if pose.direction > 0 else [*_leg(pose, 1), *_leg(pose, -1)]
    if pose.seated > 0.5:
        parts += stool(*pose.feet_px, pose.height_px)
    parts += _torso(pose) + _head(pose)
    if pose.load is not None:
        parts += _bundle(pose, pose.load)
    if crossing:
        parts += arms[near]
    elif not pose.back:
        parts += [*arms[0], *arms[1]]
    return parts


def box_px(parts: list[Outline]) -> tuple[float, float, float, float]:
    """The figure's bounding box: x_min, y_min, x_max, y_max."""
    xs = [x for part in parts for x, _ in part.corners]
    ys = [y for part in parts for _, y in part.corners]
    return min(xs), min(ys), max(xs), max(ys)


def draw(picture: NDArray[np.uint8], pose: Pose) -> None:
    """Draw a person with his shadow on the floor into a bgr picture."""
    parts = outlines(pose)
    _shade_floor(picture, pose)
    for part in parts:
        corners = np.round(np.asarray(part.corners) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(picture, [corners], part.colour, cv2.LINE_AA, _SHIFT)
    _soften(picture, box_px(parts))


def _soften(picture: NDArray[np.uint8], box: tuple[float, float, float, float]) -> None:
    """The lens: drawn edges are sharper than the rest of the picture."""
    x0, y0 = max(int(box[0]) - 2, 0), max(int(box[1]) - 2, 0)
    part = picture[y0 : max(int(box[3]) + 3, 0), x0 : max(int(box[2]) + 3, 0)]
    if part.size:
        cv2.GaussianBlur(part, (3, 3), 0.7, dst=part)


def _shade_floor(picture: NDArray[np.uint8], pose: Pose) -> None:
    x, y = pose.feet_px
    half_w, half_h = int(0.17 * pose.height_px), int(0.035 * pose.height_px)
    x0, x1 = max(int(x) - half_w, 0), min(int(x) + half_w, picture.shape[1])
    y0, y1 = max(int(y) - half_h, 0), min(int(y) + half_h, picture.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    centre = (int(x) - x0, int(y) - y0)
    part = picture[y0:y1, x0:x1]
    for share in (1.0, 0.8, 0.6):
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.ellipse(mask, centre, (int(share * half_w), int(share * half_h)), 0, 0, 360, 255, -1)
        cv2.copyTo(cv2.convertScaleAbs(part, alpha=0.86), mask, part)


def _shade(colour: Colour, factor: float) -> Colour:
    return (
        min(int(colour[0] * factor), 255),
        min(int(colour[1] * factor), 255),
        min(int(colour[2] * factor), 255),
    )


def _limb(a: Point, b: Point, radius_a: float, radius_b: float, colour: Colour) -> Outline:
    """A tapered capsule from a to b."""
    angle = math.atan2(b[1] - a[1], b[0] - a[0])
    corners: list[Point] = []
    for centre, radius, turn in ((a, radius_a, math.pi), (b, radius_b, 0.0)):
        for step in (-1.5, -0.9, -0.3, 0.3, 0.9, 1.5):
            at = angle + turn + step
            corners.append((centre[0] + radius * math.cos(at), centre[1] + radius * math.sin(at)))
    return Outline(tuple(corners), colour)


def _joint(a: Point, b: Point, upper: float, lower: float, bend: float) -> tuple[Point, Point]:
    """Elbow or knee between a and b, bent to one side; and b, drawn nearer when it is out of reach."""
    reach = math.dist(a, b) or 1e-6
    if reach > 0.999 * (upper + lower):
        share = 0.999 * (upper + lower) / reach
        b, reach = ((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])), 0.999 * (upper + lower))
    span = max(reach, 1.001 * abs(upper - lower))  # nearer than this no joint can bring it
    along = (upper * upper - lower * lower + span * span) / (2 * span)
    out = math.sqrt(max(upper * upper - along * along, 0.0)) * bend
    ux, uy = (b[0] - a[0]) / reach, (b[1] - a[1]) / reach
    return (a[0] + along * ux - out * uy, a[1] + along * uy + out * ux), b


def _leg(pose: Pose, side: int) -> list[Outline]:
    u, (x, y) = pose.height_px, pose.feet_px
    swing, lift = (math.sin(pose.phase + (side > 0) * math.pi), math.cos(pose.phase + (side > 0) * math.pi))
    apart = 0.07 * pose.look.width * (1 - 0.75 * pose.sideways) * (1 - 0.35 * pose.stride)
    foot_x = x + u * (side * apart + pose.direction * pose.sideways * pose.stride * 0.15 * swing)
    raised = max(lift, 0.0) * pose.stride * (0.035 + 0.03 * (1 - pose.sideways))
    hip = (x + side * u * 0.045 * (1 - 0.6 * pose.sideways), y - _raised(pose, 0.5) * u)
    ankle = (foot_x, y - u * (0.035 + raised))
    knee, ankle = _joint(hip, ankle, 0.245 * u, 0.235 * u, -pose.direction * pose.sideways or 0.02)
    w = pose.look.width
    colour = _shade(pose.look.legs, _LIGHT_SIDE if side < 0 else _DARK_SIDE)
    toe_x = ankle[0] + u * (pose.sideways * pose.direction * 0.075 + (1 - pose.sideways) * side * 0.02)
    return [
        _limb(ankle, (toe_x, ankle[1] + 0.022 * u), 0.024 * u, 0.02 * u, pose.look.shoes),
        _limb(knee, ankle, 0.044 * w * u, 0.03 * w * u, colour),
        _limb(hip, knee, 0.064 * w * u, 0.046 * w * u, colour),
    ]


def _torso(pose: Pose) -> list[Outline]:
    u, (x, y), w = (pose.height_px, pose.feet_px, pose.look.width * (1 - 0.3 * pose.sideways))
    lean = pose.lean_px
    left = [
        (0.04, 0.855),
        (0.1, 0.835),
        (0.128, 0.79),
        (0.112, 0.68),
        (0.095, 0.6),
        (0.108, 0.5),
        (0.1, 0.455),
    ]

    def at(half: float, up: float, side: int) -> Point:
        return x + side * half * w * u + lean * min(max((up - 0.45) / 0.4, 0), 1), y - _raised(pose, up) * u

    body = tuple([at(*p, -1) for p in left] + [at(*p, 1) for p in reversed(left)])
    parts = [Outline(body, pose.look.top)]
    for share, factor in ((0.35, 0.9), (0.7, _DARK_SIDE)):  # light comes from the left
        inner = [at(share * half, up, 1) for half, up in left]
        parts.append(
            Outline(tuple(inner + [at(*p, 1) for p in reversed(left)]), _shade(pose.look.top, factor))
        )
    if pose.look.apron is not None:
        above, below = 0.612, 0.588
        strap = (at(0.1, above, -1), at(0.1, above, 1), at(0.1, below, 1), at(0.1, below, -1))
        skirt = (at(0.1, 0.6, -1), at(0.1, 0.6, 1), at(0.115, 0.4, 1), at(0.115, 0.4, -1))
        parts.append(Outline(strap if pose.back else skirt, pose.look.apron))
    if pose.look.vest is not None:
        parts += _vest(at, pose.look.vest)
    return parts


def _vest(at: Callable[[float, float, int], Point], colour: Colour) -> list[Outline]:
    """A high-visibility vest over the torso, with reflecting bands."""
    half = [(0.045, 0.85), (0.1, 0.838), (0.112, 0.76), (0.118, 0.68), (0.116, 0.6), (0.12, 0.51)]
    front = tuple([at(*p, -1) for p in half] + [at(*p, 1) for p in reversed(half)])
    shaded = tuple([at(0.4 * p[0], p[1], 1) for p in half] + [at(*p, 1) for p in reversed(half)])
    parts = [Outline(front, colour), Outline(shaded, _shade(colour, 0.86))]
    for low, high, wide in ((0.535, 0.565, 0.119), (0.63, 0.66, 0.117)):
        corners = ((wide, high, -1), (wide, high, 1), (wide, low, 1), (wide, low, -1))
        parts.append(Outline(tuple(at(*corner) for corner in corners), _BAND))
    for side in (-1, 1):
        strap = ((0.05, 0.845, side), (0.078, 0.842, side), (0.078, 0.66, side), (0.05, 0.66, side))
        parts.append(Outline(tuple(at(*corner) for corner in strap), _BAND))
    return parts


def stool(x_px: float, y_px: float, stature_px: float) -> list[Outline]:
    """A stool, its feet at a point of the floor, for somebody of a stature."""
    u, seat = stature_px, y_px - 0.325 * stature_px
    parts = [
        _limb((x_px + side * 0.03 * u, seat), (x_px + side * 0.075 * u, y_px), 0.011 * u, 0.011 * u, _STOOL)
        for side in (-1, 1)
    ]
    parts.append(
        _limb(
            (x_px - 0.06 * u, y_px - 0.09 * u), (x_px + 0.06 * u, y_px - 0.09 * u), *2 * (0.007 * u,), _STOOL
        )
    )
    parts.append(_ellipse((x_px, seat), 0.1 * u, 0.026 * u, _SEAT))
    return parts


def _ellipse(
    centre: Point, rx: float, ry: float, colour: Colour, arc: tuple[float, float] = _FULL
) -> Outline:
    steps = 14
    turn = (arc[1] - arc[0]) / steps
    return Outline(
        tuple(
            (centre[0] + rx * math.cos(arc[0] + i * turn), centre[1] + ry * math.sin(arc[0] + i * turn))
            for i in range(steps + 1)
        ),
        colour,
    )


def _head(pose: Pose) -> list[Outline]:
    u, look = pose.height_px, pose.look
    x = pose.feet_px[0] + 1.15 * pose.lean_px + pose.sideways * pose.direction * 0.012 * u
    y = pose.feet_px[1] - _raised(pose, 0.925) * u
    neck = _limb((x, y + 0.05 * u), (x, y + 0.085 * u), 0.03 * u, 0.034 * u, _shade(look.skin, 0.85))
    skull = _ellipse((x, y), 0.052 * u, 0.07 * u, look.skin)
    turn = -pose.direction * pose.sideways
    if pose.sideways > _CROSSING:
        crown = _ellipse((x + turn * 0.012 * u, y - 0.012 * u), 0.055 * u, 0.062 * u, look.hair, _UPPER_HALF)
        hair = [crown, _ellipse((x + turn * 0.03 * u, y - 0.01 * u), 0.032 * u, 0.055 * u, look.hair)]
    elif pose.back:
        hair = [_ellipse((x, y - 0.008 * u), 0.055 * u, 0.066 * u, look.hair)]
    else:
        hair = [_ellipse((x, y - 0.012 * u), 0.055 * u, 0.062 * u, look.hair, _UPPER_HALF)]
    if look.long_hair and (pose.back or pose.sideways > _CROSSING):
        shift = turn * 0.035 * u
        hair.append(_limb((x + shift, y), (x + shift, y + 0.1 * u), 0.046 * u, 0.036 * u, look.hair))
    return [neck, skull, *hair]


def _raised(pose: Pose, up: float) -> float:
    """Height of a point of the upper body, standing or seated; of the stature."""
    return up - pose.seated * (_SEATED_DROP + _SEATED_BEND * (up - 0.45))


def _arm(pose: Pose, side: int) -> list[Outline]:
    u, x, look = pose.height_px, pose.feet_px[0], pose.look
    w = look.width * (1 - 0.6 * pose.sideways)
    shoulder = (x + side * 0.108 * w * u + pose.lean_px, pose.feet_px[1] - _raised(pose, 0.805) * u)
    target = _hand(pose, side) or _swinging_hand(pose, side, shoulder)
    if pose.sideways > _CROSSING:
        bend = pose.direction * pose.sideways
    else:  # elbows point outward at work and hang down in a reach
        inward = side * (shoulder[0] - target[0]) / (0.1 * u)
        bend = -side * min(max(inward + 0.2, -0.8), 0.8)
    elbow, hand = _joint(shoulder, target, _UPPER_ARM * u, _FOREARM * u, bend)
    sleeve = _shade(look.top, _LIGHT_SIDE if side < 0 else _DARK_SIDE)
    parts = [
        _limb(elbow, hand, 0.03 * u, 0.022 * u, sleeve if look.long_sleeves else look.skin),
        _limb(shoulder, elbow, 0.042 * u, 0.033 * u, sleeve),
        _ellipse(hand, 0.026 * u, 0.026 * u, look.skin),
    ]
    if pose.piece is not None and side * (hand[0] - x) > 0.12 * u:
        top, end = (hand[0], hand[1] + 0.02 * u), (hand[0] + side * 0.02 * u, hand[1] + 0.07 * u)
        parts.append(_limb(top, end, 0.03 * u, 0.035 * u, pose.piece))
    return parts


def _hand(pose: Pose, side: int) -> Point | None:
    """Where a hand is that does something: under the bundle, or where the pose puts it."""
    if pose.load is None:
        return pose.hands_px[0 if side < 0 else 1]
    forward = pose.direction * pose.sideways * 0.1 + side * 0.05 * (1 - pose.sideways)
    return pose.feet_px[0] + forward * pose.height_px, pose.feet_px[1] - 0.58 * pose.height_px


def _swinging_hand(pose: Pose, side: int, shoulder: Point) -> Point:
    swing = -math.sin(pose.phase + (side > 0) * math.pi) * pose.stride
    across = pose.direction * pose.sideways * 0.1 * swing + side * 0.03 * (1 - pose.sideways)
    up = 0.465 + 0.02 * abs(swing)
    return shoulder[0] + across * pose.height_px, pose.feet_px[1] - up * pose.height_px


def _bundle(pose: Pose, colour: Colour) -> list[Outline]:
    u, (x, y) = pose.height_px, pose.feet_px
    if pose.back and pose.sideways < _CROSSING:
        return []
    x += pose.direction * pose.sideways * 0.12 * u
    bottom, top, half = y - 0.55 * u, y - 0.66 * u, 0.1 * u
    cloth = ((x - half, bottom), (x - 0.9 * half, top), (x + 0.9 * half, top - 0.01 * u), (x + half, bottom))
    fold = (
        (x - half, bottom - 0.05 * u),
        (x + half, bottom - 0.055 * u),
        (x + half, bottom - 0.035 * u),
        (x - half, bottom - 0.03 * u),
    )
    return [Outline(cloth, colour), Outline(fold, _shade(colour, 0.8))]
