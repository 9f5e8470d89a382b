"""Every second of a camera has one answer: recorded, or missing and why."""

from __future__ import annotations

from itertools import pairwise

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video.coverage import Cause, Coverage, Gap
from lbzf_ros.video.ledger import Known, Stretch, ledger


def span(start_s: float, end_s: float, cause: str = "", detail: str = "") -> Known:
    return Known(round(start_s * NS_PER_S), round(end_s * NS_PER_S), cause, detail)


def told(stretches: tuple[Stretch, ...]) -> list[tuple[float, float, str]]:
    assert all(a.end_ns == b.start_ns for a, b in pairwise(stretches))
    return [(s.start_ns / NS_PER_S, s.end_ns / NS_PER_S, s.cause) for s in stretches]


def test_a_day_without_holes() -> None:
    spans = [span(100, 200), span(200.2, 300), span(300, 400, "camera"), span(400, 500), span(520, 600)]
    found = ledger(spans, 0, 700 * NS_PER_S, stopped=True)
    assert told(found) == [
        (0, 100, "unknown"),
        (100, 300, ""),
        (300, 400, "camera"),
        (400, 500, ""),
        (500, 520, "unknown"),
        (520, 600, ""),
        (600, 700, "maintenance"),
    ]


def test_video_counts_before_what_is_said_of_gaps_and_a_gap_may_be_longer_than_the_day() -> None:
    found = ledger([span(-900, 30, "disk"), span(10, 20), span(30, 60)], 0, 60 * NS_PER_S, stopped=False)
    assert told(found) == [(0, 10, "disk"), (10, 20, ""), (20, 30, "disk"), (30, 60, "")]


def test_nothing_known_is_unknown() -> None:
    assert told(ledger([], 0, 60 * NS_PER_S, stopped=False)) == [(0, 60, "unknown")]


def test_a_gap_is_told_while_it_lasts_and_has_a_piece_for_each_cause() -> None:
    coverage = Coverage("cam1", 100 * NS_PER_S, Cause.RESTART, "killed")
    first = coverage.because(110 * NS_PER_S, Cause.CAMERA, "off")
    assert first == Gap("cam1", 100 * NS_PER_S, 110 * NS_PER_S, Cause.RESTART, "killed")
    assert coverage.present(111 * NS_PER_S) is None  # too short to be one
    assert coverage.present(120 * NS_PER_S) == Gap(
        "cam1", 110 * NS_PER_S, 120 * NS_PER_S, Cause.CAMERA, "off"
    )
    assert coverage.recorded(130 * NS_PER_S) == Gap(
        "cam1", 110 * NS_PER_S, 130 * NS_PER_S, Cause.CAMERA, "off"
    )
    assert coverage.recorded(131 * NS_PER_S) is None
    # The clock was set back by a minute: no gap, and none when it comes again.
    assert coverage.recorded(71 * NS_PER_S) is None
    assert coverage.recorded(72 * NS_PER_S) is None
