"""When the view is checked: regularly, and several times soon after something that may have been a knock."""

from __future__ import annotations

import zlib

from lbzf_ros.core.model import NS_PER_S

_GOLDEN = 0.6180339887  # its multiples spread evenly over 0..1
_IN_A_ROW, _HURRY_NS = 6, 600_000_000
_URGENT_NS = 300_000_000  # hands cannot be told from arms meanwhile
_SAVED, _SAVE_ONE_NS = 12.0, 2 * NS_PER_S  # what a flickering lamp can cost: so many, and then one every 2 s


class CheckTimes:
    """The times of one camera's checks, by the stamps of its pictures."""

    def __init__(self, check_s: float, camera: str) -> None:
        """Check every `check_s`; cameras that begin together are not checked at the same picture for ever."""
        self._interval_ns = round(check_s * NS_PER_S)
        self._first_ns = round(self._interval_ns * (0.5 + zlib.crc32(camera.encode()) * _GOLDEN % 1 / 2))
        self._checked_ns: int | None = None
        self._next_ns = self._saved_at_ns = 0
        self._hurried, self._saved = 0, _SAVED

    @property
    def is_hurried(self) -> bool:
        """Whether checks come in a row at present."""
        return self._hurried > 0 and self._saved >= 1

    def hurry(self) -> None:
        """Check several times in a row."""
        self._hurried = _IN_A_ROW

    def is_due(self, stamp_ns: int, *, urgent: bool = False) -> bool:
        """Whether the picture of this stamp is to be checked; urgent: a row of checks goes faster."""
        passed_ns = max(0, stamp_ns - self._saved_at_ns)
        self._saved, self._saved_at_ns = min(_SAVED, self._saved + passed_ns / _SAVE_ONE_NS), stamp_ns
        if self._checked_ns is None or stamp_ns >= self._next_ns:
            return True
        pause_ns = _URGENT_NS if urgent else _HURRY_NS
        return self.is_hurried and stamp_ns - self._checked_ns >= pause_ns

    def done(self, stamp_ns: int) -> bool:
        """The picture of this stamp was checked. Says whether it was the regular time for it."""
        regular = self._checked_ns is None or stamp_ns >= self._next_ns
        if self._hurried:
            self._hurried -= 1
            self._saved -= 0 if regular else 1
        if regular:
            self._next_ns = stamp_ns + (self._first_ns if self._checked_ns is None else self._interval_ns)
        self._checked_ns = stamp_ns
        return regular
