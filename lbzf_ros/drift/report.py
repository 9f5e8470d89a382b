"""What people are told about a camera's view."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lbzf_ros.core.model import Drift, ViewShift

_WORST_FIRST = (Drift.DRIFTED, Drift.UNKNOWN, Drift.UNCHECKED, Drift.OK)
_WORDS = {
    Drift.OK: "the camera is where it was when its zones were drawn",
    Drift.DRIFTED: "the camera has moved since its zones were drawn: put it back, or draw them anew "
    "(lbzf rois transfer)",
    Drift.UNKNOWN: "the view cannot be recognised: look whether it is blocked, dark, or another one",
    Drift.UNCHECKED: "there is no picture yet to compare the view with",
}


def worst_view(shifts: Sequence[ViewShift]) -> ViewShift:
    """The view that differs most, of all on which zones of a camera were drawn; unchecked without any."""
    return min(shifts, key=_rank, default=ViewShift((), Drift.UNCHECKED))


def needs_somebody(view: ViewShift) -> bool:
    """Whether somebody has to go and look."""
    return view.drift in (Drift.DRIFTED, Drift.UNKNOWN)


def view_in_words(view: ViewShift) -> str:
    """One line for the administrator."""
    moved = "" if math.isnan(view.shift_px) else f" ({view.shift_px:.0f} px)"
    return _WORDS[view.drift] + moved


def _rank(view: ViewShift) -> tuple[int, float]:
    return _WORST_FIRST.index(view.drift), -(0.0 if math.isnan(view.shift_px) else view.shift_px)
