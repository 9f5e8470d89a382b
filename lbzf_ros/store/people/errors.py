"""Why an entry was refused, as far as its sender must tell the cases apart."""

from __future__ import annotations

from collections.abc import Mapping

from lbzf_ros.core.errors import InvalidValue


class NotThere(InvalidValue):
    """The entry names something that the database does not have."""


class Conflict(InvalidValue):
    """The entry contradicts one that is there already."""


class Several(InvalidValue):
    """Values of an entry that cannot be, each by its place in the entry (`operators.PUESTO_01`)."""

    def __init__(self, text: str, wrong: Mapping[str, InvalidValue]) -> None:
        super().__init__(text)
        self.wrong = wrong
