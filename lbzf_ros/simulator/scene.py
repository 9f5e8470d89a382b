"""A camera's view of a sewing line, rendered to pixels, with its truth.

Everything depends on (seed, camera, stations) and the time asked for. No moment needs the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import Homography
from lbzf_ros.simulator import backdrop, figure
from lbzf_ros.simulator.actors import Actor, Body, Operator, Visitor, body, crew
from lbzf_ros.simulator.figure import Pose
from lbzf_ros.simulator.incidents.directing import Direction, direct, person, seated
from lbzf_ros.simulator.layout import Place, lay_out
from lbzf_ros.simulator.lens import Lens
from lbzf_ros.simulator.model import SceneStation, Script, TrueBox, TrueCycle
from lbzf_ros.simulator.optics import moved_box
from lbzf_ros.simulator.randomness import generator
from lbzf_ros.simulator.routine import Routine
from lbzf_ros.simulator.sensor import Light, Noise
from lbzf_ros.simulator.visitors import Lane, PassersBy, Supervisor, Visits

_FAR_LANE, _NEAR_LANE = 0.415, 0.465


class Scene:
    """What one simulated camera sees."""

    def __init__(
        self,
        *,
        camera: str,
        stations: Sequence[SceneStation],
        width_px: int,
        height_px: int,
        seed: int,
        script: Script | None = None,
    ) -> None:
        """Build the still parts of the picture.

        Args:
            camera: label; two cameras with one seed show different people.
            stations: workstations in the picture.
            width_px: width of the picture.
            height_px: height of the picture.
            seed: 0 or more.
            script: how busy it is.

        Raises:
            InvalidValue: a negative seed, or an incident that cannot happen here.
        """
        if seed < 0:
            raise InvalidValue(f"{camera}: the simulator's seed is {seed}, allowed is 0 or more")
        self.camera, self.stations = camera, tuple(stations)
        script = script or Script()
        layout = lay_out(stations, width_px, height_px, seated=seated(script.incidents))

        def hire(place: Place, crew_number: int) -> Routine:
            chance = script.break_chance
            return Routine(place, layout, seed=seed, camera=camera, break_chance=chance, crew=crew_number)

        direction = direct(layout, hire, script.incidents, seed=seed, camera=camera)
        self._plans, self._things = direction.plans, direction.things
        self._actors = _cast(direction, script)
        self._shade, self._sun = backdrop.paint(layout, seed=seed, camera=camera)
        self._light = Light(seed=seed, camera=camera)
        self._noise = Noise(width_px, height_px, seed=seed, camera=camera)
        self._lens = Lens(script.optics, width_px, height_px, seed=seed, camera=camera)
        self._size = (width_px, height_px)

    def render(self, t_s: float) -> NDArray[np.uint8]:
        """The picture at a time: uint8 (height, width, 3), bgr.

        Args:
            t_s: seconds after the scene's start, 0 or more; told apart to the millisecond.
        """
        picture_id = round(t_s * 1000)
        t_s = picture_id / 1000
        scene = self._drawn(t_s, self._lens.margin_px(t_s))
        lit = self._lens.show(scene, t_s, self._light.gain(t_s))
        self._noise.add(lit, picture_id, self._lens.noise(t_s))
        return lit

    def true_homography(self, t_s: float) -> Homography:
        """Takes the points of the picture, from where the camera was at first, to where they are at a time."""
        return self._lens.homography(round(t_s * 1000) / 1000)

    def hidden(self, t_s: float) -> bool:
        """Whether the picture tells nothing at a time: blocked, dark, dazzled or shaken."""
        return self._lens.hidden(round(t_s * 1000) / 1000)

    def _drawn(self, t_s: float, margin_px: int) -> NDArray[np.uint8]:
        """The hall with its people in good light, with so much more of it on each side."""
        sun = self._light.sunshine(t_s)
        picture = cv2.addWeighted(self._sun, sun, self._shade, 1 - sun, 0.0)
        if margin_px:
            sides = (margin_px, margin_px, margin_px, margin_px)
            picture = cv2.copyMakeBorder(picture, *sides, cv2.BORDER_REFLECT_101)
        for thing in self._things:
            thing.draw(picture, t_s, margin_px)  # type: ignore[arg-type]
        for _, pose in self._people(t_s):
            figure.draw(picture, _beside(pose, margin_px))  # type: ignore[arg-type]
        return picture  # type: ignore[return-value]

    def true_cycles(self, until_s: float, *, from_s: float = 0.0) -> list[TrueCycle]:
        """The units of work that end in (from_s, until_s], by end and workstation."""
        cycles = [cycle for plan in self._plans for cycle in plan.cycles(from_s, until_s)]
        return sorted(cycles, key=lambda cycle: (cycle.end_s, cycle.workstation))

    def cycles_seen(self, from_s: float, until_s: float) -> list[TrueCycle]:
        """The units of work of which some part lies in [from_s, until_s], for somebody who looks only then.

        Those that are cut are unmeasurable: `open_at_start`, or else `open_at_stop`.
        """
        seen: list[TrueCycle] = []
        for plan in self._plans:
            for cycle in plan.cycles(from_s, until_s + plan.longest_s):
                cut = "open_at_start" if cycle.start_s < from_s else ""
                cut = cut or ("open_at_stop" if cycle.end_s > until_s else "")
                if cycle.start_s < until_s:
                    seen.append(replace(cycle, unmeasurable=cycle.unmeasurable or cut))
        return sorted(seen, key=lambda cycle: (cycle.end_s, cycle.workstation))

    def true_boxes(self, t_s: float) -> list[TrueBox]:
        """Everybody of whom some part lies in the picture, from the farthest to the nearest.

        For judging detectors; nothing that measures may call it.
        """
        t_s = round(t_s * 1000) / 1000
        view = self._lens.homography(t_s)
        boxes = [_true_box(name, pose, self._size, view) for name, pose in self._people(t_s)]
        return [box for box in boxes if box.visible_share > 0]

    def _people(self, t_s: float) -> list[tuple[str, Pose]]:
        present = [found for actor in self._actors if (found := actor.at(t_s)) is not None]
        return sorted(present, key=lambda item: (item[1].feet_px[1], item[0]))


def _cast(direction: Direction, script: Script) -> list[Actor]:
    layout, seed, camera = direction.layout, direction.seed, direction.camera
    people = _people_of(direction)
    operators = [Operator(plan, layout, people) for plan in direction.plans]
    lanes = (Lane("far_lane", _FAR_LANE, rightward=True), Lane("near_lane", _NEAR_LANE, rightward=False))
    visits: list[Visits] = [
        PassersBy(layout, lane, seed=seed, camera=camera, chance=script.passer_chance) for lane in lanes
    ]
    visits.append(
        Supervisor(layout, seed=seed, camera=camera, row=_NEAR_LANE, chance=script.supervisor_chance)
    )
    visits.extend(direction.visits)
    return [*operators, *(Visitor(visit, layout, seed=seed, camera=camera) for visit in visits)]


def _people_of(direction: Direction) -> dict[str, Body]:
    """Everybody who works here at some time, by name."""
    seed, camera, places = direction.seed, direction.camera, direction.layout.places
    people: dict[str, Body] = {}
    looks = crew(generator(seed, camera, "clothes"), len(places))
    for number in range(direction.crews):
        if number:
            looks = crew(generator(seed, camera, "clothes", f"crew{number}"), len(places), unlike=looks)
        for place, dressed in zip(places, looks, strict=True):
            name = person(direction.layout, place, number)
            changes = tuple(direction.changes.get(name, ()))
            people[name] = body(
                dressed, seed=seed, camera=camera, place=place, crew_number=number, changes=changes
            )
    return people


def _beside(pose: Pose, px: int) -> Pose:
    """The pose in a picture that begins so much farther left and up."""
    if px == 0:
        return pose
    left, right = (None if hand is None else (hand[0] + px, hand[1] + px) for hand in pose.hands_px)
    return replace(pose, feet_px=(pose.feet_px[0] + px, pose.feet_px[1] + px), hands_px=(left, right))


def _true_box(name: str, pose: Pose, size: tuple[int, int], view: Homography) -> TrueBox:
    x0, y0, x1, y1 = moved_box(figure.box_px(figure.outlines(pose)), view)
    width = max(min(x1, size[0]) - max(x0, 0.0), 0.0)
    height = max(min(y1, size[1]) - max(y0, 0.0), 0.0)
    return TrueBox(name, (x0, y0, x1, y1), width * height / ((x1 - x0) * (y1 - y0)))
