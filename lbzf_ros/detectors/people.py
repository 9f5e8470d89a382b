"""Who is in the picture: foreground says where, HOG says that it is a person, and that is remembered."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import NS_PER_S, Homography
from lbzf_ros.detectors.blobs import Blobs
from lbzf_ros.detectors.boxes import Array, area, iou, overlap, shared_part
from lbzf_ros.detectors.crowd import Silhouette, has_outgrown, share_out
from lbzf_ros.detectors.masks import Mask, around, fill, recentred, refined
from lbzf_ros.detectors.people_hog import SURE_MARGIN, Hits
from lbzf_ros.detectors.person import GONE_FILL, KNOWN_S, MOVING_FILL, Among, Person, stirs
from lbzf_ros.detectors.same import (
    HIT_FILL,
    are_one,
    blend,
    claims_of,
    has_stepped_out,
    is_cut_off,
    is_part,
    nearest,
    stacked,
)
from lbzf_ros.detectors.view import View

_BACKGROUND_FILL = 0.2  # and at most for one whom the background shows
_SCORE_DECAY_S = 3.0
_MAX_SCORE = 4.0
_SAME_IOU = 0.55  # of a blob's box with the box around a HOG hit
_LOST_S = 1.0
_HIDDEN_S = 3.0  # as long as a tracker holds somebody
_HELD_AROUND = 0.08  # of his height: how far around a person nothing is learnt
_COVERED = 0.2  # of his box lies in somebody else's


@dataclass(slots=True)
class People:
    """The people of one camera.

    Attributes:
        members: everybody who is known or may be somebody.
        spare: boxes (4,) below heads beside somebody that are nobody's yet.
        earlier: who was part of the background when it was left, and his box (4,).
    """

    settings: DetectorSettings
    members: list[Person] = field(default_factory=list)
    spare: list[Array] = field(default_factory=list)
    earlier: list[tuple[Person, Array]] = field(default_factory=list)

    def follow(self, view: View, blobs: Blobs, stamp_ns: int) -> None:
        """Move everybody with the foreground of a new picture."""
        if view.left_known:
            self.earlier = [(p, p.box) for p in self.members if p.confirmed and p.in_background]
        elif view.returned:
            self._return(stamp_ns)
        decay = math.exp(-view.elapsed_s / _SCORE_DECAY_S)
        claims = [claims_of(person, view, blobs) for person in self.members]
        owners = [
            sum(p.confirmed and i in claim for p, claim in zip(self.members, claims, strict=True))
            for i in range(len(blobs))
        ]
        for person in self.members:
            person.score *= decay
            person.blob, person.shared = -1, False
            person.among = Among.NOBODY
        together = self._share_out(claims, view, blobs)
        for i, (person, claim) in enumerate(zip(self.members, claims, strict=True)):
            if claim and not person.in_background:
                left = together.get(i, claim)
                if left:
                    self._move(person, left, owners, view, blobs)
        for person in self.members:
            person.note(view, stamp_ns, self._before(person))

    def come_back(self, step: Homography, scale: int) -> None:
        """The background of before is back, in a view that has moved by a step (picture pixels)."""
        for i, (person, box) in enumerate(self.earlier):
            corners = (box.reshape(1, 2, 2) * scale).astype(np.float64)
            moved = cv2.perspectiveTransform(corners, np.array(step, np.float64).reshape(3, 3)) / scale
            self.earlier[i] = person, np.asarray(moved.reshape(4), np.float32)
        self._return(max((p.seen_ns for p in self.members), default=0))

    def _return(self, stamp_ns: int) -> None:
        """The background of before is back, with those whom it shows."""
        for person, box in self.earlier:
            person.box, person.in_background, person.shared, person.blob = box, True, False, -1
            person.seen_ns = person.moved_ns = stamp_ns
        returned = [person for person, _ in self.earlier]
        self.members = returned + [p for p in self.members if p not in returned]
        self.earlier = []

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
            person = self._fitting(box, free, stamp_ns)
            if person is None:
                person = self._newcomer(box, float(weight), view, stamp_ns)
                if person is None:
                    continue
            else:
                free.remove(person)
                if has_stepped_out(person, box, view):
                    person = self._stepped_out(person, stamp_ns)
            self._believe(person, float(weight), stamp_ns)
            person.hit_ns = stamp_ns
            if person.among is Among.NOBODY:
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

    def _share_out(self, claims: list[list[int]], view: View, blobs: Blobs) -> dict[int, list[int]]:
        """Place those whose blob has the heads of several people, or of one with several people.

        Returns:
            By their index, the blobs where else they may be: none unless they have gone from here.
        """
        self.spare = []
        together: dict[int, list[int]] = {}
        wanted = {claim[0] for claim in claims if claim}
        for blob in range(len(blobs)):
            on_it = [i for i, claim in enumerate(claims) if claim[:1] == [blob]]
            on_it = [i for i in on_it if not self.members[i].in_background]
            people = [self.members[i] for i in on_it]
            if not any(p.confirmed for p in people):
                continue
            tall = [float(p.box[3] - p.box[1]) for p in people if p.confirmed]
            whole = Silhouette.of(blobs, blob, sum(tall) / len(tall), len(tall) > 1)
            grown = len(whole.heads) == 1 and has_outgrown(people[0], whole)
            if len(whole.heads) > 1 or len(tall) > 1 or grown:
                self.spare += share_out(people, whole, view)
                for i in on_it:
                    others = claims[i][1:] if self.members[i].among is Among.AWAY else []
                    together[i] = [other for other in others if other not in wanted]
            elif len(whole.heads):
                people[0].head = whole.heads[0]
        return together

    def _move(self, person: Person, claim: list[int], owners: list[int], view: View, blobs: Blobs) -> None:
        """Give him the outline of his blob, or his old size where the blob is more than him."""
        main = claim[0]
        old_width, old_height = person.box[2:] - person.box[:2]
        box = stacked(blobs.xyxy[claim], 1.25 * old_height)
        width, height = box[2:] - box[:2]
        alone = owners[main] <= 1 if person.confirmed else owners[main] == 0
        person.blob = main if alone else -1
        if alone and is_part(box, person.box) and fill(view.moving, person.box) < MOVING_FILL:
            return  # half of somebody who does not move cannot have gone: it has the background's colour
        if alone and width < max(1.4 * old_width, 0.65 * height) and height < 1.5 * old_height:
            person.box = box
            person.note_size()
            return
        person.shared = True
        if fill(view.moving, person.box) >= MOVING_FILL:
            person.box = recentred(person.box, view.foreground)

    def _place(self, person: Person, hit: Array, view: View) -> None:
        """Move him to the box (4,) where HOG found him, unless his blob says nearly the same more exactly."""
        if is_part(hit, person.box):
            return
        if person.in_background:
            if fill(view.foreground, hit) < GONE_FILL:
                person.box = blend(person.box, hit)
                return
            return
        middle, width = float(hit[0] + hit[2]) / 2, float(person.box[2] - person.box[0])
        hit = refined(hit, view.solid)
        if person.shared and person.seen_s >= KNOWN_S:
            # What is beside him is somebody else's, so his width is the one that he had alone.
            hit = np.array([middle - width / 2, hit[1], middle + width / 2, hit[3]], np.float32)
        if is_part(hit, person.box):
            return
        if person.blob < 0 or person.shared or iou(person.box[None], hit[None])[0, 0] < _SAME_IOU:
            person.box = hit
            person.shared = person.blob >= 0

    def _fitting(self, hit: Array, free: list[Person], stamp_ns: int) -> Person | None:
        """Whom a hit (4,) shows: one of those, or whoever has a head that is nobody's yet."""
        boxes = [*(p.box for p in free), *self.spare]
        best = nearest(hit, boxes)
        if best is None or best < len(free):
            return None if best is None else free[best]
        person = Person(self.spare.pop(best - len(free)), False, stamp_ns, among=Among.HEAD, shared=True)
        self.members.append(person)
        free.append(person)
        return person

    def _holds_several(self, hit: Array) -> bool:
        """Whether a hit (4,) has two known people in it: their outlines together look like a larger one."""
        inside = [p for p in self.members if p.confirmed and p.seen and is_part(p.box, hit)]
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
        if fill(view.foreground, box) >= HIT_FILL or is_cut_off(own, box, view):
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
        lost_s = _HIDDEN_S if person.among is Among.HIDDEN else _LOST_S
        lost_s = self.settings.hold_s if self._is_covered(person) else lost_s
        if stamp_ns - person.seen_ns > lost_s * NS_PER_S:
            return True
        alive_ns = person.moved_ns if person.in_background else max(person.moved_ns, person.hit_ns)
        return stamp_ns - alive_ns > self.settings.hold_s * NS_PER_S

    def _before(self, person: Person) -> list[Array]:
        """Boxes (4,) of those who may stand before somebody whom the background shows."""
        if not person.is_established:
            return []
        others = (p for p in self.members if p.confirmed and p.seen and not p.in_background)
        return [other.box for other in others if overlap(person.box[None], other.box[None])[0, 0] > 0]

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
            same = [other for other in kept if are_one(person, other)]
            if person.confirmed and all(person.is_established != other.is_established for other in same):
                for hidden in (p for p in (person, *same) if same and p.is_established):
                    hidden.seen &= hidden.peeps_out
                kept.append(person)
            elif not same:
                kept.append(person)
        self.members = [p for p in self.members if p in kept]
