"""What happens to the camera's view."""

from __future__ import annotations

from lbzf_ros.scenarios.catalogue.lines import LINE
from lbzf_ros.scenarios.checks import marked_drifted, never_marked, rejects
from lbzf_ros.scenarios.model import Scenario
from lbzf_ros.simulator.model import Script
from lbzf_ros.simulator.optics import Block, Bump, Clouds, Flicker, LightsOff, LowSun

VIEWS = (
    Scenario(
        name="blocked-1s",
        sentence="the view blocked for 1 s",
        wrong="something large passes before the lens, for 1 s, four times a minute",
        expected="every cycle of which start and end could be seen",
        line=LINE,
        script=Script(
            optics=tuple(
                Block(start_s=20.0 + 15 * i, duration_s=1.0, edge_s=0.2, passes=True, look=i % 3)
                for i in range(12)
            )
        ),
        still_s=50.5,
        checks=(never_marked(),),
    ),
    Scenario(
        name="blocked-5s",
        sentence="the view blocked for 5 s",
        wrong="something large stands before the lens for 5 s, twice a minute",
        expected="hands: what has it in it is rejected (gap_in_frames)",
        line=LINE,
        script=Script(
            optics=tuple(Block(start_s=25.0 + 34 * i, duration_s=5.0, look=i % 3) for i in range(8))
        ),
        minutes=3.0,
        still_s=61.0,
        checks=(never_marked(), rejects("gap_in_frames")),
    ),
    Scenario(
        name="blocked-20s",
        sentence="the view blocked for 20 s",
        wrong="something large stands before the lens for 20 s",
        expected="cycles with it in them are rejected (gap_in_frames), none is counted",
        line=LINE,
        script=Script(
            optics=tuple(Block(start_s=30.0 + 80 * i, duration_s=20.0, look=i % 3) for i in range(3))
        ),
        minutes=3.5,
        still_s=35.0,
        checks=(never_marked(), rejects("gap_in_frames")),
    ),
    Scenario(
        name="lights",
        sentence="lights off and on",
        wrong="the lamps go off for 8 s: once it is dark, once daylight is left",
        expected="in the dark nothing is known: cycles with it in them are rejected; by daylight all goes on",
        line=LINE,
        script=Script(
            optics=(
                LightsOff(start_s=30.0, duration_s=8.0),
                LightsOff(start_s=60.0, duration_s=8.0, level=0.3),
                LightsOff(start_s=130.0, duration_s=8.0),
            )
        ),
        minutes=2.7,
        still_s=64.0,
        checks=(never_marked(),),
    ),
    Scenario(
        name="sun",
        sentence="sun moving",
        wrong="low sun throws shadows that wander across the floor, and clouds pass before it",
        expected="every cycle",
        line=LINE,
        script=Script(optics=(LowSun(start_s=10.0), Clouds(start_s=60.0))),
        still_s=90.0,
        checks=(never_marked(),),
    ),
    Scenario(
        name="flicker",
        sentence="a flickering lamp",
        wrong="a lamp flickers: the brightness of pictures beats, bands wander, a tube goes out and on",
        expected="every cycle",
        line=LINE,
        script=Script(optics=(Flicker(start_s=20.0),)),
        checks=(never_marked(),),
    ),
    *(
        Scenario(
            name=f"bump-{px}px",
            sentence=f"camera bumped by {px} px",
            wrong=f"somebody knocks against the camera: from then on its picture is {px} px off",
            expected="every cycle" + ("" if px < 15 else "; those after it are marked drifted"),
            line=LINE,
            script=Script(optics=(Bump(start_s=35.0, shift_px=float(px)),)),
            minutes=2.7,
            still_s=50.0,
            checks=() if px < 15 else (marked_drifted(50.0),),
        )
        for px in (5, 15, 40)
    ),
)
