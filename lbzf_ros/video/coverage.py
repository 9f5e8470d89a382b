"""Which time of a live camera is not on disk, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video.mp4 import LONGEST_PAUSE_NS

_SET_BACK_NS = NS_PER_S


class Cause(Enum):
    """Why there is no video."""

    CAMERA = "camera"
    """It delivers nothing, or nothing that can be kept."""
    DISK = "disk"
    """No room, or the disk refused."""
    RESTART = "restart"
    """The process was killed, or the machine lost its power."""
    MAINTENANCE = "maintenance"
    """Somebody stopped LBZF, or switched recording off."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Time without video. While it lasts it is told again and again, with the same start and a later end."""

    camera: str
    start_ns: int
    end_ns: int
    cause: Cause
    detail: str


class Coverage:
    """Follows what is recorded of one camera; what is not becomes gaps, each with one cause."""

    def __init__(self, camera: str, known_until_ns: int | None, cause: Cause, detail: str) -> None:
        """Go on where an earlier process has stopped.

        Args:
            camera: label.
            known_until_ns: up to here it is known what was recorded; None: this camera is new.
            cause: why nothing was recorded since.
            detail: the same in words.
        """
        self._camera, self._until_ns = camera, known_until_ns
        self._cause, self._detail = cause, detail

    def recorded(self, stamp_ns: int) -> Gap | None:
        """A picture is on disk; gives the gap that ends with it."""
        gap = self.present(stamp_ns)
        if self._until_ns is None or stamp_ns > self._until_ns or stamp_ns < self._until_ns - _SET_BACK_NS:
            self._until_ns = stamp_ns
        self._cause, self._detail = Cause.CAMERA, "it sent no pictures"
        return gap

    def because(self, now_ns: int, cause: Cause, detail: str) -> Gap | None:
        """From now on this is why nothing is recorded; gives the piece of the gap that had another cause."""
        gap = self.present(now_ns) if cause is not self._cause else None
        if self._until_ns is None or gap is not None:
            self._until_ns = now_ns
        self._cause, self._detail = cause, detail
        return gap

    def present(self, now_ns: int) -> Gap | None:
        """The gap that lasts now; None: there is none."""
        if self._until_ns is None or now_ns - self._until_ns <= LONGEST_PAUSE_NS:
            return None
        return Gap(self._camera, self._until_ns, now_ns, self._cause, self._detail)
