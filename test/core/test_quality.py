"""Green, yellow, red: each figure alone can make it worse, none makes it better."""

import math

import pytest

from lbzf_ros.core.model import Drift, Quality
from lbzf_ros.core.quality import quality


def rate(observed: float = 1.0, dwell: float = 1.0, uncertainty: float = 0.0, drift: Drift = Drift.OK) -> str:
    return quality(
        observed_share=observed, primary_dwell_ratio=dwell, uncertainty_share=uncertainty, drift=drift
    ).value


@pytest.mark.parametrize(
    ("figures", "band"),
    [
        ({}, "green"),
        ({"observed": 0.9, "dwell": 0.8, "uncertainty": 0.05}, "green"),
        ({"observed": 0.89}, "yellow"),
        ({"observed": 0.69}, "red"),
        ({"dwell": 0.79}, "yellow"),
        ({"dwell": 0.59}, "red"),
        ({"dwell": math.nan}, "yellow"),
        ({"uncertainty": 0.051}, "yellow"),
        ({"uncertainty": 0.151}, "red"),
        ({"uncertainty": math.nan}, "yellow"),
        ({"drift": Drift.DRIFTED}, "yellow"),
        ({"drift": Drift.UNKNOWN}, "yellow"),
        ({"drift": Drift.UNCHECKED}, "green"),
        ({"observed": 0.5, "drift": Drift.DRIFTED}, "red"),
    ],
)
def test_thresholds(figures: dict[str, float], band: str) -> None:
    assert rate(**figures) == band  # type: ignore[arg-type]


def test_bands_are_those_of_the_database() -> None:
    assert [band.value for band in Quality] == ["green", "yellow", "red"]
