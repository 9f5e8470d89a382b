"""A camera's view of a sewing line, rendered to pixels, with its truth.

Everything depends on (seed, camera, stations) and the time asked for. No moment needs the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.simulator import backdrop, figure
from lbzf_ros.simulator.actors import Actor, Operator, Visitor, crew
from lbzf_ros.simulator.figure import Pose
from lbzf_ros.simulator.layout import Layout, lay_out
from lbzf_ros.simulator.model import SceneStation, Script, TrueBox, TrueCycle
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
            InvalidValue: a negative seed.
        """
        if seed < 0:
            raise InvalidValue(f"{camera}: the simulator's seed is {seed}, allowed is 0 or more")
        self.camera, self.stations = camera, tuple(stations)
        layout = lay_out(stations, width_px, height_px)
        script = script or Script()
        self._routines = [
            Routine(place, layout, seed=seed, camera=camera, break_chance=script.break_chance)
            for place in layout.places
        ]
        self._actors = _cast(self._routines, layout, script, seed=seed, camera=camera)
        self._shade, self._sun = backdrop.paint(layout, seed=seed, camera=camera)
        self._light = Light(seed=seed, camera=camera)
        self._noise = Noise(width_px, height_px, seed=seed, camera=camera)
        self._size = (width_px, height_px)

    def render(self, t_s: float) -> NDArray[np.uint8]:
        """The picture at a time: uint8 (height, width, 3), bgr.

        Args:
            t_s: seconds after the scene's start, 0 or more; told apart to the millisecond.
        """
        picture_id = round(t_s * 1000)
        t_s = picture_id / 1000
        sun, gain = self._light.sunshine(t_s), self._light.gain(t_s)
        picture = cv2.addWeighted(self._sun, sun, self._shade, 1 - sun, 0.0)
        for _, pose in self._people(t_s):
            figure.draw(picture, pose)  # type: ignore[arg-type]
        lit = cv2.convertScaleAbs(picture, alpha=gain)
        self._noise.add(lit, picture_id)  # type: ignore[arg-type]
        return lit  # type: ignore[return-value]

    def true_cycles(self, until_s: float, *, from_s: float = 0.0) -> list[TrueCycle]:
        """The units of work that end in (from_s, until_s], by end and workstation."""
        cycles = [cycle for routine in self._routines for cycle in routine.cycles(from_s, until_s)]
        return sorted(cycles, key=lambda cycle: (cycle.end_s, cycle.workstation))

    def true_boxes(self, t_s: float) -> list[TrueBox]:
        """Everybody of whom some part lies in the picture, from the farthest to the nearest.

        For judging detectors; nothing that measures may call it.
        """
        boxes = [_true_box(name, pose, self._size) for name, pose in self._people(round(t_s * 1000) / 1000)]
        return [box for box in boxes if box.visible_share > 0]

    def _people(self, t_s: float) -> list[tuple[str, Pose]]:
        present = [found for actor in self._actors if (found := actor.at(t_s)) is not None]
        return sorted(present, key=lambda item: (item[1].feet_px[1], item[0]))


def _cast(
    routines: Sequence[Routine], layout: Layout, script: Script, *, seed: int, camera: str
) -> list[Actor]:
    looks = crew(generator(seed, camera, "clothes"), len(routines))
    operators = [
        Operator(routine, layout, seed=seed, camera=camera, dressed=dressed)
        for routine, dressed in zip(routines, looks, strict=True)
    ]
    lanes = (Lane("far_lane", _FAR_LANE, rightward=True), Lane("near_lane", _NEAR_LANE, rightward=False))
    visits: list[Visits] = [
        PassersBy(layout, lane, seed=seed, camera=camera, chance=script.passer_chance) for lane in lanes
    ]
    visits.append(
        Supervisor(layout, seed=seed, camera=camera, row=_NEAR_LANE, chance=script.supervisor_chance)
    )
    return [*operators, *(Visitor(visit, layout, seed=seed, camera=camera) for visit in visits)]


def _true_box(name: str, pose: Pose, size: tuple[int, int]) -> TrueBox:
    x0, y0, x1, y1 = figure.box_px(figure.outlines(pose))
    width = max(min(x1, size[0]) - max(x0, 0.0), 0.0)
    height = max(min(y1, size[1]) - max(y0, 0.0), 0.0)
    return TrueBox(name, (x0, y0, x1, y1), width * height / ((x1 - x0) * (y1 - y0)))
