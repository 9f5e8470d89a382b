"""Why a cycle was decided as it was: what was seen, the timers that ran out, the figures and their limits.

Only values; `core.trace` collects them, `core.figures` makes the figures. All of it is bounded however long a cycle is.
"""

from __future__ import annotations

from dataclasses import dataclass

Counts = tuple[int, int, int, int]
"""Pictures by the value of an `Evidence` or a `Drift`."""


@dataclass(frozen=True, slots=True)
class PictureSpan:
    """Pictures in a row that said the same.

    Attributes:
        start_ns: the first of them.
        end_ns: the last of them.
        pictures: how many said what. More than one figure above 0: short runs were merged (`merged_below_s`).
    """

    start_ns: int
    end_ns: int
    pictures: Counts

    @property
    def value(self) -> int:
        """What most of them said."""
        return self.pictures.index(max(self.pictures))

    @property
    def is_mixed(self) -> bool:
        """Whether runs of different values were merged into it."""
        return max(self.pictures) < sum(self.pictures)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without a picture: from the last one before to the first one after."""

    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class ZoneEvidence:
    """What was seen in one zone, and how it is debounced (`core.debounce`). Of a work zone: of the operator only."""

    zone: str
    kind: str
    evidence: str
    enter_s: float
    leave_s: float
    linger_s: float
    spans: tuple[PictureSpan, ...]


@dataclass(frozen=True, slots=True)
class PersonSpan:
    """Somebody was at a station, without having been away for more than a second.

    Attributes:
        track_id: -1: not tracked.
        operator: he was the station's operator.
        inside: pictures in a work zone.
        beside: pictures beside it, after having been in it.
        mean_confidence: of the most certain person in the zone, over the pictures inside; None: there is none.
    """

    track_id: int
    operator: bool
    start_ns: int
    end_ns: int
    inside: int
    beside: int
    mean_confidence: float | None


@dataclass(frozen=True, slots=True)
class ZoneDecision:
    """A zone counted as entered or left from then on.

    Attributes:
        since_ns: the first picture with evidence (entered) or the first without (left): the time of the crossing.
        slack_ns: time since the picture before; the true moment lies in between.
        decided_ns: the picture that decided it.
        timer: what ran out: enter_s, leave_s, linger_s, or successor_s (somebody else had been there instead).
        lasted_ns: how long it ran.
        limit_ns: how long it must run.
        attended: False: it did not count, because nobody was at the station.
        alone_ns: for how long the operator had been away by then; None: it was attended, or he was never there.
    """

    zone: str
    entered: bool
    since_ns: int
    slack_ns: int
    decided_ns: int
    timer: str
    lasted_ns: int
    limit_ns: int
    attended: bool = True
    alone_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a figure, which must be at least, or at most, as much."""

    name: str
    at_least: bool
    value: float

    def keeps(self, value: float | None) -> bool:
        """Whether a figure keeps to it. One that is not known breaks nothing."""
        return value is None or (value >= self.value if self.at_least else value <= self.value)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a cycle, the limits that it was held against, and what came of it.

    Attributes:
        name: with its unit (`duration_s`); shares and ratios are 0..1.
        value: None: not known, or no number.
        limits: by which it is judged.
        verdict: ok, the code of a rejection, a quality (green, yellow, red), or unknown.
        text: in words, where it is no number.
    """

    name: str
    value: float | None
    limits: tuple[Limit, ...]
    verdict: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a cycle was decided as it was, from some seconds before its start to the decision.

    Attributes:
        decided_ns: the picture that decided.
        time_zone: IANA zone of the plant, for people.
        rule: the cycle rule, with what opens and closes a cycle by it ("work entered").
        fps: pictures a second that are expected.
        opened_by: the crossing that opened the cycle.
        closed_by: the crossing that closed it; None: it runs, or was given up.
        others: other crossings of the station's zones, newest last.
        zones: what was seen in each.
        people: who was at the station.
        drift: spans by the value of a `Drift`.
        gaps: times without a picture.
        figures: of a cycle that has ended.
        merged_below_s: runs of evidence shorter than this were merged into others; 0: none were.
        others_left_out: crossings that are not in it, because there were too many.
        people_left_out: spans of people, those with the fewest pictures.
        gaps_left_out: times without a picture, the shortest.
    """

    decided_ns: int
    time_zone: str
    rule: str
    opens_on: str
    closes_on: str
    fps: float
    opened_by: ZoneDecision
    closed_by: ZoneDecision | None = None
    others: tuple[ZoneDecision, ...] = ()
    zones: tuple[ZoneEvidence, ...] = ()
    people: tuple[PersonSpan, ...] = ()
    drift: tuple[PictureSpan, ...] = ()
    gaps: tuple[Gap, ...] = ()
    figures: tuple[Figure, ...] = ()
    merged_below_s: float = 0.0
    others_left_out: int = 0
    people_left_out: int = 0
    gaps_left_out: int = 0
