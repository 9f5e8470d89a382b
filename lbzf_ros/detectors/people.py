"""Who is in the picture: foreground says where, HOG says that it is a person, and that is remembered."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.detectors.blobs import Blobs, tight_box
from lbzf_ros.detectors.boxes import Array, area, iou, overlap
from lbzf_ros.detectors.people_hog import Hits
from lbzf_ros.detectors.scene import Mask, View
from lbzf_ros.detectors.settings import DetectorSettings

_SEEN_FILL = 0.25  # share of a box that must be foreground for its person to be there
_SOLID_FILL = 0.1  # and that must be more than shadow
_LEAST_PART = 0.35  # of his height that must be left of a person; less is what he leaves behind, or his shadow
_HIT_FILL = 0.35  # the same for a new person
_HIT_MOVING = 0.01  # share of a box that must move for a new person who is part of the background
_GONE_FILL = 0.5  # share of a box that must change for a person who is part of the background to have left
_SURE_WEIGHT = 0.5  # HOG margin asked of somebody whom the background does not set off
_SCORE_DECAY_S = 3.0
_MAX_SCORE = 4.0
_SAME_IOU = 0.55  # of a blob's box with the box around a HOG hit
_LOST_S = 1.0
_SPEED = 1.2  # of a hurrying person, body heights a second


@dataclass(slots=True, eq=False)
class Person:
    """One person, or what may become one.

    Attributes:
        box: float32 (4,), working pixels.
        score: recent HOG margins added up.
        confirmed: the score was high enough once.
        in_background: the background shows him, so difference means that he left.
        blob: index of the blob that is his alone in this picture, -1 without.
        seen: he is in this picture.
    """

    box: Array
    in_background: bool
    stamp_ns: int
    score: float = 0.0
    confirmed: bool = False
    blob: int = -1
    shared: bool = False
    seen: bool = True
    height_px: float = 0.0
    hit_ns: int = 0
    looked_ns: int = 0
    moved_ns: int = 0
    seen_ns: int = 0

    def __post_init__(self) -> None:
        self.hit_ns = self.looked_ns = self.moved_ns = self.seen_ns = self.stamp_ns


@dataclass(slots=True)
class People:
    """The people of one camera."""

    settings: DetectorSettings
    members: list[Person] = field(default_factory=list)

    def follow(self, view: View, blobs: Blobs, stamp_ns: int) -> None:
        """Move everybody with the foreground of a new picture."""
        decay = math.exp(-view.elapsed_s / _SCORE_DECAY_S)
        claims = [self._claim(person, view, blobs) for person in self.members]
        owners = [
            sum(p.confirmed and i in claim for p, claim in zip(self.members, claims))
            for i in range(len(blobs))
        ]
        for person, claim in zip(self.members, claims):
            person.score *= decay
            person.blob, person.shared = -1, False
            if person.in_background:
                continue
            if claim:
                self._move(person, claim, owners, view, blobs)
        for person in self.members:
            self._note(person, view, stamp_ns)

    def confirm(self, hits: Hits, view: View, blobs: Blobs, stamp_ns: int) -> None:
        """Use what HOG found in the picture (`hits` in working pixels), strongest first."""
        free = list(self.members)
        for box, weight in zip(hits.xyxy, hits.weight):
            person = _nearest(box, free)
            if person is None:
                person = self._newcomer(box, float(weight), view, stamp_ns)
                if person is None:
                    continue
            else:
                free.remove(person)
            self._believe(person, float(weight), stamp_ns)
            person.hit_ns = stamp_ns
            if person.in_background:
                if _fill(view.foreground, box) < _GONE_FILL:
                    person.box = _blend(person.box, box)
                elif iou(person.box[None], box[None])[0, 0] < 0.5:
                    person.in_background = False
            if not person.in_background:
                self._fit(person, _refine(box, view))
            person.seen, person.seen_ns = True, stamp_ns

    def drop_gone(self, ghosts: Mask, stamp_ns: int) -> None:
        """Forget who has left, who never was one, and what has long been as still as furniture."""
        self.members = [p for p in self.members if not self._gone(p, ghosts, stamp_ns)]
        self._drop_doubles()

    def held(self, view: View, blobs: Blobs) -> Mask:
        """uint8 (h, w), 1 where somebody stands and the background must not learn."""
        mask = np.zeros_like(view.foreground)
        for person in self.members:
            x0, y0, x1, y1 = _grown(person.box, 0.08)
            mask[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = 1
            if person.blob >= 0 and not person.shared:
                mask |= cv2.dilate(
                    (blobs.labels == person.blob + 1).astype(np.uint8), np.ones((5, 5), np.uint8)
                )
        return mask

    def _claim(self, person: Person, view: View, blobs: Blobs) -> list[int]:
        """Blobs that may be the person's, best first."""
        if not len(blobs):
            return []
        height = person.box[3] - person.box[1]
        reach = _SPEED * height * min(view.elapsed_s, 1.0)
        near = person.box + np.array([-reach, -reach / 2, reach, reach / 2], np.float32)
        own = overlap(person.box[None], blobs.xyxy)[0] / np.minimum(area(person.box), area(blobs.xyxy))
        close = overlap(near[None], blobs.xyxy)[0] / area(blobs.xyxy)
        heights = blobs.xyxy[:, 3] - blobs.xyxy[:, 1]
        alike = (heights > 0.6 * height) & (heights < 1.6 * height)
        value = np.where(own > 0.2, 1 + own, np.where((close > 0.5) & alike, close, 0)) + np.minimum(
            blobs.moving, 0.2
        )
        able = (own > 0.2) | ((close > 0.5) & alike)
        if (own > 0.2).any():
            able &= (own > 0.2) | (blobs.moving > 0.1)
        return [int(i) for i in np.argsort(-value, kind="stable") if able[i]]

    def _move(self, person: Person, claim: list[int], owners: list[int], view: View, blobs: Blobs) -> None:
        main = claim[0]
        box = blobs.xyxy[main].copy()
        old_w, old_h = person.box[2:] - person.box[:2]
        for i in claim[1:]:
            other = blobs.xyxy[i]
            both = np.concatenate([np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])])
            common = min(box[2], other[2]) - max(box[0], other[0])
            if common > 0.5 * min(box[2] - box[0], other[2] - other[0]) and both[3] - both[1] < 1.25 * old_h:
                box = both.astype(np.float32)
        wide, high = box[2:] - box[:2]
        alone = owners[main] <= 1 if person.confirmed else owners[main] == 0
        fits = wide < max(1.4 * old_w, 0.5 * high) and high < 1.5 * old_h
        if alone and fits:
            person.box, person.blob = box, main
        else:
            person.shared, person.blob = True, main if alone else -1
            if _fill(view.moving, person.box) >= _HIT_MOVING:
                person.box = _shifted(person.box, view)

    def _note(self, person: Person, view: View, stamp_ns: int) -> None:
        """Write down whether he is there and whether he moves."""
        fill = _fill(view.foreground, person.box)
        if view.relit:
            person.seen = True
        elif person.in_background:
            person.seen = fill < _GONE_FILL
        else:
            whole = person.box[3] - person.box[1] >= _LEAST_PART * person.height_px
            person.seen = whole and fill >= _SEEN_FILL and _fill(view.solid, person.box) >= _SOLID_FILL
            person.height_px = max(float(person.box[3] - person.box[1]), person.height_px)
        if person.seen:
            person.seen_ns = stamp_ns
        if not view.relit and _fill(view.moving, person.box) >= _HIT_MOVING:
            person.moved_ns = stamp_ns

    def _fit(self, person: Person, hit: Array) -> None:
        """Give him the box (4,) that HOG found, unless his blob says nearly the same more exactly."""
        if person.blob < 0 or person.shared or iou(person.box[None], hit[None])[0, 0] < _SAME_IOU:
            person.box = hit
            person.shared = person.blob >= 0

    def _newcomer(self, box: Array, weight: float, view: View, stamp_ns: int) -> Person | None:
        if any(_inside(box, p.box) > 0.6 for p in self.members):
            return None
        if _fill(view.foreground, box) >= _HIT_FILL:
            person = Person(_refine(box, view), False, stamp_ns)
        elif weight >= _SURE_WEIGHT and self._may_be_background(box, view):
            person = Person(box, True, stamp_ns)
        else:
            return None
        self.members.append(person)
        return person

    def _believe(self, person: Person, weight: float, stamp_ns: int) -> None:
        """Add a hit to his score. A thing that is part of the background must also move, and score twice as much."""
        needed = self.settings.confirm_score
        if person.in_background and not person.confirmed:
            needed *= 2
            if stamp_ns - person.moved_ns > NS_PER_S:
                return
        person.score = min(_MAX_SCORE, person.score + weight)
        person.confirmed = person.confirmed or person.score >= needed

    def _may_be_background(self, box: Array, view: View) -> bool:
        """Whether somebody who moves a little can have been there when the background was learnt."""
        apart = all(overlap(box[None], p.box[None])[0, 0] < 0.2 * area(box) for p in self.members)
        return apart and _fill(view.doubtful, box) > 0.5 and _fill(view.moving, box) >= _HIT_MOVING

    def _gone(self, person: Person, ghosts: Mask, stamp_ns: int) -> bool:
        if not person.confirmed and stamp_ns - person.hit_ns > _SCORE_DECAY_S * NS_PER_S:
            return True
        if stamp_ns - person.seen_ns > _LOST_S * NS_PER_S or _fill(ghosts, person.box) > 0.4:
            return True
        alive_ns = person.moved_ns if person.in_background else max(person.moved_ns, person.hit_ns)
        return stamp_ns - alive_ns > self.settings.hold_s * NS_PER_S

    def _drop_doubles(self) -> None:
        """Of two boxes in one place the confirmed, then the stronger, stays."""
        order = sorted(self.members, key=lambda p: (-p.confirmed, -p.score))
        kept: list[Person] = []
        for person in order:
            if all(_inside(person.box, other.box) < 0.75 for other in kept):
                kept.append(person)
        self.members = [p for p in self.members if p in kept]


def _inside(a: Array, b: Array) -> float:
    """Share 0..1 of the smaller of two boxes (4,) that lies in the other."""
    smaller = max(1e-6, float(min(area(a), area(b))))
    return float(overlap(a[None], b[None])[0, 0]) / smaller


def _grown(box: Array, share: float) -> tuple[int, int, int, int]:
    grow = share * (box[3] - box[1])
    x0, y0, x1, y1 = box + np.array([-grow, -grow, grow, grow], np.float32)
    return math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)


def _fill(mask: Mask, box: Array) -> float:
    """Share 0..1 of the part of a box in the picture that is set in a mask."""
    x0, y0, x1, y1 = (max(0, round(float(v))) for v in box)
    part = mask[y0:y1, x0:x1]
    return float(part.mean()) if part.size else 0.0


def _refine(box: Array, view: View) -> Array:
    """A HOG box (4,) drawn tight around the foreground in and near it."""
    x0, y0, x1, y1 = (max(0, v) for v in _grown(box, 0.1))
    found = tight_box(view.solid[y0:y1, x0:x1], (x0, y0))
    return box if found is None else found


def _shifted(box: Array, view: View) -> Array:
    """The box (4,) in its size, moved onto the middle of the foreground in and near it."""
    x0, y0, x1, y1 = (max(0, v) for v in _grown(box, 0.1))
    columns = view.foreground[y0:y1, x0:x1].sum(axis=0, dtype=np.int64)
    if not columns.any():
        return box
    middle = x0 + float((columns * (np.arange(len(columns)) + 0.5)).sum() / columns.sum())
    step = middle - float(box[0] + box[2]) / 2
    return (box + np.array([step, 0, step, 0], np.float32)).astype(np.float32)


def _blend(old: Array, new: Array) -> Array:
    return (0.7 * old + 0.3 * new).astype(np.float32)


def _nearest(box: Array, people: list[Person]) -> Person | None:
    """Whose box (4,) this most likely is: the one it shares most with."""
    if not people:
        return None
    shared = iou(box[None], np.stack([p.box for p in people]))[0]
    inner = np.array([_inside(box, p.box) for p in people])
    value = np.where((shared > 0.25) | (inner > 0.7), shared + 0.5 * inner, 0)
    best = int(value.argmax())
    return people[best] if value[best] > 0 else None
