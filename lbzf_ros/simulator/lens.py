"""Paints what optics do: sun and clouds, the camera's place, a flickering lamp, things before the lens."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import Homography
from lbzf_ros.simulator import optics as kinds
from lbzf_ros.simulator.brush import Picture
from lbzf_ros.simulator.optics import Block, Clouds, Flicker, LightsOff, LowSun, Optic
from lbzf_ros.simulator.randomness import generator

Factor = NDArray[np.float32]
_Kind = TypeVar("_Kind", bound=Optic)
_MARGIN_SHARE = (
    0.15  # of the width: what is drawn beyond the picture's edges, for a camera that looks elsewhere
)
_EXPOSURE_S, _EXPOSURES = 0.04, 5  # shutter, and how many moments of it make the blur of a swinging camera
_COARSE = 4  # the sun's field is worked out on every fourth pixel
_SOFT_SHARE, _WAVE_SHARE = (
    0.03,
    0.03,
)  # of the width: how soft and how uneven the edges of a thing near the lens are


class Lens:
    """The optics of one scene, for pictures of one size."""

    def __init__(
        self, optics: Sequence[Optic], width_px: int, height_px: int, *, seed: int, camera: str
    ) -> None:
        self._optics, self._size = tuple(optics), (width_px, height_px)
        self._key = (seed, camera, "optics")
        self._things: dict[int, Thing] = {}

    def homography(self, t_s: float) -> Homography:
        """Takes the picture's points without optics to where they are at a time."""
        return kinds.true_homography(self._optics, t_s, *self._size)

    def hidden(self, t_s: float) -> bool:
        """Whether the picture tells nothing at a time."""
        return kinds.hidden(self._optics, t_s)

    def margin_px(self, t_s: float) -> int:
        """How much more than the picture has to be drawn on each side."""
        return round(_MARGIN_SHARE * self._size[0]) if kinds.has_moved(self._optics, t_s) else 0

    def noise(self, t_s: float) -> float:
        """How much stronger than usual the sensor's noise is: with the camera's gain."""
        return math.pow(self._camera_gain(t_s), 0.75)

    def show(self, scene: Picture, t_s: float, gain: float) -> Picture:
        """What the sensor sees, without its noise.

        Args:
            scene: (height + 2 margin, width + 2 margin, 3), as it is in good light, from where the camera was.
            t_s: the time.
            gain: brightness of everything.
        """
        lit = self._sunlit(scene, t_s)
        darkness = math.prod(o.light(t_s) for o in self._of(LightsOff))
        camera_gain = self._camera_gain(t_s)
        exposed = cv2.convertScaleAbs(
            lit, alpha=gain * self._clouds(t_s) * darkness * camera_gain, beta=2 * max(camera_gain - 1, 0)
        )
        picture = self._from_where_it_looks(np.asarray(exposed, np.uint8), t_s)
        picture = self._flickering(picture, t_s)
        for number, block in enumerate(self._of(Block)):
            if block.covered(t_s) > 0:
                self._thing(number, block).cover(picture, t_s, brightness=darkness * camera_gain)
        return picture

    def _camera_gain(self, t_s: float) -> float:
        return math.prod(o.gain(t_s) for o in self._of(LightsOff))

    def _of(self, kind: type[_Kind]) -> list[_Kind]:
        return [optic for optic in self._optics if isinstance(optic, kind)]

    def _sunlit(self, scene: Picture, t_s: float) -> Picture:
        for sun in self._of(LowSun):
            if sun.is_on(t_s):
                rng = generator(*self._key, "sun", round(sun.start_s * 1000))
                field = _sunshine(sun, t_s, self._size, self._clouds(t_s), rng)
                height, width = scene.shape[:2]
                whole = cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
                scene = np.clip(scene * whole[..., None], 0, 255).astype(np.uint8)
        return scene

    def _clouds(self, t_s: float) -> float:
        """Brightness 0..1 that clouds leave."""
        left = 1.0
        for clouds in self._of(Clouds):
            if clouds.is_on(t_s):
                a, b = generator(*self._key, "clouds", round(clouds.start_s * 1000)).uniform(
                    0, 2 * math.pi, 2
                )
                beat = 2 * math.pi * t_s / clouds.change_s
                wave = 0.5 + 0.5 * math.sin(beat / 4 + a) + 0.4 * math.sin(beat / 11 + b)
                left *= 1 - clouds.depth * min(max(wave, 0.0), 1.0) * clouds.strength(t_s, clouds.change_s)
        return left

    def _from_where_it_looks(self, scene: Picture, t_s: float) -> Picture:
        margin = self.margin_px(t_s)
        if margin == 0:
            return scene
        if not any(o.moved(t_s) is not None and o.hides(t_s) for o in self._optics):
            return self._moved(scene, t_s, margin)
        moments = [t_s + _EXPOSURE_S * (i / (_EXPOSURES - 1) - 0.5) for i in range(_EXPOSURES)]
        shown = [self._moved(scene, moment, margin).astype(np.float32) for moment in moments]
        return np.rint(sum(shown) / _EXPOSURES).astype(np.uint8)

    def _moved(self, scene: Picture, t_s: float, margin: int) -> Picture:
        matrix = np.array(self.homography(t_s)).reshape(3, 3) @ np.array(
            [[1, 0, -margin], [0, 1, -margin], [0, 0, 1]]
        )
        picture = cv2.warpPerspective(
            scene, matrix, self._size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(picture, np.uint8)

    def _flickering(self, picture: Picture, t_s: float) -> Picture:
        for lamp in self._of(Flicker):
            if lamp.is_on(t_s):
                moment = generator(
                    *self._key, "flicker", round(lamp.start_s * 1000), round(t_s * 1000)
                ).random()
                rows = np.linspace(0, 2 * math.pi * lamp.bands, len(picture), dtype=np.float32)
                beat = 2 * math.pi * lamp.beat_hz * t_s
                light = 1 + 0.5 * lamp.depth * (math.sin(beat) + np.sin(rows + 1.3 * beat))
                if moment < lamp.misfires:
                    light = light - lamp.depth
                picture = np.clip(picture * light[:, None, None].astype(np.float32), 0, 255).astype(np.uint8)
        return picture

    def _thing(self, number: int, block: Block) -> Thing:
        if number not in self._things:
            self._things[number] = Thing(
                block, *self._size, generator(*self._key, "block", round(block.start_s * 1000))
            )
        return self._things[number]


class Thing:
    """One large thing before the lens: its picture, out of focus, and where its edges are."""

    def __init__(self, block: Block, width_px: int, height_px: int, rng: np.random.Generator) -> None:
        self._block = block
        self._turns = int(rng.integers(0, 4)) if not block.passes else 2 * int(rng.integers(0, 2))
        across, along = (width_px, height_px) if self._turns % 2 == 0 else (height_px, width_px)
        self._across, self._soft = across, _SOFT_SHARE * width_px
        whole = block.cover >= 1
        self._length = across + 4 * self._soft if whole else block.cover * across
        self._texture = _surface(block.look, round(1.3 * across), along, rng)
        y, (a, b) = np.linspace(0, 2 * math.pi, along), rng.uniform(0, 2 * math.pi, 2)
        self._wave = (_WAVE_SHARE * width_px * (np.sin(1.5 * y + a) + 0.5 * np.sin(4 * y + b)))[:, None]

    def cover(self, picture: Picture, t_s: float, *, brightness: float) -> None:
        """Paint it over the picture, in place."""
        turned = np.rot90(picture, self._turns)
        left = self._left_px(t_s)
        x = np.arange(self._across)
        share = np.clip((left + self._length + self._wave - x) / self._soft + 0.5, 0, 1)
        if self._block.passes:
            share = share * np.clip((x - left - self._wave) / self._soft + 0.5, 0, 1)
        columns = np.clip(np.rint(x - left).astype(int), 0, self._texture.shape[1] - 1)
        thing = np.minimum(self._texture[:, columns] * np.float32(brightness), 255)
        weight = share[..., None].astype(np.float32)
        turned[:] = np.rint(turned * (1 - weight) + thing * weight).astype(np.uint8)

    def _left_px(self, t_s: float) -> float:
        """Where its first edge is."""
        block = self._block
        coming, going = block.coming(t_s), block.going(t_s)
        sway = 2.0 * math.sin(1.9 * t_s) if block.look == 0 else 0.0
        if not block.passes:
            return -self._length * (1 - coming + going) + sway
        there = min(max((t_s - block.start_s) / block.duration_s, 0.0), 1.0)
        return -self._length * (1 - coming) + there * (self._across - self._length) + self._length * going


def _sunshine(
    sun: LowSun, t_s: float, size: tuple[int, int], clouds: float, rng: np.random.Generator
) -> Factor:
    """Float32 (height / 4, width / 4): how much brighter each place is."""
    phase, side = float(rng.uniform(0, 2 * math.pi)), bool(rng.random() < 0.5)
    x, y = _places(*size)
    slanted = x + 0.35 * y - sun.shadow_px_s * t_s
    bars = 0.5 + 0.5 * np.tanh(4 * np.sin(2 * math.pi * slanted / 170 + phase))
    near = x / 640 if side else 1 - x / 640
    strength = sun.strength_share * sun.strength(t_s, sun.fade_s) * clouds
    low = np.clip((y - 130) / 60, 0, 1)  # the wall is lit evenly
    return np.asarray(1 + strength * (near * (0.3 + 0.7 * (bars * low + 1 - low)) - 0.2), np.float32)


@functools.lru_cache(maxsize=4)
def _places(width_px: int, height_px: int) -> tuple[Factor, Factor]:
    """Columns and rows of a picture's coarse points, in pixels of a picture 640 wide."""
    unit = 640 / width_px
    y, x = np.mgrid[0 : height_px // _COARSE, 0 : width_px // _COARSE].astype(np.float32)
    return x * _COARSE * unit, y * _COARSE * unit


def _surface(look: int, width: int, height: int, rng: np.random.Generator) -> Factor:
    """What a thing looks like: float32 (height, width, 3)."""
    colour = rng.uniform(50, 150, 3).astype(np.float32)
    x, y = np.arange(width)[None], np.arange(height)[:, None]
    if look == 0:  # folds
        folds = np.sin(x / 23 + 1.5 * np.sin(y / 90 + float(rng.uniform(0, 6)))) + 0.5 * np.sin(x / 9.0)
        light = 1 + 0.16 * folds
    elif look == 1:  # boards and cartons with labels
        light = 1 + 0.25 * ((x // 70 + y // 110) % 2) - 0.5 * ((x % 70 < 4) | (y % 110 < 4))
        light = light + 0.6 * ((x % 70 > 20) & (x % 70 < 45) & (y % 110 > 30) & (y % 110 < 60))
    else:
        light = np.ones((height, width))
    grain = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), 12.0)
    light = light + 0.05 * grain / float(grain.std())
    surface = np.asarray(light[..., None] * colour, np.float32)
    return np.asarray(cv2.GaussianBlur(surface, (0, 0), 2.5), np.float32)
