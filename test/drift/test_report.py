"""What people are told about a camera's view."""

import pytest

from lbzf_ros.core.model import UNKNOWN, Drift, ViewShift
from lbzf_ros.drift.report import needs_somebody, view_in_words, worst_view

OK = ViewShift((1,), Drift.OK, 0.4)
UNRECOGNISED = ViewShift((2,), Drift.UNKNOWN, UNKNOWN)
NEAR, FAR = ViewShift((3,), Drift.DRIFTED, 12.0), ViewShift((4,), Drift.DRIFTED, 40.2)


def test_of_several_views_the_worst_counts() -> None:
    assert worst_view([OK, NEAR, UNRECOGNISED, FAR]) == FAR
    assert worst_view([OK, UNRECOGNISED]) == UNRECOGNISED
    assert worst_view([OK]) == OK
    assert worst_view([]).drift is Drift.UNCHECKED


@pytest.mark.parametrize(
    ("view", "words", "alarm"),
    [
        (OK, "where it was when its zones were drawn (0 px)", False),
        (FAR, "(lbzf rois transfer) (40 px)", True),
        (UNRECOGNISED, "look whether it is blocked, dark, or another one", True),
        (worst_view([]), "no picture yet", False),
    ],
    ids=["in its place", "moved", "not recognised", "not compared"],
)
def test_what_is_said(view: ViewShift, words: str, alarm: bool) -> None:
    assert words in view_in_words(view)
    assert needs_somebody(view) is alarm
