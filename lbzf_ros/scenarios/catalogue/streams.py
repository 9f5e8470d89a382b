"""What happens to the pictures on their way."""

from __future__ import annotations

from lbzf_ros.scenarios.catalogue.lines import LINE
from lbzf_ros.scenarios.checks import gives_up, rejects
from lbzf_ros.scenarios.disturbance import Dropped, Gaps, Jumping, OutOfOrder, Repeated
from lbzf_ros.scenarios.model import Scenario

STREAMS = (
    Scenario(
        name="drops-10",
        sentence="10 % of the frames dropped",
        wrong="each picture is lost with a chance of 10 %",
        expected="every cycle",
        line=LINE,
        disturbance=Dropped(0.1),
    ),
    Scenario(
        name="drops-50",
        sentence="50 % of the frames dropped",
        wrong="each picture is lost with a chance of 50 %",
        expected="every cycle of which start and end could be seen",
        line=LINE,
        disturbance=Dropped(0.5),
    ),
    Scenario(
        name="gaps-3s",
        sentence="3 s gaps",
        wrong="no picture for 3 s, twice a minute",
        expected="hands: what has a gap in it is rejected (gap_in_frames); who comes and goes is counted",
        line=LINE,
        disturbance=Gaps(3.0, 30.0),
        minutes=3.0,
        checks=(rejects("gap_in_frames"),),
    ),
    Scenario(
        name="stamps-repeated",
        sentence="stamps repeated",
        wrong="one picture in ten carries the stamp of the one before",
        expected="every cycle; such a picture is not used",
        line=LINE,
        disturbance=Repeated(0.1),
    ),
    Scenario(
        name="stamps-out-of-order",
        sentence="stamps out of order",
        wrong="one picture in ten arrives after up to three later ones",
        expected="every cycle; a late picture is not used",
        line=LINE,
        disturbance=OutOfOrder(0.1),
    ),
    Scenario(
        name="clock-jumps",
        sentence="stamps jumping by 1 h",
        wrong="the camera's clock is an hour fast, then right, an hour slow, and right again",
        expected="what runs at a jump is rejected or given up; all others are counted",
        line=LINE,
        disturbance=Jumping(((30.0, 3600.0), (75.0, 0.0), (150.0, -3600.0), (215.0, 0.0))),
        minutes=4.6,
        short_minutes=2.0,
        checks=(gives_up("clock_set_back"), rejects("gap_in_frames")),
    ),
)
