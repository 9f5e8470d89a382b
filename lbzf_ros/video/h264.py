"""What has to be known of an H.264 byte stream (Annex B) to copy it: its parameter sets, and where it can begin."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SEQUENCE, _PICTURE, _IDR = 7, 8, 5
_START = re.compile(rb"\x00\x00\x01")
START_CODE = b"\x00\x00\x00\x01"


def units(data: bytes) -> Iterator[bytes]:
    """The NAL units of an access unit, without their start codes."""
    begins = [match.end() for match in _START.finditer(data)]
    for begin, after in zip(begins, [*begins[1:], None], strict=True):
        end = len(data) if after is None else after - 3
        unit = data[begin:end].rstrip(b"\x00")
        if unit:
            yield unit


def parameter_sets(data: bytes) -> bytes:
    """Sequence and picture parameter sets of an access unit, as Annex B; empty when it has none."""
    found = [unit for unit in units(data) if unit[0] & 0x1F in (_SEQUENCE, _PICTURE)]
    return b"".join(START_CODE + unit for unit in dict.fromkeys(found))


def begins_here(data: bytes) -> bool:
    """Whether a player that knows nothing can begin with this access unit: it holds an IDR picture."""
    return any(unit[0] & 0x1F == _IDR for unit in units(data))
