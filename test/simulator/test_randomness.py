"""Numbers depend on names."""

from __future__ import annotations

from lbzf_ros.simulator.randomness import generator


def test_the_same_names_give_the_same_numbers_everywhere() -> None:
    # Written down from one machine: another process, machine or day gives the same.
    assert generator(22, "cam1", "light", 3).integers(0, 1_000_000, 3).tolist() == [225733, 498053, 380068]


def test_other_names_give_other_numbers() -> None:
    drawn = {
        tuple(generator(*names).integers(0, 1_000_000, 3).tolist())
        for names in ((22, "cam1", 3), (22, "cam1", 4), (22, "cam2", 3), (23, "cam1", 3))
    }
    assert len(drawn) == 4
