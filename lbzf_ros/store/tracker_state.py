"""What the cycle tracker of a camera remembers, as bytes and back, so that a restarted one can go on."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ConfigDict, TypeAdapter, ValidationError

from lbzf_ros.core.cycle import TrackerMemory

Identity = tuple[str, tuple[int, ...]]
"""`RoiSet.identity`: zones and parameters that the memory belongs to."""


@dataclass(frozen=True, slots=True)
class TrackerState:
    """A tracker's memory with what it belongs to.

    Attributes:
        software_version: of the LBZF that wrote it; another one may remember other things.
        identity: of the zones.
        memory: of the tracker.
    """

    software_version: str
    identity: Identity
    memory: TrackerMemory


# A list, because a dataclass takes no configuration from outside; figures that are not known are NaN.
_ADAPTER = TypeAdapter(list[TrackerState], config=ConfigDict(ser_json_inf_nan="constants"))


def state_to_bytes(state: TrackerState) -> bytes:
    """As JSON."""
    return _ADAPTER.dump_json([state])


def state_from_bytes(content: bytes) -> TrackerState | None:
    """The state that `state_to_bytes` wrote; None: it is none, or of another form."""
    try:
        return _ADAPTER.validate_json(content)[0] if content else None
    except (ValidationError, IndexError):
        return None
