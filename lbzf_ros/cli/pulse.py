"""Does the graph live, and does it measure? What the watchdog of systemd is told.

A process that exists may still do nothing. So what counts is what comes out: every node has published diagnostics
lately (/healthz), and for each camera that delivers pictures the cycle tracker, the last in the row, has written down
its memory, which it does with every picture. A camera that is off is no reason to start everything anew: it cannot be
measured then, and the others go on.
"""

from __future__ import annotations

import json
import time
import urllib.error
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lbzf_ros.page import ask_page

_ANSWER_S = 4.0
_FRESH_S = 5.0
_STUCK_S = 30.0
"""So long pictures of a camera may come in and none be finished."""
_FIRST_S = 1800.0
"""The same before the first one: TensorRT may have an engine to build."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What was found. `text`: one line for people."""

    is_up: bool
    is_measuring: bool
    text: str


class PulseTaker:
    """Asks the page, and looks at what the cycle tracker writes."""

    def __init__(
        self,
        url: str,
        data: Path,
        cameras: Iterable[str],
        *,
        stuck_s: float = _STUCK_S,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked yet.

        Args:
            url: of the page.
            data: the data folder.
            cameras: labels of those that see a station.
            stuck_s: so long pictures of a camera may come in and none be finished.
            clock_s: a clock that is never set.
        """
        self._url, self._stuck_s, self._clock_s = url, stuck_s, clock_s
        self._progress = {camera: _Progress(data / "run", camera, clock_s()) for camera in cameras}

    def take(self) -> Pulse:
        """Look once; takes a few seconds at most."""
        cameras, missing = self._health()
        if cameras is None:
            return Pulse(False, False, f"not all nodes work: {missing}")
        delivering = {str(camera["label"]) for camera in cameras if _delivers(camera)}
        stuck = [
            camera
            for camera, progress in self._progress.items()
            if progress.waits_s(self._clock_s(), is_delivering=camera in delivering)
            > (self._stuck_s if progress.has_moved else _FIRST_S)
        ]
        text = f"{len(delivering)} of {len(cameras)} cameras deliver"
        if stuck:
            return Pulse(
                True,
                False,
                f"{text}; no picture of {', '.join(stuck)} was finished for {self._stuck_s:.0f} s",
            )
        return Pulse(True, True, text)

    def _health(self) -> tuple[list[dict[str, Any]] | None, str]:
        """The cameras when every node works; otherwise None, and what is missing."""
        try:
            with ask_page(f"{self._url}/healthz", _ANSWER_S) as answer:
                return list(json.loads(answer.read())["cameras"]), ""
        except urllib.error.HTTPError as error:
            return None, _missing(error.read())
        except (OSError, ValueError, KeyError, TypeError) as error:
            return None, f"the page does not answer ({error})"


class _Progress:
    """What the cycle tracker writes for one camera."""

    def __init__(self, folder: Path, camera: str, now_s: float) -> None:
        self._files = [folder / f"cycle_tracker_{camera}{ending}" for ending in (".a", ".b")]
        self._last = self._written()
        self._moved_s = now_s
        self.has_moved = False

    def waits_s(self, now_s: float, *, is_delivering: bool) -> float:
        """Seconds for which pictures have come in and none was finished."""
        written = self._written()
        if written != self._last:
            self._last, self.has_moved = written, True
            self._moved_s = now_s
        elif not is_delivering:
            self._moved_s = now_s
        return now_s - self._moved_s

    def _written(self) -> list[int]:
        return [file.stat().st_mtime_ns for file in self._files if file.exists()]


def _delivers(camera: dict[str, Any]) -> bool:
    age_s = camera.get("last_frame_age_s")
    return camera.get("state") == "online" and age_s is not None and age_s < _FRESH_S


def _missing(body: bytes) -> str:
    try:
        return ", ".join(json.loads(body)["missing"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")[:200]
