"""What a label file says, and what has to be known beside it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.reports.evaluation.spans import Span, Station, Window


class LabelError(LbzfError):
    """A label file cannot be read or says what cannot be."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader is told about files that do not say it themselves.

    Attributes:
        stations: those that there are.
        station: of labels that name none; None: they have to.
        origin_ns: time of second 0 and of frame 0; None: the file, or the video beside it, has to say it.
        fps: pictures a second of the labelled video; None: labels by frame cannot be read.
        cvat_label: name of the CVAT label that marks a cycle; None: the only one.
    """

    stations: Collection[Station]
    station: Station | None = None
    origin_ns: int | None = None
    fps: float | None = None
    cvat_label: str | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one rater.

    Attributes:
        rater: who labelled.
        spans: by station and start.
        window: the time that was labelled; None: not known.
        files: names and sha256 of the files.
    """

    rater: str
    spans: tuple[Span, ...]
    window: Window | None
    files: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Problems:
    """What is wrong in a file, all of it."""

    file: str
    found: list[str] = field(default_factory=list)

    def add(self, where: str, error: object) -> None:
        """Note something wrong at a line or an element."""
        self.found.append(f"{where}: {error}")

    def raise_if_any(self, shown: int = 20) -> None:
        """Tell about all at once.

        Raises:
            LabelError: something is wrong.
        """
        if self.found:
            more = [f"and {len(self.found) - shown} more"] if len(self.found) > shown else []
            raise LabelError("\n".join(f"{self.file}: {text}" for text in [*self.found[:shown], *more]))
