"""Several people in one piece of foreground: each keeps the size that he has alone, below his own head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lbzf_ros.detectors.blobs import Blobs
from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.heads import find_heads
from lbzf_ros.detectors.masks import Mask, around, fill
from lbzf_ros.detectors.person import KNOWN_S, Among, Person
from lbzf_ros.detectors.view import View

_REACH = (0.1, 1.2)  # body heights that a head moves between pictures: at once, and a second
_LIKE_OTHERS = (0.6, 1.4)  # of a known person's height: who is found by his head alone is about as tall
_WIDTH = 0.35  # of his height: of somebody who has never been seen alone
_MIDDLE = 0.1  # of his height, to both sides of his head's middle: there he stands
_ROW_FILL = 0.4  # of a row there, that is still he
_TALLER = 1.15  # than he was alone, at most
_WIDER = 1.25
_WIDE = 0.45  # of its height: wider than somebody who only stands there
_STEADY = 0.1  # of his height, by which a head moves that is where it was
_BESIDE = 0.1  # of his width, by which the silhouette is wider than those who have a head
_BESIDE_FILL = 0.4  # of that, from his head to his feet
_OWN_WIDTH = 0.2  # of his, beside everybody else: there he would be seen


@dataclass(slots=True, eq=False)
class Silhouette:
    """A piece of foreground with its heads; working pixels.

    Attributes:
        mask: uint8 (h, w) of its window of the picture.
        corner: x and y of the window.
        outline: (4,), its box.
        heads: float32 (n, 2), middle and top of each peak that may be one, from left to right.
    """

    mask: Mask
    corner: tuple[int, int]
    outline: Array
    heads: Array

    @classmethod
    def of(cls, blobs: Blobs, index: int, tall_px: float, several: bool) -> Silhouette:
        """That of a blob on which people are about so tall; whether it is known that there are several."""
        rows, columns = around(blobs.xyxy[index], 0.05)
        mask = (blobs.labels[rows, columns] == index + 1).astype(np.uint8)
        corner = columns.start, rows.start
        return cls(
            mask,
            corner,
            blobs.xyxy[index],
            find_heads(mask, tall_px, fine=several) + np.array(corner, np.float32),
        )

    def below(self, head: Array, size_px: Array | None) -> Array:
        """Box (4,) of whoever has a head (2,), and alone this size (2,); None: not known."""
        x, top = (float(v) for v in head)
        first = max(0, round(top) - self.corner[1])
        tall = len(self.mask) - first if size_px is None else float(size_px[1])
        side = max(1.0, _MIDDLE * tall)
        left, right = (max(0, round(x - self.corner[0] + step)) for step in (-side, side))
        rows = self.mask[first:, left:right].mean(axis=1) if right > left else np.zeros(0)
        filled = np.flatnonzero(rows >= _ROW_FILL)
        height = float(filled[-1]) + 1 if len(filled) else tall
        if size_px is not None:
            height = min(height, _TALLER * tall)
        width = _WIDTH * height if size_px is None else float(size_px[0])
        return np.array([x - width / 2, top, x + width / 2, top + height], np.float32)


def share_out(people: list[Person], whole: Silhouette, view: View) -> list[Array]:
    """Place the people of a silhouette with several peaks, or several people.

    Returns:
        Boxes (4,) of those who are not known yet: heads that are nobody's.
    """
    owners = _match(people, whole.heads, view.elapsed_s)
    for person, owner in zip(people, owners, strict=True):
        person.blob, person.shared = -1, True
        if owner >= 0:
            person.among = Among.HEAD
            person.head = whole.heads[owner]
            tall_px = person.box[3] - person.box[1]
            own_px = np.array([_WIDTH * tall_px, tall_px]) if person.size_px is None else person.size_px
            person.box = whole.below(whole.heads[owner], own_px)
    seen = [p for p in people if p.among is Among.HEAD]
    for person in people:
        if person.among is not Among.HEAD:
            _place_beside(person, seen, whole, view)
    tall = [float(p.box[3] - p.box[1]) for p in people if p.confirmed]
    spare = [whole.below(head, None) for i, head in enumerate(whole.heads) if i not in owners]
    low, high = _LIKE_OTHERS
    return [box for box in spare if tall and low * min(tall) <= box[3] - box[1] <= high * max(tall)]


def has_outgrown(person: Person, whole: Silhouette) -> bool:
    """Whether a silhouette is more than one person who is known: his head is where it was, but all is larger."""
    if person.size_px is None or person.head is None or person.seen_s < KNOWN_S:
        return False
    wide, tall = (float(v) for v in whole.outline[2:] - whole.outline[:2])
    old_wide, old_tall = (float(v) for v in person.size_px)
    steady = np.abs(whole.heads[0] - person.head).max() < _STEADY * old_tall
    larger = tall > _TALLER * old_tall or wide > max(_WIDER * old_wide, _WIDE * tall)
    return bool(steady and larger)


def _place_beside(person: Person, others: list[Person], whole: Silhouette, view: View) -> None:
    """Place somebody without a head at the edge where the silhouette is more than those who have one, if it is."""
    if not others:
        person.among = Among.BESIDE  # nothing says where he is now
        return
    x0, y0, x1, y1 = (float(value) for value in person.box)
    width = x1 - x0 if person.size_px is None else float(person.size_px[0])
    low = min(float(other.box[0]) for other in others)
    high = max(float(other.box[2]) for other in others)
    left, right = float(whole.outline[0]), float(whole.outline[2])
    edges = [
        (abs(first - x0), first)
        for start, end, first in ((left, low, left), (high, right, right - width))
        if end - start >= _BESIDE * width
        and fill(view.foreground, np.array([start, y0, end, y1], np.float32)) >= _BESIDE_FILL
    ]
    if edges:
        _, first = min(edges)
        person.box = np.array([first, y0, first + width, y1], np.float32)
        person.among = Among.BESIDE
        return
    free = max(0.0, min(x1, low) - x0) + max(0.0, x1 - max(x0, high))
    person.among = Among.AWAY if free >= _OWN_WIDTH * (x1 - x0) else Among.HIDDEN


def _match(people: list[Person], heads: Array, elapsed_s: float) -> list[int]:
    """Index of everybody's head, -1 without: the nearest, in the same order from left to right."""
    order = sorted(range(len(people)), key=lambda i: float(people[i].crown[0]))
    value = np.zeros((len(people) + 1, len(heads) + 1))
    gain = np.zeros((len(people), len(heads)))
    for row, i in enumerate(order):
        person = people[i]
        tall = float(person.box[3] - person.box[1])
        reach = (_REACH[0] + _REACH[1] * min(elapsed_s, 1.0)) * tall
        away = (heads - person.crown) / np.array([reach, max(reach / 2, 0.2 * tall)])
        near = 1 - (away * away).sum(axis=1)
        gain[row] = np.where(near > 0, near + person.confirmed, -1)
        for column in range(len(heads)):
            value[row + 1, column + 1] = max(
                value[row, column + 1], value[row + 1, column], value[row, column] + gain[row, column]
            )
    owners = [-1] * len(people)
    row, column = len(people), len(heads)
    while row and column:
        if value[row, column] == value[row - 1, column]:
            row -= 1
        elif value[row, column] == value[row, column - 1]:
            column -= 1
        else:
            row, column = row - 1, column - 1
            owners[order[row]] = column
    return owners
