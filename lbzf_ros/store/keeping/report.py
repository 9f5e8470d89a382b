"""`run/maintenance.json`: how each step of maintenance last went, for /diagnostics and for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.disk import write_whole
from lbzf_ros.store.keeping.status import locked

_NAME = Path("run", "maintenance.json")


class State(Enum):
    """How a step went."""

    OK = "ok"
    WARNING = "warning"
    """It was done, and somebody should look at what it says."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """How a step last went, in words."""

    step: str
    state: State
    text: str
    at_ns: int
    took_s: float


def write_report(data: Path, report: StepReport) -> None:
    """Replace what is known of one step; several processes may do this at once.

    Raises:
        StoreError: it cannot be written.
    """
    path = data / _NAME
    try:
        with locked(path.parent, "report"):
            known = {other.step: other for other in _read(path)} | {report.step: report}
            content = [asdict(other) | {"state": other.state.value} for other in known.values()]
            write_whole(path, json.dumps(content, indent=1, ensure_ascii=False).encode(), durable=False)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def read_reports(data: Path) -> tuple[StepReport, ...]:
    """Every step as it last went; nothing where maintenance has never run, or its file is damaged."""
    return tuple(_read(data / _NAME))


def maintenance_alarms(data: Path) -> tuple[str, ...]:
    """What somebody has to look at, one line each."""
    return tuple(
        f"maintenance, {report.step}: {report.text}"
        for report in read_reports(data)
        if report.state is State.FAILED
    )


def _read(path: Path) -> list[StepReport]:
    try:
        content = json.loads(path.read_text("utf-8"))
        return [StepReport(**item | {"state": State(item["state"])}) for item in content]
    except (OSError, ValueError, TypeError, KeyError):  # the next run writes it anew
        return []
