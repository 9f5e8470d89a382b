"""Polygons put into a plant file: nothing else changes."""

import pytest
import yaml

from lbzf_ros.config.edit import with_polygons
from lbzf_ros.core.errors import ConfigError

TEXT = """\
# The plant.
modules:
  - code: ANGELA   # the first line
    workstations:
      - code: PUESTO_01
        zones:
          work: {kind: work, polygon_px: [[18, 262], [132, 262], [138, 472]]}  # the table
          bin:
            kind: trigger
            polygon_px:
              - [1, 2]
              # its far corner
              - [30, 2]
              - - 30
                - 40

            # how it reacts
            enter_s: 0.2
      - code: PUESTO_02
        zones: {work: {polygon_px: &same [[5, 5], [50, 5], [50, 50]]}, other: {polygon_px: *same}}
"""
WORK, BIN = ("ANGELA", "PUESTO_01", "work"), ("ANGELA", "PUESTO_01", "bin")
SECOND = [("ANGELA", "PUESTO_02", name) for name in ("work", "other")]
TRIANGLE = [(1.0, 1.0), (20.5, 1.0), (20.0, 30.0)]


def test_only_the_polygon_changes() -> None:
    changed = with_polygons(TEXT, {WORK: TRIANGLE}, where="plant.yaml")
    assert changed == TEXT.replace("[[18, 262], [132, 262], [138, 472]]", "[[1, 1], [20.5, 1], [20, 30]]")


def test_a_polygon_of_several_lines_becomes_one_line() -> None:
    changed = with_polygons(TEXT, {BIN: TRIANGLE, WORK: TRIANGLE}, where="plant.yaml")
    zones = yaml.safe_load(changed)["modules"][0]["workstations"][0]["zones"]
    assert zones["bin"] == {"kind": "trigger", "polygon_px": [[1, 1], [20.5, 1], [20, 30]], "enter_s": 0.2}
    assert zones["work"]["polygon_px"] == [[1, 1], [20.5, 1], [20, 30]]
    assert [line for line in TEXT.splitlines() if "#" in line and "far corner" not in line] == [
        line.replace("[[1, 1], [20.5, 1], [20, 30]]", "[[18, 262], [132, 262], [138, 472]]")
        for line in changed.splitlines()
        if "#" in line
    ]


def test_a_polygon_as_programs_write_it_can_be_replaced() -> None:
    """`yaml.safe_dump` puts the dashes of a block below the first letter of its key."""
    text = yaml.safe_dump(yaml.safe_load(TEXT))
    zones = yaml.safe_load(with_polygons(text, {WORK: TRIANGLE}, where="plant.yaml"))["modules"][0][
        "workstations"
    ][0]["zones"]
    assert zones["work"]["polygon_px"] == [[1, 1], [20.5, 1], [20, 30]]


def test_zones_that_share_a_polygon_are_not_pulled_apart() -> None:
    with pytest.raises(ConfigError, match="share one polygon"):
        with_polygons(TEXT, dict.fromkeys(SECOND, TRIANGLE), where="plant.yaml")


@pytest.mark.parametrize("text", [TEXT, "", "[]", "modules: 3"])
def test_a_zone_that_is_not_there(text: str) -> None:
    with pytest.raises(ConfigError, match=r"plant\.yaml: zone ANGELA/PUESTO_09/work has no polygon_px"):
        with_polygons(text, {("ANGELA", "PUESTO_09", "work"): TRIANGLE}, where="plant.yaml")
