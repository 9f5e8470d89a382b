"""Whether boxes show the same person, a part of one, or several."""

from __future__ import annotations

import numpy as np

from lbzf_ros.detectors.blobs import Blobs
from lbzf_ros.detectors.boxes import Array, area, iou, overlap, shared_part
from lbzf_ros.detectors.masks import fill
from lbzf_ros.detectors.person import GONE_FILL, Among, Person
from lbzf_ros.detectors.view import View

HIT_FILL = 0.35  # share of a box that must be foreground for a new person
_INSIDE = 0.8  # of a smaller box lies in a larger one: then it is in it
_DOUBLE = 0.75  # of the smaller of two boxes lies in the other
_PART = 0.6  # of his size: less than that at once is a part of him, not him
_SPEED = 1.2  # of a hurrying person, body heights a second
_WALKING = 0.1  # share of a blob that moves when its person walks


def are_one(a: Person, b: Person) -> bool:
    """Whether two boxes show one person: they are in the same place, and nothing says that there are two."""
    both = {a.among, b.among}
    two = Among.HEAD in both and both <= {Among.HEAD, Among.BESIDE, Among.HIDDEN}
    return not two and shared_part(a.box, b.box) >= _DOUBLE


def stacked(boxes: Array, max_height: float) -> Array:
    """The first of some boxes (n, 4), joined with the others that are above or below it: head, body, legs."""
    box = boxes[0]
    for other in boxes[1:]:
        joined = np.concatenate([np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])])
        common = min(box[2], other[2]) - max(box[0], other[0])
        narrower = min(box[2] - box[0], other[2] - other[0])
        if common > 0.5 * narrower and joined[3] - joined[1] < max_height:
            box = joined
    return np.asarray(box, np.float32)


def is_part(hit: Array, whole: Array) -> bool:
    """Whether HOG has seen only a part of somebody: head and shoulders, or legs."""
    return bool(shared_part(hit, whole) > _INSIDE and area(hit) < _PART * area(whole))


def has_stepped_out(person: Person, hit: Array, view: View) -> bool:
    """Whether a hit (4,) is beside the place of a person whom the background shows, and his place has changed."""
    changed = min(fill(view.foreground, hit), fill(view.foreground, person.box)) >= GONE_FILL
    return person.in_background and changed and bool(iou(person.box[None], hit[None])[0, 0] < 0.5)


def is_cut_off(own: Array, hit: Array, view: View) -> bool:
    """Whether a hit (4,) is somebody of whom the picture's edge leaves a part: his own box is narrow, and full."""
    tall = own[3] - own[1] >= _PART * (hit[3] - hit[1])
    return bool(tall) and fill(view.foreground, own) >= HIT_FILL


def blend(old: Array, new: Array) -> Array:
    """A box (4,) that follows another slowly."""
    return np.asarray(0.7 * old + 0.3 * new, np.float32)


def nearest(box: Array, boxes: list[Array]) -> int | None:
    """Which of some boxes (4,) most likely shows the same person as a box (4,): the one it shares most with."""
    if not boxes:
        return None
    shared = iou(box[None], np.stack(boxes))[0]
    inner = np.array([shared_part(box, other) for other in boxes])
    value = np.where((shared > 0.25) | (inner > 0.7), shared + 0.5 * inner, 0)
    best = int(value.argmax())
    return best if value[best] > 0 else None


def claims_of(person: Person, view: View, blobs: Blobs) -> list[int]:
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
