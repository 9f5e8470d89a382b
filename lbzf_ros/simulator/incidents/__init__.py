"""Directed incidents of a scene: what people do that must not be mistaken for a cycle, or for its end."""

from lbzf_ros.simulator.incidents.kinds import (
    Dress,
    Incident,
    LeanBack,
    Range,
    RunsAlone,
    Seated,
    ShiftChange,
    StandStill,
    Stay,
    Swap,
    Talk,
    Times,
    WalkThrough,
)

__all__ = [
    "Dress",
    "Incident",
    "LeanBack",
    "Range",
    "RunsAlone",
    "Seated",
    "ShiftChange",
    "StandStill",
    "Stay",
    "Swap",
    "Talk",
    "Times",
    "WalkThrough",
]
