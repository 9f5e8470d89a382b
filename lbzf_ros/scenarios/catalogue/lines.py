"""The lines at which scenarios happen."""

from __future__ import annotations

from lbzf_ros.scenarios.model import Line, Post
from lbzf_ros.simulator.model import Script

LINE: Line = (
    Post("VISIT", "presence", 105, 18.0),
    Post("REACH", "trigger", 282, 22.8),
    Post("PLACE", "pick_drop", 520, 25.2),
)
"""One station of each rule; not so near the edge that a person at the border of his zone is cut off by the picture."""
VISITS: Line = (
    Post("VISIT", "presence", 105, 18.0),
    Post("REACH", "trigger", 310, 22.8),
    Post("FETCH", "presence", 515, 20.4),
)
"""Two stations whose operators come and go, with one between them who stays."""
ALL_VISITS = ("VISIT", "REACH", "FETCH")
QUIET = Script(supervisor_chance=0.0, break_chance=0.0)
"""Nobody but those of whom the scenario tells, and passers-by on the aisle."""
