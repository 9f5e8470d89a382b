"""Cycle rules: which transition of which zone opens and closes a cycle. A new rule is a new row."""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.model import ZoneKind

Transition = tuple[ZoneKind, bool]
"""A zone kind and whether it was entered (True) or left (False)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What opens and what closes a cycle."""

    opens_on: Transition
    closes_on: Transition

    @property
    def zone_kinds(self) -> frozenset[ZoneKind]:
        """Kinds of zone that a station with this rule must have, one of each."""
        return frozenset((self.opens_on[0], self.closes_on[0]))


RULES: dict[str, Rule] = {
    "presence": Rule(opens_on=(ZoneKind.WORK, True), closes_on=(ZoneKind.WORK, False)),
    "trigger": Rule(opens_on=(ZoneKind.TRIGGER, True), closes_on=(ZoneKind.TRIGGER, True)),
    "pick_drop": Rule(opens_on=(ZoneKind.PICK, True), closes_on=(ZoneKind.DROP, True)),
}
