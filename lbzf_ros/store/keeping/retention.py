"""What every part of keeping needs: on what it works, who asked for it, when to stop, and how it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros.config.keeping import RetentionSettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.keeping.files import Amount, DataFiles
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.timestamps import to_text

EVENT_TABLES = ("cycle_events", "cycle_events_rejected")
MAINTENANCE = "maintenance"
"""Actor of what nobody asked for in person."""


def _nothing() -> None:
    pass


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run over a data folder.

    Attributes:
        writing: engine of `writing_engine`. Its transactions hold the lock that the writer of cycles needs: short ones.
        reading: engine of `reading_engine`, for everything that looks at many rows.
        data: the data folder.
        settings: how long, how much.
        now_ns: time of the run; what it changes carries this time.
        actor: who asked for it.
        on_file: called after every file that was dealt with.
        should_stop: asked between two files; what was begun is finished first.
    """

    writing: Engine
    reading: Engine
    data: Path
    settings: RetentionSettings
    now_ns: int
    actor: Actor
    on_file: Callable[[], None] = _nothing
    should_stop: Callable[[], bool] = _never
    files: DataFiles = field(init=False)

    def __post_init__(self) -> None:
        """Reach the files below the folder."""
        object.__setattr__(self, "files", DataFiles(self.data))

    @property
    def now(self) -> str:
        """Time of the run as the database writes it."""
        return to_text(self.now_ns)

    @property
    def frames_before(self) -> str:
        """Pictures of cycles that began before this have had their time."""
        return to_text(self.now_ns - self.settings.frames_days * 86_400 * NS_PER_S)

    @property
    def leftover_before_ns(self) -> int:
        """What was last written before this is not being written any more."""
        return self.now_ns - round(self.settings.leftover_hours * 3600 * NS_PER_S)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """Some files that go or stay, and why."""

    what: str
    goes: bool
    amount: Amount
    why: str
