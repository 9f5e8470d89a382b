"""One person: where he is, how sure that is, and what the picture says about him."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.masks import fill, fill_beside
from lbzf_ros.detectors.view import View

LEFT_FILL = 0.75  # of his place has changed: then he has left, and whoever stands there is somebody else
_LEAST_FREE = (
    0.3  # share of the box of one whom the background shows that nobody covers: it tells whether he is there
)
GONE_FILL = 0.5  # share of a box that must change for a person who is part of the background to have left
MOVING_FILL = 0.01  # share of a box that moves when its person does
KNOWN_S = 1.0  # after so long his size is known
SEEN_FILL = 0.25  # share of a box that must be foreground for its person to be there
_SOLID_FILL = 0.1  # and that must be more than shadow
_LEAST_PART = (
    0.35  # of his height that must be left of a person; less is what he leaves behind, or his shadow
)
_STIR_FILL = 0.02  # share of a box that changes, by however little, when a person in the background sways
_STIR_RATIO = 2.0  # how much more of it than of the rest of the picture
_SIZE_FOLLOWS = np.float32(0.4)  # how fast, a picture in which he is alone
_ESTABLISHED_S = 10.0
_FINEST_LEVELS = 2.5  # grey levels


class Among(Enum):
    """What is seen of somebody who shares his blob with others."""

    NOBODY = "he does not share it, or nothing is known"
    HEAD = "his head is one of those in its outline"
    BESIDE = "no head, but something is where he would be seen beside the others"
    HIDDEN = "the others may stand before all of him"
    AWAY = "nothing is where he would be seen"


@dataclass(slots=True, eq=False)
class Person:
    """One person, or what may become one.

    Attributes:
        box: float32 (4,), working pixels.
        score: recent HOG margins added up.
        confirmed: the score was high enough once.
        in_background: the background shows him, so difference means that he left.
        blob: index of the blob that is his and nobody else's in this picture, -1 without.
        shared: the blob is more than him: somebody else, or a thing.
        seen: he is in this picture.
        peeps_out: the background shows him, somebody stands before him, and what is left of his place is as before.
        has_left: the background shows him, and his place had changed so much that nobody covers it all.
        height_px: his greatest height so far.
        size_px: (2,) width and height that he has alone; None: he has never been.
        head: (2,) middle and top of his head when it was last seen in his blob's outline; None: not yet.
        among: what is seen of him among the people of his blob.
        seen_s: for how long he has been seen, in all.
        hit_ns: when HOG last found him; looked_ns: last looked for him; moved_ns, seen_ns: likewise.
    """

    box: Array
    in_background: bool
    stamp_ns: int
    score: float = 0.0
    confirmed: bool = False
    blob: int = -1
    shared: bool = False
    seen: bool = True
    peeps_out: bool = False
    has_left: bool = False
    height_px: float = 0.0
    size_px: Array | None = None
    head: Array | None = None
    among: Among = Among.NOBODY
    seen_s: float = 0.0
    hit_ns: int = 0
    looked_ns: int = 0
    moved_ns: int = 0
    seen_ns: int = 0

    def __post_init__(self) -> None:
        self.hit_ns = self.looked_ns = self.moved_ns = self.seen_ns = self.stamp_ns

    @property
    def is_established(self) -> bool:
        """Whether the background shows him for sure: he has been seen there for long, not by one wrong hit."""
        return self.in_background and self.confirmed and self.seen_s >= _ESTABLISHED_S

    @property
    def crown(self) -> Array:
        """Middle and top (2,) of his head, as far as is known."""
        if self.head is not None:
            return self.head
        return np.array([(self.box[0] + self.box[2]) / 2, self.box[1]], np.float32)

    def note_size(self) -> None:
        """Learn his size: his box is his alone."""
        size_px = self.box[2:] - self.box[:2]
        old = size_px if self.size_px is None else self.size_px
        self.size_px = np.asarray(old + _SIZE_FOLLOWS * (size_px - old), np.float32)

    def note(self, view: View, stamp_ns: int, before_him: list[Array]) -> None:
        """Write down whether he is there and whether he moves. When the light was switched, nothing is known.

        What others cover of his place (`before_him`, boxes (4,)) says nothing about one whom the background shows.
        """
        height_px = float(self.box[3] - self.box[1])
        self.height_px = max(height_px, self.height_px)
        different = fill(view.foreground, self.box)
        self.peeps_out = False
        if view.relit:
            self.seen = True
        elif self.in_background:
            beside, free = fill_beside(view.foreground, self.box, before_him)
            self.has_left |= different >= LEFT_FILL
            self.has_left &= different >= GONE_FILL or bool(before_him)
            self.peeps_out = (
                bool(before_him) and not self.has_left and free >= _LEAST_FREE and beside < GONE_FILL
            )
            self.seen = different < GONE_FILL or self.peeps_out
        else:
            self.seen = different >= SEEN_FILL and fill(view.solid, self.box) >= _SOLID_FILL
            self.seen &= height_px >= _LEAST_PART * self.height_px and self.among is not Among.AWAY
        if self.seen and self.among is not Among.HIDDEN:
            self.seen_ns = stamp_ns
            self.seen_s += view.elapsed_s
        if not view.relit and self._moves(view):
            self.moved_ns = stamp_ns

    def _moves(self, view: View) -> bool:
        return fill(view.moving, self.box) >= MOVING_FILL or (self.in_background and stirs(self.box, view))


def stirs(box: Array, view: View) -> bool:
    """Whether more changes in a box (4,) than in the picture around it: nobody stands as still as furniture.

    Finer than foreground and motion: a person who is part of the background sways by less than a pixel.
    """
    noise = float(np.median(view.difference[::5, ::5]))
    fine = (view.difference > max(_FINEST_LEVELS, 4 * noise)).astype(np.uint8)
    own = fill(fine, box)
    rest = fine[view.foreground == 0]
    usual = float(np.count_nonzero(rest)) / max(1, rest.size)
    return own >= _STIR_FILL and own >= _STIR_RATIO * usual
