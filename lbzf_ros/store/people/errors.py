"""Why an entry was refused, as far as its sender must tell the cases apart."""

from __future__ import annotations

from lbzf_ros.core.errors import InvalidValue


class NotThere(InvalidValue):
    """The entry names something that the database does not have."""


class Conflict(InvalidValue):
    """The entry contradicts one that is there already."""
