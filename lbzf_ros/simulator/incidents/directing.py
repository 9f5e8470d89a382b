"""Puts the incidents of a script into the plans of its stations: who leaves when, what is drawn, what is true."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.simulator.incidents import kinds
from lbzf_ros.simulator.incidents.plan import Episode, StationPlan
from lbzf_ros.simulator.incidents.things import Thing
from lbzf_ros.simulator.incidents.ways import BEHIND, IN_FRONT, Ways
from lbzf_ros.simulator.itinerary import Itinerary, Leg
from lbzf_ros.simulator.layout import Layout, Place
from lbzf_ros.simulator.model import Point
from lbzf_ros.simulator.randomness import generator
from lbzf_ros.simulator.routine import BREAK, Mark, Routine

SWAP, SHIFT_CHANGE = "swap", "shift_change"
_LEAN_MOVE_S = 0.7
_SHORTEST_STAY_S = 0.05
_DRESS_S = 6.0
_CHANGE_AWAY_S = (20.0, 40.0)
_LATER_S = 0.1
_ARRIVALS_S = (0.0, 12.0)
"""After a shift change people come one after the other."""


@dataclass(frozen=True, slots=True)
class Change:
    """From a time on somebody wears a vest or no longer does, or other clothes."""

    t_s: float
    vest: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who comes once: a `Visits` of one endless block."""

    name: str
    itinerary: Itinerary
    block_s: float = math.inf

    def block(self, index: int) -> Itinerary:  # noqa: ARG002  # the protocol's
        """What he does."""
        return self.itinerary


Hire = Callable[[Place, int], Routine]
"""The routine of a place's operator of the n-th shift."""


@dataclass
class Direction:
    """What comes out: plans in the layout's order, who visits, what moves by itself, and who changes clothes when."""

    layout: Layout
    hire: Hire
    seed: int
    camera: str
    plans: list[StationPlan]
    visits: list[Visit] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    crews: int = 1

    def plan(self, code: str) -> StationPlan:
        """The plan of a station.

        Raises:
            InvalidValue: there is none.
        """
        found = [plan for plan in self.plans if plan.place.station.code == code]
        if not found:
            shown = ", ".join(plan.place.station.code for plan in self.plans)
            raise InvalidValue(f"incident at {code!r}: {self.camera} shows {shown}")
        return found[0]

    @property
    def ways(self) -> Ways:
        """The floor."""
        return Ways(self.layout)


def seated(incidents: Sequence[kinds.Incident]) -> frozenset[str]:
    """Codes of the stations whose operators sit."""
    return frozenset(incident.station for incident in incidents if isinstance(incident, kinds.Seated))


def direct(
    layout: Layout, hire: Hire, incidents: Sequence[kinds.Incident], *, seed: int, camera: str
) -> Direction:
    """Plan the work of every station of a camera with its incidents.

    Raises:
        InvalidValue: an incident at a station that is not there or where it cannot happen.
    """
    plans = [StationPlan(hire(place, 0), layout, person(layout, place)) for place in layout.places]
    direction = Direction(layout, hire, seed, camera, plans)
    for code in seated(incidents):
        if direction.plan(code).comes_and_goes:
            raise InvalidValue(f"{code}: whoever comes and goes (rule presence) does not sit")
    timed = [(i, incident) for i, incident in enumerate(incidents) if not isinstance(incident, kinds.Seated)]
    occurrences = sorted((t_s, i, k) for i, incident in timed for k, t_s in enumerate(incident.times.all_s()))
    for t_s, i, k in occurrences:
        incident = incidents[i]
        rng = generator(seed, camera, "incident", type(incident).__name__, i, k)
        _DIRECT[type(incident)](direction, incident, t_s, rng)
    return direction


def person(layout: Layout, place: Place, crew: int = 0) -> str:
    """The name of a place's operator of the n-th shift: the station's code, and what else makes it the only one."""
    code, module = place.station.code, place.station.module
    first = next(other for other in layout.places if other.station.code == code)
    name = code if first is place else f"{code}@{module}"
    return f"{name}-{crew + 1}" if crew else name


def _draw(rng: np.random.Generator, range_s: kinds.Range) -> float:
    return float(rng.uniform(*range_s))


def _lean_back(to: Direction, what: kinds.LeanBack, t_s: float, rng: np.random.Generator) -> None:
    plan, ways = to.plan(what.station), to.ways
    x, y = plan.place.spot_px
    side = ways.beyond(plan.place, prefer_right=bool(rng.random() < 0.5))
    edge_s = plan.crosses_s([Leg(0.0, 1.0, (x, y), (x + side * to.layout.width_px, y))], inward=False)
    edge_px, margin_px = edge_s * to.layout.width_px, ways.lean_margin_px(plan.place)
    out = (x + side * (edge_px + margin_px), y)
    beyond_s = _LEAN_MOVE_S * margin_px / (edge_px + margin_px)
    stays_s = max(_draw(rng, what.for_s) - 2 * beyond_s, _SHORTEST_STAY_S)
    start_s = plan.middle_of_cycle_s(t_s)
    there_s, back_s = start_s + _LEAN_MOVE_S, start_s + _LEAN_MOVE_S + stays_s
    legs = (
        Leg(start_s, there_s, (x, y), out, working=True),
        Leg(there_s, back_s, out, out, working=True),
        Leg(back_s, back_s + _LEAN_MOVE_S, out, (x, y), working=True),
    )
    plan.interrupt([(plan.person, legs[-1].end_s, Episode(legs))], start_s=start_s)


def _talk(to: Direction, what: kinds.Talk, t_s: float, rng: np.random.Generator) -> None:
    plan, place, ways = to.plan(what.visitor), to.plan(what.visited).place, to.ways
    at_place = not plan.comes_and_goes
    home = plan.place.spot_px if at_place else plan.place.exit_px
    comes_from_left = home[0] < place.spot_px[0]
    stand = ways.beside(place, on_right=comes_from_left == what.passes, inside=what.inside)
    path = ways.between(home, stand, BEHIND)
    walk_s = ways.walk(0.0, path)[-1].end_s
    free_s = plan.middle_of_cycle_s if at_place else plan.between_cycles_s
    start_s = free_s(t_s)
    # Nobody talks to a neighbour who is away.
    while (meets_s := to.plan(what.visited).middle_of_cycle_s(start_s + walk_s)) > start_s + walk_s:
        start_s = free_s(max(meets_s - walk_s, start_s + _LATER_S))
    legs = _there_and_back(ways, path, start_s, _draw(rng, what.for_s))
    plan.interrupt([(plan.person, legs[-1].end_s, Episode(legs))], start_s=start_s)


def _there_and_back(ways: Ways, path: Sequence[Point], start_s: float, stays_s: float) -> tuple[Leg, ...]:
    there = ways.walk(start_s, path)
    goes_s = there[-1].end_s + stays_s
    return (*there, Leg(there[-1].end_s, goes_s, path[-1], path[-1]), *ways.walk(goes_s, path[::-1]))


def _walk_through(to: Direction, what: kinds.WalkThrough, t_s: float, rng: np.random.Generator) -> None:
    ways, row = to.ways, IN_FRONT if what.in_front else BEHIND
    places = [to.plan(code).place for code in what.stations]
    y = ways.row_px(row)
    rightward = bool(rng.random() < 0.5)
    if len(places) > 1:
        rightward = places[0].spot_px[0] < places[-1].spot_px[0]
    path: list[Point] = []
    for place in places:
        span = ways.through(place, row)
        ends = [(span.left_px, y), (span.right_px, y)]
        first, last = ends if rightward else ends[::-1]
        path += ways.between(path[-1], first, row)[1:] if path else [first]
        path.append(last)
    come = ways.from_outside(path[0], left=rightward, row=row)
    go = ways.from_outside(path[-1], left=not rightward, row=row)[::-1]
    whole = [*come, *path[1:], *go[1:]]
    name = f"through_{'_'.join(what.stations)}_{len(to.visits)}"
    to.visits.append(Visit(name, Itinerary(tuple(ways.walk(t_s, whole)))))


def _stay(to: Direction, what: kinds.Stay, t_s: float, rng: np.random.Generator) -> None:
    plan, ways = to.plan(what.station), to.ways
    exits_right = plan.place.exit_px[0] > plan.place.spot_px[0]
    stand = ways.beside(plan.place, on_right=not exits_right, inside=what.inside)
    path = ways.from_below(stand)
    walk_s = ways.walk(0.0, path)[-1].end_s
    comes_s = plan.middle_of_cycle_s(t_s + walk_s) - walk_s
    legs = _there_and_back(ways, path, comes_s, _draw(rng, what.for_s))
    to.visits.append(Visit(f"beside_{what.station}_{len(to.visits)}", Itinerary(legs)))


def _away(plan: StationPlan, start_s: float, away_s: float) -> tuple[Episode, float, float, float]:
    """Out of the picture between two cycles: what is drawn, since when and until when nobody is there, its end."""
    way_in = plan.routine.way_in
    walk_s = 0.0 if plan.comes_and_goes else way_in.end_s
    gone_s = start_s + walk_s
    back_s = gone_s + away_s
    legs = (
        Leg(start_s, gone_s, way_in.to_px, way_in.from_px),
        Leg(back_s, back_s + walk_s, way_in.from_px, way_in.to_px),
    )
    end_s = back_s + walk_s
    return Episode(legs if walk_s else (), (Mark(start_s, spoils=BREAK),)), gone_s, back_s, end_s


def _runs_alone(to: Direction, what: kinds.RunsAlone, t_s: float, rng: np.random.Generator) -> None:
    plan = to.plan(what.station)
    if all(zone.kind is not what.zone for zone in plan.place.station.zones.values()):
        raise InvalidValue(
            f"{what.station}: nothing can run in a zone of kind {what.zone.value}, it has none"
        )
    start_s = plan.between_cycles_s(t_s)
    episode, gone_s, back_s, end_s = _away(plan, start_s, _draw(rng, what.away_s))
    plan.interrupt([(plan.person, end_s, episode)], start_s=start_s)
    bounds = plan.place.station.zone(what.zone).bounds_px
    to.things.append(Thing(bounds, what.thing, gone_s, back_s, what.on_s, what.off_s))


def _dress(to: Direction, what: kinds.Dress, t_s: float, rng: np.random.Generator) -> None:
    plan = to.plan(what.station)
    start_s = plan.between_cycles_s(t_s)
    away_s = what.away_s if what.vest or what.away_s else _CHANGE_AWAY_S
    if away_s is not None:
        episode, gone_s, back_s, end_s = _away(plan, start_s, _draw(rng, away_s))
        plan.interrupt([(plan.person, end_s, episode)], start_s=start_s)
        changed_s = (gone_s + back_s) / 2
    elif plan.comes_and_goes:
        changed_s = start_s
    else:
        spot, end_s = plan.place.spot_px, start_s + _DRESS_S
        episode = Episode((Leg(start_s, end_s, spot, spot, working=True),), dresses=True)
        plan.interrupt([(plan.person, end_s, episode)], start_s=start_s)
        changed_s = (start_s + end_s) / 2
    to.changes.setdefault(plan.person, []).append(Change(changed_s, what.vest))


def _swap(to: Direction, what: kinds.Swap, t_s: float, rng: np.random.Generator) -> None:  # noqa: ARG001
    plans = [to.plan(what.first), to.plan(what.second)]
    ways, spots = to.ways, [plan.place.spot_px for plan in plans]
    turns = [plan.ways_around_s(t_s) for plan in plans]
    go_s = max(turn_s for turn_s, _ in turns)
    # Each passes on another row, so that they do not walk into each other.
    walks = [
        ways.walk(go_s, ways.between(spots[0], spots[1], BEHIND)),
        ways.walk(go_s, ways.between(spots[1], spots[0], IN_FRONT)),
    ]
    people = [plan.person for plan in plans]
    for i, plan in enumerate(plans):
        turn_s, back_s = turns[i]
        legs = tuple(walks[1 - i])  # of who comes; who leaves is drawn with the other's plan
        waits = Episode((Leg(turn_s, go_s, spots[i], spots[i], working=True),)) if turn_s < go_s else None
        comes = Episode(legs, _swap_marks(plan, walks[i], walks[1 - i]))
        episodes = [(people[i], go_s, waits)] if waits else []
        plan.interrupt(
            [*episodes, (people[1 - i], legs[-1].end_s, comes)], start_s=turn_s, skip_s=back_s - turn_s
        )


def _swap_marks(plan: StationPlan, leaving: list[Leg], coming: list[Leg]) -> tuple[Mark, ...]:
    if not plan.comes_and_goes:
        return (Mark(leaving[0].start_s, spoils=SWAP),)
    left_s = plan.crosses_s(leaving, inward=False)
    entered_s = plan.crosses_s(coming, inward=True)
    if entered_s <= left_s:
        raise InvalidValue(f"{plan.place.station.code}: its work zone is entered before it is left in a swap")
    return Mark(left_s, closes=True), Mark(entered_s, opens=True)


def _stand_still(to: Direction, what: kinds.StandStill, t_s: float, rng: np.random.Generator) -> None:
    plan = to.plan(what.station)
    start_s, spot = plan.middle_of_cycle_s(t_s), plan.place.spot_px
    end_s = start_s + _draw(rng, what.for_s)
    episode = Episode((Leg(start_s, end_s, spot, spot, working=True),), still=True)
    plan.interrupt([(plan.person, end_s, episode)], start_s=start_s)


def _shift_change(to: Direction, what: kinds.ShiftChange, t_s: float, rng: np.random.Generator) -> None:
    starts_s = [plan.between_cycles_s(t_s) for plan in to.plans]
    gone_s = [_away(plan, start_s, 0.0)[1] for plan, start_s in zip(to.plans, starts_s, strict=True)]
    empty_until_s = max(gone_s) + _draw(rng, what.empty_s)
    arrivals_s = rng.permutation(np.linspace(*_ARRIVALS_S, len(to.plans)))
    crew, to.crews = to.crews, to.crews + 1
    for i, plan in enumerate(to.plans):
        back_s = empty_until_s + float(arrivals_s[i])
        away, _, _, end_s = _away(plan, starts_s[i], back_s - gone_s[i])
        leaves = Episode(away.legs[:1], (Mark(starts_s[i], spoils=SHIFT_CHANGE),))
        new = person(to.layout, plan.place, crew)
        episodes = [(plan.person, back_s, leaves), (new, end_s, Episode(away.legs[1:]))]
        plan.interrupt(episodes, start_s=starts_s[i], routine=to.hire(plan.place, crew))


# Each takes the incident of its own type.
_DIRECT: dict[type, Callable[[Direction, Any, float, np.random.Generator], None]] = {
    kinds.LeanBack: _lean_back,
    kinds.Talk: _talk,
    kinds.WalkThrough: _walk_through,
    kinds.Stay: _stay,
    kinds.RunsAlone: _runs_alone,
    kinds.Dress: _dress,
    kinds.Swap: _swap,
    kinds.StandStill: _stand_still,
    kinds.ShiftChange: _shift_change,
}
