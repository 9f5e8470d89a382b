"""The difference as one HTML page with pictures: a file that can be sent, without anything beside it."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import RoiSet
from lbzf_ros.remeasure.difference import Change, Difference, StationDifference
from lbzf_ros.remeasure.recording import picture_at
from lbzf_ros.remeasure.report import Measured, clip_of, local, piece_of, video_of
from lbzf_ros.store.rows import CycleRow

MOST_PICTURES = 120
_WIDTH_PX, _JPEG_QUALITY = 400, 75
_ZONE_BGR = (60, 200, 60)
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #d8dee4; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
img { width: 200px; height: auto; display: block; margin-bottom: .2rem } figure { margin: 0 .5rem 0 0; float: left }
figcaption { font-size: 12px; color: #57606a }
.gained { background: #e6f4ea } .lost { background: #fdecea } .changed { background: #fff8e1 }
"""


def page(
    measured: Measured, stations: Sequence[StationDifference], rois: Mapping[str, RoiSet], data: Path, up: str
) -> str:
    """The whole page.

    Args:
        measured: what was measured.
        stations: their differences.
        rois: the zones as they were measured now, by camera; drawn into the pictures.
        data: the data folder, for the pictures.
        up: from the page's folder to the data folder, e.g. ../..; for links to the video files.
    """
    pictures = _Pictures(measured, rois, data)
    rows = "".join(_overview(station) for station in stations)
    lists = "".join(_list(measured, station, pictures, up) for station in stations if station.differences)
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in measured.notes)
    most = f" Only the first {MOST_PICTURES} have pictures." if pictures.left < 0 else ""
    day = measured.day.date
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{day} measured again</title><style>{_STYLE}</style></head><body>
<h1>{day} measured again</h1>
<p>Second set: <code>{html.escape(measured.folder)}</code>. {measured.recorded_s / 3600:.2f} camera-hours.
The first set is as it was. Times are those of the plant ({html.escape(measured.time_zone)}).{most}</p>
{f"<h2>What is wrong with the recording</h2><ul>{notes}</ul>" if notes else ""}
<table><tr><th>station</th><th class=n>cycles before</th><th class=n>now</th><th class=n>the same</th>
<th class=n>gained</th><th class=n>lost</th><th class=n>changed</th><th class=n>not comparable</th>
<th class=n>hours before</th><th class=n>now</th></tr>{rows}</table>
{lists}</body></html>
"""


class _Pictures:
    """Pictures of cycles' begins with the zones in them, as many as a page may have."""

    def __init__(self, measured: Measured, rois: Mapping[str, RoiSet], data: Path) -> None:
        self._measured, self._rois, self._data = measured, rois, data
        self.left = MOST_PICTURES

    def figure(self, row: CycleRow | None, words: str) -> str:
        """One picture, empty when there is none."""
        piece = None if row is None else piece_of(self._measured, row)
        if row is None or piece is None:
            return ""
        self.left -= 1
        image = picture_at(self._data, piece, row.start_ns) if self.left >= 0 else None
        if image is None:
            return ""
        rois = self._rois.get(row.camera or "")
        jpeg = _jpeg(image, rois, (row.module, row.workstation))
        source = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
        return f'<figure><img src="{source}" alt="{words}"><figcaption>{words}</figcaption></figure>'


def _jpeg(image: NDArray[np.uint8], rois: RoiSet | None, station: tuple[str, str]) -> bytes:
    height_px = round(image.shape[0] * _WIDTH_PX / image.shape[1])
    small = cv2.resize(image, (_WIDTH_PX, height_px), interpolation=cv2.INTER_AREA)
    if rois is not None:
        scale = np.array([_WIDTH_PX / rois.width_px, height_px / rois.height_px])
        zones = [zone for mine in rois.workstations if mine.key == station for zone in mine.zones]
        corners = [np.rint(np.array(zone.polygon_px) * scale).astype(np.int32) for zone in zones]
        cv2.polylines(small, corners, isClosed=True, color=_ZONE_BGR, thickness=2, lineType=cv2.LINE_AA)
    return cv2.imencode(".jpg", small, [int(cv2.IMWRITE_JPEG_QUALITY), _JPEG_QUALITY])[1].tobytes()


def _overview(station: StationDifference) -> str:
    counts = [
        station.first,
        station.second,
        station.same,
        *(station.count(change) for change in Change),
        f"{station.first_s / 3600:.2f}",
        f"{station.second_s / 3600:.2f}",
    ]
    cells = "".join(f"<td class=n>{count}</td>" for count in counts)
    return f"<tr><td>{_name(station)}</td>{cells}</tr>"


def _list(measured: Measured, station: StationDifference, pictures: _Pictures, up: str) -> str:
    rows = "".join(_row(measured, difference, pictures, up) for difference in station.differences)
    return (
        f"<h2>{_name(station)}</h2><table><tr><th></th><th>begins</th><th class=n>before, s</th><th class=n>now, s</th>"
        f"<th class=n>longer by, s</th><th>how</th><th>pictures of the begin</th></tr>{rows}</table>"
    )


def _row(measured: Measured, difference: Difference, pictures: _Pictures, up: str) -> str:
    first, second, seconds = difference.first, difference.second, difference.seconds
    links = [] if first is None else [f'<a href="{html.escape(clip_of(measured, first))}">clip</a>']
    if video := video_of(measured, difference.row):
        links.append(f'<a href="{html.escape(f"{up}/{video}")}">video file</a>')
    cells = [
        difference.change.value,
        local(measured, difference.row.start_ns),
        *("–" if row is None else f"{row.duration_s or 0:.1f}" for row in (first, second)),
        "–" if seconds is None else f"{seconds:+.1f}",
    ]
    numbers = "".join(f"<td{' class=n' if i > 1 else ''}>{cell}</td>" for i, cell in enumerate(cells))
    shown = pictures.figure(first, "before") + pictures.figure(second, "now")
    why = f"<td>{html.escape(difference.why)}<br>{' · '.join(links)}</td>"
    return f'<tr class="{difference.change.value.split()[0]}">{numbers}{why}<td>{shown}</td></tr>'


def _name(station: StationDifference) -> str:
    return html.escape(f"{station.module}/{station.code} {station.name}")
