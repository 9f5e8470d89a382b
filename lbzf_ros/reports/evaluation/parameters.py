"""What an evaluation can be told, with the only defaults."""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.errors import InvalidValue

MIN_COUNT = 3
"""Fewer cycles than this give no figure."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """How to compare.

    Attributes:
        min_iou: a cycle and a label belong together from this temporal IoU on, above 0 to 1.
        confidence: of all intervals, between 0 and 1.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        precision: half width that a mean cycle time shall have, as a share of it (0.05: ±5 %).
    """

    min_iou: float = 0.5
    confidence: float = 0.95
    resamples: int = 2000
    seed: int = 1
    precision: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            InvalidValue: a parameter is outside its range.
        """
        _check("min_iou", self.min_iou, above=0.0, at_most=1.0)
        _check("confidence", self.confidence, above=0.0, at_most=0.9999)
        _check("resamples", self.resamples, above=99, at_most=1_000_000)
        _check("seed", self.seed, above=-1, at_most=2**32 - 1)
        _check("precision", self.precision, above=0.0, at_most=1.0)


def _check(name: str, value: float, *, above: float, at_most: float) -> None:
    if not above < value <= at_most:
        raise InvalidValue(f"evaluation: {name} {value} must be above {above:g} and at most {at_most:g}")
