"""What people do."""

from __future__ import annotations

from dataclasses import replace

from lbzf_ros.core.model import ZoneKind
from lbzf_ros.scenarios.catalogue.lines import ALL_VISITS, LINE, QUIET, VISITS
from lbzf_ros.scenarios.checks import begins_true, counts_long, gives_up, none_open, not_longer
from lbzf_ros.scenarios.model import Post, Scenario
from lbzf_ros.simulator.incidents import (
    Dress,
    LeanBack,
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

PEOPLE = (
    Scenario(
        name="lean-back",
        sentence="leaning back out of the zone",
        wrong="an operator takes half a step out of his zone and leans back for 1 to 5 s, in the middle of his work",
        expected="one cycle, not two",
        line=VISITS,
        script=replace(
            QUIET,
            incidents=(
                LeanBack(station="VISIT", times=Times(14.0, 31.0, 6)),
                LeanBack(station="FETCH", times=Times(20.0, 31.0, 6)),
                LeanBack(station="REACH", times=Times(26.0, 31.0, 6)),
            ),
        ),
        checks=(begins_true("VISIT", "FETCH"),),
    ),
    Scenario(
        name="talk",
        sentence="talking to a neighbour (two tracks cross)",
        wrong="an operator walks past his neighbour's back, stands beside him in his zone, and goes back",
        expected="the neighbour's cycles as if nobody had come; the visitor's own take longer",
        line=VISITS,
        script=replace(
            QUIET,
            incidents=(
                Talk(visitor="REACH", visited="VISIT", times=Times(12.0, 80.0, 3)),
                Talk(visitor="REACH", visited="FETCH", times=Times(52.0, 80.0, 3)),
            ),
        ),
        minutes=3.0,
        checks=(begins_true("VISIT", "FETCH"), not_longer("VISIT"), not_longer("FETCH")),
    ),
    Scenario(
        name="walk-through",
        sentence="a supervisor walking through",
        wrong="a supervisor walks through all work zones, behind the operators and in front of them",
        expected="nothing of him: no cycle begins, ends or takes longer",
        line=VISITS,
        script=replace(
            QUIET,
            incidents=(
                WalkThrough(stations=ALL_VISITS, times=Times(10.0, 60.0, 3)),
                WalkThrough(stations=ALL_VISITS, times=Times(40.0, 60.0, 3), in_front=True),
            ),
        ),
        checks=(begins_true(*ALL_VISITS), not_longer("VISIT"), not_longer("FETCH")),
    ),
    Scenario(
        name="stay-2-min",
        sentence="a supervisor who stays 2 minutes beside the operator",
        wrong="a supervisor stands in the work zone beside the operator for 2 minutes, while that one comes and goes",
        expected="the operator's cycles as if nobody had come",
        line=VISITS,
        script=replace(
            QUIET,
            incidents=(
                Stay(station="VISIT", times=Times(10.0)),
                Stay(station="REACH", times=Times(60.0)),
                Stay(station="FETCH", times=Times(130.0)),
            ),
        ),
        minutes=4.5,
        short_minutes=3.0,
        checks=(begins_true(*ALL_VISITS), not_longer("VISIT"), not_longer("FETCH")),
    ),
    Scenario(
        name="runs-alone",
        sentence="the machine running with nobody there",
        wrong="an operator goes away for a minute, and a piece at his machine or a fan moves in his zone",
        expected="no cycle while nobody is there",
        line=LINE,
        script=replace(
            QUIET,
            incidents=(
                RunsAlone(station="VISIT", zone=ZoneKind.WORK, times=Times(60.0), thing="fan"),
                RunsAlone(station="REACH", zone=ZoneKind.TRIGGER, times=Times(15.0)),
                RunsAlone(station="PLACE", zone=ZoneKind.PICK, times=Times(90.0), thing="fan"),
            ),
        ),
        minutes=3.0,
        short_minutes=2.2,
        checks=(begins_true("VISIT", "REACH", "PLACE"),),
    ),
    Scenario(
        name="vest",
        sentence="a high-visibility vest",
        wrong="operators put on a high-visibility vest and take it off again",
        expected="every cycle",
        line=VISITS,
        script=replace(
            QUIET,
            incidents=tuple(
                Dress(station=code, times=Times(first_s, 60.0, 3))
                for code, first_s in zip(ALL_VISITS, (10.0, 25.0, 40.0), strict=True)
            ),
        ),
    ),
    Scenario(
        name="clothes",
        sentence="changed clothes",
        wrong="operators go out and come back in other clothes",
        expected="every cycle; nothing for the time in between",
        line=VISITS,
        script=replace(
            QUIET,
            incidents=tuple(
                Dress(station=code, times=Times(first_s), vest=False, away_s=(20.0, 40.0))
                for code, first_s in zip(ALL_VISITS, (10.0, 35.0, 60.0), strict=True)
            ),
        ),
        minutes=3.0,
        checks=(begins_true("VISIT", "FETCH"),),
    ),
    Scenario(
        name="swap",
        sentence="two people swapping stations",
        wrong="two operators walk across each other and go on at the other's station",
        expected="the cycles of both stations; one that one has begun and the other ended is open",
        line=VISITS,
        script=replace(
            QUIET,
            incidents=(
                Swap(first="VISIT", second="FETCH", times=Times(20.0)),
                Swap(first="VISIT", second="REACH", times=Times(80.0)),
            ),
        ),
        minutes=3.0,
        short_minutes=2.2,
        checks=(begins_true("VISIT", "FETCH"),),
    ),
    Scenario(
        name="still-4-min",
        sentence="the operator standing still for 4 minutes",
        wrong="an operator stops in the middle of a cycle and does not move at all for 4 minutes",
        expected="one cycle of more than 4 minutes",
        line=tuple(replace(post, max_cycle_s=600.0) for post in VISITS),
        script=replace(
            QUIET,
            incidents=(
                StandStill(station="VISIT", times=Times(40.0)),
                StandStill(station="REACH", times=Times(30.0)),
            ),
        ),
        minutes=6.0,
        short_minutes=6.0,
        still_s=200.0,
        checks=(counts_long("VISIT", 240.0), counts_long("REACH", 240.0)),
    ),
    Scenario(
        name="seated",
        sentence="a person sitting whose box never leaves",
        wrong="operators sit on stools from the start to the end; only their hands say when a unit begins",
        expected="a cycle for every unit",
        line=(
            Post("REACH", "trigger", 110, 22.8),
            Post("PLACE", "pick_drop", 380, 25.2),
        ),
        script=replace(QUIET, incidents=(Seated(station="REACH"), Seated(station="PLACE"))),
        minutes=3.0,
    ),
    Scenario(
        name="shift-change",
        sentence="a shift change",
        wrong="everybody leaves after his cycle; a minute or two later others come, who dress and work otherwise",
        expected="the cycles of both shifts, and none for the time in between",
        line=VISITS,
        script=replace(QUIET, incidents=(ShiftChange(times=Times(40.0)),)),
        minutes=4.0,
        short_minutes=3.2,
        still_s=55.0,
        checks=(begins_true("VISIT", "FETCH"),),
    ),
    Scenario(
        name="open-ends",
        sentence="a cycle open at start and at stop of the system",
        wrong="the system is started and stopped while everybody is at work",
        expected="what was open at the start is no cycle, what is open at the stop is given up",
        line=LINE,
        from_s=52.0,
        minutes=2.2,
        still_s=52.0,
        checks=(none_open(), gives_up("stopped")),
    ),
)
