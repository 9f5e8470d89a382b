"""Who is in the picture: foreground says where, HOG says that it is a person, and that is remembered."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.detectors.blobs import Blobs
from lbzf_ros.detectors.boxes import Array, area, iou, overlap, shared_part
from lbzf_ros.detectors.masks import Mask, around, fill, recentred, refined
from lbzf_ros.detectors.people_hog import SURE_MARGIN, Hits
from lbzf_ros.detectors.person import GONE_FILL, MOVING_FILL, Person, stirs
from lbzf_ros.detectors.view import View

_HIT_FILL = 0.35  # share of a box that must be foreground for a new person
_BACKGROUND_FILL = 0.2  # and at most for one whom the background shows
_SCORE_DECAY_S = 3.0
_MAX_SCORE = 4.0
_SAME_IOU = 0.55  # of a blob's box with the box around a HOG hit
_LOST_S = 1.0
_HELD_AROUND = 0.08  # of his height: how far around a person nothing is learnt
_SPEED = 1.2  # of a hurrying person, body heights a second
_INSIDE = 0.8  # of a smaller box lies in a larger one: then it is in it
_DOUBLE = 0.75  # of the smaller of two boxes lies in the other
_COVERED = 0.2  # of his box lies in somebody else's
_PART = 0.6  # of his size: less than that at once is a part of him, not him
_KNOWN_S = 1.0  # after so long his size is known
_WALKING = 0.1  # share of a blob that moves when its person walks


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
            sum(p.confirmed and i in claim for p, claim in zip(self.members, claims, strict=True))
            for i in range(len(blobs))
        ]
        for person, claim in zip(self.members, claims, strict=True):
            person.score *= decay
            person.blob, person.shared = -1, False
            if person.in_background:
                continue
            if claim:
                self._move(person, claim, owners, view, blobs)
        for person in self.members:
            person.note(view, stamp_ns)

    def shift(self, shift_px: tuple[float, float]) -> None:
        """The camera was knocked aside: everybody is elsewhere in the picture, right and down, working pixels."""
        for person in self.members:
            person.box = np.asarray(person.box + np.tile(shift_px, 2), np.float32)

    def wait(self, stamp_ns: int) -> None:
        """Everybody stays where he is: the picture says nothing."""
        for person in self.members:
            person.seen_ns = stamp_ns

    def confirm(self, hits: Hits, view: View, stamp_ns: int) -> None:
        """Use what HOG found in the picture (`hits` in working pixels), strongest first."""
        free = list(self.members)
        for box, weight in zip(hits.xyxy, hits.weight, strict=True):
            if self._holds_several(box):
                continue
            person = _nearest(box, free)
            if person is None:
                person = self._newcomer(box, float(weight), view, stamp_ns)
                if person is None:
                    continue
            else:
                free.remove(person)
                if _has_stepped_out(person, box, view):
                    person = self._stepped_out(person, stamp_ns)
            self._believe(person, float(weight), stamp_ns)
            person.hit_ns = stamp_ns
            self._place(person, box, view)
            person.seen, person.seen_ns = True, stamp_ns

    def drop_gone(self, ghosts: Mask, stamp_ns: int) -> list[Array]:
        """Forget who has left, who never was one, and what has long been as still as furniture.

        Returns:
            Boxes (4,) of those who were part of the background: it may still show them.
        """
        gone = [p for p in self.members if self._gone(p, ghosts, stamp_ns)]
        self.members = [p for p in self.members if p not in gone]
        self._drop_doubles()
        return [p.box for p in gone if p.confirmed and p.in_background]

    def sure_blobs(self, stamp_ns: int) -> set[int]:
        """Indices of the blobs in which HOG has lately seen somebody."""
        since_ns = stamp_ns - round(_SCORE_DECAY_S * NS_PER_S)
        return {person.blob for person in self.members if person.hit_ns >= since_ns}

    def held(self, view: View, blobs: Blobs) -> Mask:
        """uint8 (h, w), 1 where somebody stands and the background must not learn."""
        mask = np.zeros_like(view.foreground)
        for person in self.members:
            mask[around(person.box, _HELD_AROUND)] = 1
            if person.blob >= 0 and not person.shared:
                own = (blobs.labels == person.blob + 1).astype(np.uint8)
                mask |= np.asarray(cv2.dilate(own, np.ones((5, 5), np.uint8)), np.uint8)
        return mask

    def _claim(self, person: Person, view: View, blobs: Blobs) -> list[int]:
        """Blobs that may be the person's, best first: those he was on, then those that he can have walked to."""
        height = person.box[3] - person.box[1]
        reach = _SPEED * height * min(view.elapsed_s, 1.0)
        reachable = person.box + np.array([-reach, -reach / 2, reach, reach / 2], np.float32)
        below = overlap(person.box[None], blobs.xyxy)[0] / np.minimum(area(person.box), area(blobs.xyxy))
        beside = overlap(reachable[None], blobs.xyxy)[0] / area(blobs.xyxy)
        heights = blobs.xyxy[:, 3] - blobs.xyxy[:, 1]
        is_on = below > 0.2
        can_reach = (beside > 0.5) & (heights > 0.6 * height) & (heights < 1.6 * height)
        if is_on.any():
            can_reach &= blobs.moving > _WALKING
        value = np.where(is_on, 1 + below, beside) + np.minimum(blobs.moving, 0.2)
        return [int(i) for i in np.argsort(-value, kind="stable") if is_on[i] or can_reach[i]]

    def _move(self, person: Person, claim: list[int], owners: list[int], view: View, blobs: Blobs) -> None:
        """Give him the outline of his blob, or his old size where the blob is more than him."""
        main = claim[0]
        old_width, old_height = person.box[2:] - person.box[:2]
        box = _stacked(blobs.xyxy[claim], 1.25 * old_height)
        width, height = box[2:] - box[:2]
        alone = owners[main] <= 1 if person.confirmed else owners[main] == 0
        person.blob = main if alone else -1
        if alone and _is_part(box, person.box) and fill(view.moving, person.box) < MOVING_FILL:
            return  # half of somebody who does not move cannot have gone: it has the background's colour
        if alone and width < max(1.4 * old_width, 0.65 * height) and height < 1.5 * old_height:
            person.box = box
            return
        person.shared = True
        if fill(view.moving, person.box) >= MOVING_FILL:
            person.box = recentred(person.box, view.foreground)

    def _place(self, person: Person, hit: Array, view: View) -> None:
        """Move him to the box (4,) where HOG found him, unless his blob says nearly the same more exactly."""
        if _is_part(hit, person.box):
            return
        if person.in_background:
            if fill(view.foreground, hit) < GONE_FILL:
                person.box = _blend(person.box, hit)
                return
            return
        middle, width = float(hit[0] + hit[2]) / 2, float(person.box[2] - person.box[0])
        hit = refined(hit, view.solid)
        if person.shared and person.seen_s >= _KNOWN_S:
            # What is beside him is somebody else's, so his width is the one that he had alone.
            hit = np.array([middle - width / 2, hit[1], middle + width / 2, hit[3]], np.float32)
        if _is_part(hit, person.box):
            return
        if person.blob < 0 or person.shared or iou(person.box[None], hit[None])[0, 0] < _SAME_IOU:
            person.box = hit
            person.shared = person.blob >= 0

    def _holds_several(self, hit: Array) -> bool:
        """Whether a hit (4,) has two known people in it: their outlines together look like a larger one."""
        inside = [p for p in self.members if p.confirmed and p.seen and _is_part(p.box, hit)]
        return len(inside) >= 2

    def _stepped_out(self, person: Person, stamp_ns: int) -> Person:
        """Somebody before the place of a person whom the background shows: himself, or somebody else.

        His place tells: when it looks as before, he has not gone.
        """
        if not person.is_established:
            person.in_background = False
            return person
        twin = Person(person.box, False, stamp_ns, score=person.score, confirmed=person.confirmed)
        self.members.append(twin)
        return twin

    def _newcomer(self, box: Array, weight: float, view: View, stamp_ns: int) -> Person | None:
        if any(shared_part(box, p.box) > 0.6 for p in self.members):
            return None
        own = refined(box, view.solid)
        if fill(view.foreground, box) >= _HIT_FILL or _is_cut_off(own, box, view):
            person = Person(own, False, stamp_ns)
        elif weight >= SURE_MARGIN and self._may_be_background(box, view):
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
        as_before = fill(view.foreground, box) < _BACKGROUND_FILL
        return apart and as_before and fill(view.doubtful, box) > 0.5 and stirs(box, view)

    def _gone(self, person: Person, ghosts: Mask, stamp_ns: int) -> bool:
        if not person.confirmed and stamp_ns - person.hit_ns > _SCORE_DECAY_S * NS_PER_S:
            return True
        if fill(ghosts, person.box) > 0.4:
            return True
        lost_s = self.settings.hold_s if self._is_covered(person) else _LOST_S
        if stamp_ns - person.seen_ns > lost_s * NS_PER_S:
            return True
        alive_ns = person.moved_ns if person.in_background else max(person.moved_ns, person.hit_ns)
        return stamp_ns - alive_ns > self.settings.hold_s * NS_PER_S

    def _is_covered(self, person: Person) -> bool:
        """Whether somebody stands before a person whom the background shows.

        If he is there still, his place looks as before when the other one goes; if he is not, it does not.
        """
        return person.is_established and any(
            other.seen and not other.in_background and shared_part(person.box, other.box) > _COVERED
            for other in self.members
            if other.confirmed and other is not person
        )

    def _drop_doubles(self) -> None:
        """Of two boxes in one place the confirmed, then the stronger, stays.

        Whom the background shows is not forgotten for somebody who stands before him, only not shown.
        """
        order = sorted(self.members, key=lambda p: (-p.confirmed, -p.score))
        kept: list[Person] = []
        for person in order:
            same = [other for other in kept if shared_part(person.box, other.box) >= _DOUBLE]
            if person.confirmed and all(person.is_established != other.is_established for other in same):
                for hidden in (p for p in (person, *same) if same and p.is_established):
                    hidden.seen = False
                kept.append(person)
            elif not same:
                kept.append(person)
        self.members = [p for p in self.members if p in kept]


def _stacked(boxes: Array, max_height: float) -> Array:
    """The first of some boxes (n, 4), joined with the others that are above or below it: head, body, legs."""
    box = boxes[0]
    for other in boxes[1:]:
        joined = np.concatenate([np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])])
        common = min(box[2], other[2]) - max(box[0], other[0])
        narrower = min(box[2] - box[0], other[2] - other[0])
        if common > 0.5 * narrower and joined[3] - joined[1] < max_height:
            box = joined
    return np.asarray(box, np.float32)


def _is_part(hit: Array, whole: Array) -> bool:
    """Whether HOG has seen only a part of somebody: head and shoulders, or legs."""
    return bool(shared_part(hit, whole) > _INSIDE and area(hit) < _PART * area(whole))


def _has_stepped_out(person: Person, hit: Array, view: View) -> bool:
    """Whether a hit (4,) is beside the place of a person whom the background shows, and his place has changed."""
    changed = min(fill(view.foreground, hit), fill(view.foreground, person.box)) >= GONE_FILL
    return person.in_background and changed and bool(iou(person.box[None], hit[None])[0, 0] < 0.5)


def _is_cut_off(own: Array, hit: Array, view: View) -> bool:
    """Whether a hit (4,) is somebody of whom the picture's edge leaves a part: his own box is narrow, and full."""
    tall = own[3] - own[1] >= _PART * (hit[3] - hit[1])
    return bool(tall) and fill(view.foreground, own) >= _HIT_FILL


def _blend(old: Array, new: Array) -> Array:
    return np.asarray(0.7 * old + 0.3 * new, np.float32)


def _nearest(box: Array, people: list[Person]) -> Person | None:
    """Whose box (4,) this most likely is: the one it shares most with."""
    if not people:
        return None
    shared = iou(box[None], np.stack([p.box for p in people]))[0]
    inner = np.array([shared_part(box, p.box) for p in people])
    value = np.where((shared > 0.25) | (inner > 0.7), shared + 0.5 * inner, 0)
    best = int(value.argmax())
    return people[best] if value[best] > 0 else None
