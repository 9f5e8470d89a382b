"""A simulated camera as a source: the pictures go to whoever asks, the truth goes to a file and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.simulator.model import seed_of, stations_of
from lbzf_ros.simulator.scene import Scene
from lbzf_ros.simulator.truth import TruthWriter
from lbzf_ros.video.sources import SET_BACK_NS, Frame

_TRUTH_EVERY_S = 5.0


class SimulatedSource:
    """Draws what one camera of a plant sees, `fps` pictures a second.

    Live, it keeps to the clock and leaves out what it has no time to draw. Otherwise it draws every picture. Its
    first picture is stamped with the camera's start time, by default the present time.
    """

    length_s = None

    def __init__(
        self, plant: Plant, camera: Camera, truth: Path, *, clock_ns: Callable[[], int], live: bool
    ) -> None:
        self.live = live
        self._camera, self._clock_ns, self._truth = camera, clock_ns, truth
        width_px, height_px = camera.resolution_px
        self._scene = Scene(
            camera=camera.label,
            stations=stations_of(plant, camera),
            width_px=width_px,
            height_px=height_px,
            seed=seed_of(camera.resolved_source),
        )

    def frames(self) -> Iterator[Frame]:
        """Its pictures; they never end."""
        start_ns = self._clock_ns() // 1_000_000 * 1_000_000
        offset_ns = 0
        if self._camera.start_time is not None:
            offset_ns = round(self._camera.start_time.timestamp() * 1_000_000) * 1000 - start_ns
        period_ns = round(NS_PER_S / self._camera.fps)
        truth = TruthWriter(self._truth, self._scene, start_ns=start_ns + offset_ns)
        told_s, number = 0.0, 0
        while True:
            due_ns = start_ns + number * period_ns
            if self.live:
                late_ns = self._clock_ns() - due_ns
                if late_ns < -SET_BACK_NS:  # the scene goes on, with the earlier time
                    start_ns, due_ns = start_ns + late_ns, due_ns + late_ns
                    truth = TruthWriter(
                        self._truth, self._scene, start_ns=start_ns + offset_ns, from_s=told_s
                    )
                elif late_ns < 0:
                    time.sleep(-late_ns / NS_PER_S)
                elif late_ns > period_ns:
                    number += late_ns // period_ns
                    due_ns = start_ns + number * period_ns
            at_s = number * period_ns / NS_PER_S
            yield Frame(self._scene.render(at_s), due_ns + offset_ns)
            if at_s - told_s >= _TRUTH_EVERY_S:
                truth.write_until(at_s)
                told_s = at_s
            number += 1
