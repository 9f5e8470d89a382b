"""What a scenario is: data. The line, what happens at it, what happens to the pictures, and what must come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.scenarios.disturbance import Disturbance, Undisturbed
from lbzf_ros.simulator.model import Script

if TYPE_CHECKING:
    from lbzf_ros.scenarios.trial import Trial

CAMERA = "cam1"
MODULE = "ANGELA"
Way = Literal["detector", "true boxes"]
"""Who says where people are: the default detector on the pixels, or the simulator."""
WAYS: tuple[Way, ...] = ("detector", "true boxes")

_WORK_TOP, _WORK_BOTTOM, _BIN_TOP, _BIN_BOTTOM = 262, 472, 266, 312


@dataclass(frozen=True, slots=True)
class Post:
    """A workstation of a scenario's line, drawn as in the demo plant.

    Attributes:
        code: of the workstation.
        rule: presence, trigger (a bin at the operator's right) or pick_drop (bins at both sides).
        middle_px: x of the middle of its work zone, in a picture 640 px wide.
        sam_s: standard time of a unit, seconds.
        max_cycle_s: the longest cycle that counts; None: from the standard time.
    """

    code: str
    rule: str
    middle_px: int
    sam_s: float
    max_cycle_s: float | None = None

    def zones(self) -> dict[str, Any]:
        """Its zones, as a plant file has them."""
        x = self.middle_px
        zones = {"work": {"kind": "work", "polygon_px": _box(x - 55, x + 55, _WORK_TOP, _WORK_BOTTOM)}}
        right = {"polygon_px": _box(x + 66, min(x + 110, 636), _BIN_TOP, _BIN_BOTTOM)}
        left = {"polygon_px": _box(x - 110, x - 66, _BIN_TOP, _BIN_BOTTOM)}
        if self.rule == "trigger":
            zones["bin"] = {"kind": "trigger", **right}
        if self.rule == "pick_drop":
            zones |= {"pick": {"kind": "pick", **left}, "drop": {"kind": "drop", **right}}
        return zones


Line = tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """What is special to a scenario, beside its figures.

    Attributes:
        says: what must hold, in words.
        problems: what of a trial does not hold; empty: all of it does.
    """

    says: str
    problems: Callable[[Trial], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Something that can go wrong.

    Attributes:
        name: what it is called on the command line.
        sentence: the same in words.
        wrong: what goes wrong, one line.
        expected: what must come out, one line.
        line: the stations.
        script: what people and light do.
        disturbance: what happens to the pictures.
        minutes: how long a run looks.
        short_minutes: the least that shows what it is about, for tests.
        from_s: when it begins to look, seconds of the scene.
        still_s: a moment of the scene that shows it.
        checks: what is special to it.
    """

    name: str
    sentence: str
    wrong: str
    expected: str
    line: Line
    script: Script = field(default_factory=Script)
    disturbance: Disturbance = field(default_factory=Undisturbed)
    minutes: float = 2.2
    short_minutes: float = 1.1
    from_s: float = 0.0
    still_s: float = 60.0
    checks: tuple[Check, ...] = ()

    def plant(self, fps: float) -> Plant:
        """The plant file of its line, looked at with so many pictures a second."""
        stations = [
            {
                "code": post.code,
                "camera": CAMERA,
                "operation": post.code,
                "rule": post.rule,
                "limits": {"max_cycle_s": post.max_cycle_s},
                "zones": post.zones(),
            }
            for post in self.line
        ]
        times = [
            {"reference": "R", "operation": post.code, "sam_minutes": post.sam_s / 60} for post in self.line
        ]
        module = {
            "code": MODULE,
            "product_reference": "R",
            "cameras": [{"label": CAMERA, "source": "simulator:seed=0", "fps": fps}],
            "workstations": stations,
        }
        data = {"modules": [module], "standard_times": times}
        return parse_plant(data, where=f"scenario {self.name}", folder=Path())


def _box(left: int, right: int, top: int, bottom: int) -> list[list[int]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]
