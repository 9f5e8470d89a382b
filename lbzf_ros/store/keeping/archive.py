"""Continuous copies: about once a minute, what was committed since goes into a piece of the present generation.

`pinned_log` says why nothing is missed. Without a pin (a new process) only the same salts and the same checksum at our
position prove that the log continues what was kept; otherwise a new generation begins, with a full copy as its base.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.disk import PARTIAL
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.keeping.generation import (
    CONTINUOUS,
    Generation,
    folder_name,
    list_generations,
    new_generation,
)
from lbzf_ros.store.keeping.packing import Progress, silent
from lbzf_ros.store.keeping.pinned_log import PinnedLog
from lbzf_ros.store.keeping.snapshot import checked_copy
from lbzf_ros.store.keeping.status import ContinuousStatus, locked, read_status, update_status
from lbzf_ros.store.keeping.wal import BrokenChain, Position, checksum_at, read_pages

_MB = 1_000_000
_NS_PER_H = 3600 * NS_PER_S
_RETRY_BASE_S = 600.0
"""After a full copy that failed: it is not tried at every step."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step did.

    Attributes:
        generation: name of the present generation.
        commits: transactions that were kept in pieces.
        new_base: whether a generation was begun.
        restarted: whether the log was emptied, so that it can begin anew.
    """

    generation: str
    commits: int
    new_base: bool
    restarted: bool


@dataclass(slots=True)
class _Chain:
    """A generation that is being continued: its last piece, and where that ends."""

    generation: Generation
    number: int
    position: Position


class Archive:
    """Keeps continuous copies of one database. Not for several threads at once."""

    def __init__(
        self, database: Path, folder: Path, settings: BackupSettings, *, progress: Progress = silent
    ) -> None:
        """Nothing is opened before the first step.

        Args:
            database: the file.
            folder: of the backups.
            settings: how often, how much.
            progress: of a full copy, which may take minutes.
        """
        self._database, self._folder, self._settings, self._progress = database, folder, settings, progress
        self._log: PinnedLog | None = None
        self._chain: _Chain | None = None
        self._held = ExitStack()
        self._next_base_s = 0.0

    def step(self, now_ns: int) -> Step:
        """Keep everything that is committed by now. From time to time that includes a full copy, which takes longer.

        Raises:
            StoreError: it could not be done, and the status says why; nothing is lost, the next step does it.
        """
        try:
            with sqlite_errors(self._database, "keep what is new in it"):
                step = self._step(now_ns)
                state = ContinuousStatus(success_ns=now_ns, generation=step.generation)
                update_status(self._folder, continuous=state)
        except StoreError as error:
            self._give_up_if_hopeless()
            self._tell(str(error), now_ns)
            raise
        return step

    def close(self) -> None:
        """Let go of the database. The next step goes on from here, if it can prove that nothing is missing."""
        if self._log is not None:
            self._log.close()
        self._log = self._chain = None
        self._held.close()

    def _step(self, now_ns: int) -> Step:
        log = self._opened(now_ns)
        commits, chain = 0, self._chain
        try:
            if chain is not None:
                with log.next_pin():
                    commits = self._keep(log, chain, now_ns)
        except BrokenChain:
            self._chain = None
        is_due = self._chain is None or now_ns - self._chain.generation.at_ns >= (
            self._settings.base_every_h * _NS_PER_H
        )
        clock = _Clock(now_ns, self._settings.continuous_every_s)
        new_base = is_due and self._begin_generation(log, clock)
        if self._chain is None:
            raise StoreError(f"{self._folder}: there is no full copy to go on from; it is tried again later")
        restarted = log.used_bytes() > self._settings.checkpoint_mb * _MB and self._empty(log, clock.now_ns())
        return Step(self._chain.generation.folder.name, commits, new_base, restarted)

    def _opened(self, now_ns: int) -> PinnedLog:
        if self._log is not None and not self._log.is_of(self._database):
            self.close()  # it was replaced, or deleted
        if self._log is None:
            try:
                self._held.enter_context(locked(self._folder / CONTINUOUS, "archive", wait=False))
            except BlockingIOError:
                raise StoreError(
                    f"{self._folder / CONTINUOUS}: another process keeps continuous copies already; run one only"
                ) from None
            try:
                self._log = PinnedLog(self._database)
                self._resume(self._log, now_ns)
            except BaseException:
                self.close()
                raise
        return self._log

    def _resume(self, log: PinnedLog, now_ns: int) -> None:
        """Go on with what an earlier process kept, or with nothing."""
        try:
            with log.next_pin():
                self._chain = self._resumed(log)
                if self._chain is not None:
                    self._keep(log, self._chain, now_ns)
        except BrokenChain:
            self._chain = None

    def _resumed(self, log: PinnedLog) -> _Chain | None:
        """The last generation, if the log provably continues it."""
        generations = list_generations(self._folder / CONTINUOUS)
        if not generations:
            return None
        pieces = generations[-1].pieces()
        end = pieces[-1].until if pieces else generations[-1].start
        header, frames = log.look()
        if header is None or header.salts != end.salts or frames < end.frame:
            return None
        if checksum_at(log.path, header, end.frame) != (end.salts, end.checksum):
            return None
        return _Chain(generations[-1], len(pieces), end)

    def _keep(self, log: PinnedLog, chain: _Chain, now_ns: int) -> int:
        """Write what is new into the next piece; the number of transactions in it."""
        header, frames = log.look()
        if header is None or frames == 0:  # begun anew, and nothing in it yet
            return 0
        after = chain.position
        if header.salts != after.salts:
            after = Position(header.salts, 0, header.checksum)
        if frames == after.frame:
            return 0
        if frames < after.frame:
            raise BrokenChain(f"{log.path}: has {frames} frames, {after.frame} were there before")
        pages, until = read_pages(log.path, header, after, frames)
        chain.generation.write_piece(chain.number + 1, now_ns, chain.position, until, pages)
        chain.number, chain.position = chain.number + 1, until
        return pages.commits

    def _begin_generation(self, log: PinnedLog, clock: _Clock) -> bool:
        """Make a full copy and go on from it; False: not yet, the last try failed."""
        if time.monotonic() < self._next_base_s:
            return False
        self._next_base_s = time.monotonic() + _RETRY_BASE_S
        at_ns = clock.now_ns()
        former, folder = self._chain, self._folder / CONTINUOUS / folder_name(at_ns)
        raw = folder / f"base.db{PARTIAL}"
        folder.mkdir(parents=True)
        try:
            with ExitStack() as held:
                with log.writers_wait():
                    pin = held.enter_context(log.next_pin())
                    if former is not None:
                        self._keep(log, former, at_ns)
                    start = log.end()

                def meanwhile() -> None:
                    if former is not None and clock.is_time():
                        self._keep(log, former, clock.now_ns())

                def shown(doing: str, done: int, total: int) -> None:
                    self._progress(doing, done, total)
                    meanwhile()

                facts = checked_copy(pin, raw, progress=self._progress, between=meanwhile)
                generation = new_generation(
                    folder,
                    raw,
                    at_ns=at_ns,
                    start=start,
                    facts=facts,
                    level=self._settings.compression_level,
                    progress=shown,
                )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._chain, self._next_base_s = _Chain(generation, 0, start), 0.0
        self._keep(log, self._chain, clock.now_ns())
        self._remove_old(at_ns)
        return True

    def _empty(self, log: PinnedLog, now_ns: int) -> bool:
        """Let the log begin anew: while writers wait, all of it is kept and brought into the database file."""
        assert self._chain is not None
        try:
            with log.writers_wait():
                with log.next_pin():
                    self._keep(log, self._chain, now_ns)
                if not log.is_empty_after_checkpoint():
                    return False  # somebody reads an older state; another time
                with log.next_pin():
                    pass  # reads from the database file alone, and so lets the log begin anew
            log.pin_to_log()
            return True
        except sqlite3.OperationalError:  # somebody writes for long; another time
            return False

    def _remove_old(self, now_ns: int) -> None:
        """Remove the generations of which no moment is needed any more, and what is left of those never finished."""
        folder = self._folder / CONTINUOUS
        generations = list_generations(folder)
        needed_ns = now_ns - int(self._settings.continuous_days * 24 * _NS_PER_H)
        stay = {
            generation.folder
            for generation, following in zip(generations, [*generations[1:], None], strict=True)
            if following is None or following.at_ns > needed_ns
        }
        for path in folder.iterdir():
            if path.is_dir() and path not in stay:
                shutil.rmtree(path, ignore_errors=True)

    def _give_up_if_hopeless(self) -> None:
        """After an error: keep the pin only if there is something to go on from, and the log is not too large."""
        if self._log is None:
            return
        try:
            wal_bytes = self._log.path.stat().st_size
        except OSError:
            wal_bytes = 0
        if self._chain is None or wal_bytes > self._settings.wal_limit_mb * _MB:
            self.close()

    def _tell(self, error: str, now_ns: int) -> None:
        try:
            last = read_status(self._folder).continuous
            state = ContinuousStatus(
                success_ns=last.success_ns, generation=last.generation, error=error, error_ns=now_ns
            )
            update_status(self._folder, continuous=state)
        except StoreError:
            return  # the disk may be full; the error itself is what counts


class _Clock:
    """Time goes on while a full copy is made."""

    def __init__(self, now_ns: int, every_s: float) -> None:
        self._now_ns, self._every_s = now_ns, every_s
        self._began_s = self._last_s = time.monotonic()

    def now_ns(self) -> int:
        return self._now_ns + int((time.monotonic() - self._began_s) * NS_PER_S)

    def is_time(self) -> bool:
        """Whether so much has passed since this was last true."""
        if time.monotonic() - self._last_s < self._every_s:
            return False
        self._last_s = time.monotonic()
        return True
