"""A look drawn into its picture. Pure: a new picture from a picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.annotate import colours
from lbzf_ros.annotate.colours import Rgb
from lbzf_ros.annotate.look import Look
from lbzf_ros.core.geometry import Point
from lbzf_ros.core.model import Evidence, ZoneKind

Image = NDArray[np.uint8]

_FILL = 0.25
"""How much of a zone's colour covers the picture where it shows evidence."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SIZE_AT_480 = 0.42
_SMALL = 0.8
"""Names of zones, as a share of the other text."""
_PADDING_PX = 3


def annotated(image_bgr: Image, look: Look) -> Image:
    """The picture with zones where they are now, people with their tracks, and what the stations do.

    Args:
        image_bgr: (height, width, 3); stays as it is.
        look: what was said about it.

    Returns:
        Another picture of the same size.
    """
    picture = _filled(image_bgr, look)
    size = _SIZE_AT_480 * max(1.0, image_bgr.shape[0] / 480)
    width = 1 if image_bgr.shape[0] < 700 else 2
    _draw_zones(picture, look, size, width)
    _draw_people(picture, look, size, width)
    for caption in look.captions():
        x, y = caption.at_px
        _write(picture, caption.text, (x, y - _PADDING_PX), size, colours.of_activity(caption.activity))
    line_px = _write(picture, look.heading(), (0, 0), size, colours.DARK)
    if warning := look.warning():
        _write(picture, warning, (0, 2 * line_px), size, colours.WARNING)
    return picture


def jpeg_of(picture: Image, quality: int) -> Image:
    """A picture as a JPEG file's content (n,); quality 0 to 100."""
    return np.asarray(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], np.uint8)


def _filled(image_bgr: Image, look: Look) -> Image:
    """A copy in which the zones with evidence are tinted."""
    present = [_pixels(p.polygon_px) for p in look.zones() if p.evidence is Evidence.PRESENT]
    tinted: Image = image_bgr.copy()
    if not present:
        return tinted
    for corners in present:
        cv2.fillPoly(tinted, [corners], _bgr(colours.of_evidence(Evidence.PRESENT)))
    return np.asarray(cv2.addWeighted(tinted, _FILL, image_bgr, 1 - _FILL, 0), np.uint8)


def _draw_zones(picture: Image, look: Look, size: float, width: int) -> None:
    for placed in look.zones():
        corners, colour = [_pixels(placed.polygon_px)], colours.of_evidence(placed.evidence)
        # A dark edge on both sides: grey is seen on a light floor, too.
        cv2.polylines(picture, corners, True, _bgr(colours.DARK), width + 3, cv2.LINE_AA)
        cv2.polylines(picture, corners, True, _bgr(colour), width + 1)
        if len(placed.station.zones) > 1 and placed.zone.kind is not ZoneKind.WORK:
            left, bottom = corners[0].min(axis=0)[0], corners[0].max(axis=0)[1]
            below_px = 20 * size / _SIZE_AT_480 * _SMALL
            _write(picture, placed.zone.name, (float(left), float(bottom + below_px)), _SMALL * size, colour)


def _draw_people(picture: Image, look: Look, size: float, width: int) -> None:
    people = look.people
    for box, confidence, track in zip(
        people.boxes.xyxy, people.boxes.confidence, people.track_ids, strict=True
    ):
        (left, top), (right, bottom) = _pixels([tuple(box[:2]), tuple(box[2:])])
        corners = (int(left), int(top)), (int(right), int(bottom))
        cv2.rectangle(picture, *corners, _bgr(colours.PERSON), width + 1)
        name = f"#{track} " if track >= 0 else ""
        _write(picture, f"{name}{confidence:.2f}", (float(left), float(top)), size, colours.PERSON)


def _write(picture: Image, text: str, at_px: Point, size: float, colour: Rgb) -> float:
    """Write on a plate whose lower left corner is given, moved so that it lies in the picture.

    Returns:
        Height of the plate, pixels.
    """
    text = _plain(text)
    (width, height), below = cv2.getTextSize(text, _FONT, size, 1)
    plate = width + 2 * _PADDING_PX, height + below + _PADDING_PX
    left = round(min(max(0, at_px[0]), max(0, picture.shape[1] - plate[0])))
    bottom = round(min(max(plate[1], at_px[1]), picture.shape[0]))
    cv2.rectangle(picture, (left, bottom - plate[1]), (left + plate[0] - 1, bottom - 1), _bgr(colour), -1)
    ink = colours.WHITE if sum(colour) < 380 else (0, 0, 0)
    cv2.putText(picture, text, (left + _PADDING_PX, bottom - below), _FONT, size, _bgr(ink), 1, cv2.LINE_AA)
    return float(plate[1])


def _plain(text: str) -> str:
    """Without accents: OpenCV's font has none."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _pixels(points: Sequence[Point]) -> NDArray[np.int32]:
    """Corners (n, 2) in whole pixels: 0.5 is the middle of pixel 0."""
    return np.rint(np.asarray(points, np.float64) - 0.5).clip(-(2**14), 2**14).astype(np.int32)


def _bgr(colour: Rgb) -> tuple[int, int, int]:
    return colour[2], colour[1], colour[0]
