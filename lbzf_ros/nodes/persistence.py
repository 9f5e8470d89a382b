"""Node: cycle events become rows. The only writer of measured rows.

It also brings the database to the present schema, enters the plant file, and tells all others which zones and
rules are in force.
"""

from __future__ import annotations

import contextlib
import functools
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lbzf_interfaces.msg import CycleEventAck, PlantInfo

from lbzf_ros import __version__
from lbzf_ros.config.schema import Plant
from lbzf_ros.config.stations_of import with_stations_of
from lbzf_ros.config.watched import PlantFile
from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import NS_PER_S, CycleEvent
from lbzf_ros.disk import has_room
from lbzf_ros.graph import node_names
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.keeper import Keeper
from lbzf_ros.nodes.recording import gap_values
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.diagnostics import Counter
from lbzf_ros.ros.params import declare_settings
from lbzf_ros.store.engine import DATABASE_NAME, release_memory, transaction, writing_engine
from lbzf_ros.store.errors import may_work_later
from lbzf_ros.store.identity import (
    database_generation,
    database_marker,
    had_database,
    remember_database,
)
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.replaced import file_identity
from lbzf_ros.store.video import write_gap
from lbzf_ros.store.writer import EventWriter
from lbzf_ros.store.zones import set_reference, with_references

_LOOK_EVERY_S = 1.0
_RELEASE_EVERY_S = 60.0
_LONGEST_CYCLE_H = 24.0
_NS_PER_H = 3600 * NS_PER_S
_SAY_LOST_EVERY_S = 30.0
_MOST_WAITING = 1000
"""Segments, gaps and pictures that wait for the database; those of some days, a gap that goes on counts once."""
_WHAT_WAITS = "segments, gaps and pictures"


class _Database:
    """The open database, and the file that it was when it was opened."""

    def __init__(self, path: Path, plant: Plant, *, now_ns: int) -> None:
        """Bring it to the present schema and enter the plant.

        Raises:
            StoreError: it cannot be used.
        """
        migrate(path, now_ns=now_ns)
        self.file = file_identity(path)
        self.engine = writing_engine(path)
        self.writer = EventWriter(self.engine)
        self.generation = database_generation(self.engine)
        self.rois = sync_plant(self.engine, plant, now_ns=now_ns, software_version=__version__)
        # Whose end is not even in the outbox of the tracker any more, it will not come.
        forgotten_ns = now_ns - round(max(plant.storage.keep_sent_hours, _LONGEST_CYCLE_H) * _NS_PER_H)
        self.writer.abort_lost(entered_before_ns=forgotten_ns, why="nobody measures it any more")
        remember_database(path.parent)

    def take(self, plant: Plant, *, now_ns: int) -> None:
        """Enter a changed plant.

        Raises:
            StoreError: the database refused; what was in force stays so.
        """
        self.rois = sync_plant(self.engine, plant, now_ns=now_ns, software_version=__version__)


_Write = Callable[[_Database], object]


class Persistence(LbzfNode):
    """Writes events and segments to the database and acknowledges what is committed."""

    lingers_s = 0.5  # the tracker gives up what runs, the recorder closes its segments

    def __init__(self) -> None:
        super().__init__("persistence")
        self._settings = declare_settings(self, self.plant.storage)
        self._data = self.data_folder()
        self._path = self._data / DATABASE_NAME
        self._data.mkdir(parents=True, exist_ok=True)
        self._counter = self.diagnostics.counter("cycle_events")
        self._trouble = self.diagnostics.counter("database")
        self._disk = self.diagnostics.counter("disk")
        self._backups = self.diagnostics.counter("backups")
        self._waiting: list[CycleEvent] = []
        self._unentered: dict[str, _Write] = {}
        self._since_s = 0.0
        self._lost_said_s = -math.inf
        self._ack = self.publisher(topics.CYCLE_EVENTS_ACK)
        self._info = self.publisher(topics.PLANT_INFO)
        self._rois = {c.label: self.publisher(topics.ROI_SET, c.label) for c in self.plant.cameras}
        self._plant_file = PlantFile(Path(self.get_parameter("plant").value))
        self._database: _Database | None = None
        if self._path.exists() or not had_database(self._data):
            self._open()
        self._keeper = Keeper(self._data, self.plant.backup)
        self._look()
        self.subscribe(topics.CYCLE_EVENTS, self._on_event)
        for camera in self.plant.cameras:
            self.subscribe(topics.SEGMENTS, self._on_segment, camera.label)
            self.subscribe(topics.VIDEO_GAPS, self._on_gap, camera.label)
            self.subscribe(topics.REFERENCE_FRAME, self._on_reference, camera.label)
        self.create_timer(self._settings.commit_every_s, self._commit)
        self.create_timer(_LOOK_EVERY_S, self._look)
        # Not in `_look`, which comes before each batch of events: they would wait for the lock twice.
        self.create_timer(_LOOK_EVERY_S, self._try_again)
        self.create_timer(_RELEASE_EVERY_S, self._release)

    def _open(self) -> None:
        """Open the database and tell everybody which zones and rules are in force."""
        self._database = _Database(self._path, self.plant, now_ns=self.get_clock().now().nanoseconds)
        for camera in self._rois:
            self._publish_rois(self._database, camera)
        self._info.publish(self._plant_info(self._database.generation))

    def _publish_rois(self, database: _Database, camera: str) -> None:
        self._rois[camera].publish(convert.rois_to_msg(database.rois[camera]))

    def _look(self) -> None:
        """See whether the database is still the file that was opened, and whether there is room on its disk."""
        found = file_identity(self._path)
        if self._database and found != self._database.file:
            self.get_logger().warning(f"{self._path} was replaced or deleted")
            self._database.engine.dispose()
            self._database = None
        if self._database is None:
            self._bring_back(found is not None)
        self._look_at_the_plant_file()
        alarms, ages = self._keeper.look()
        for name, age in ages.items():
            self.diagnostics.note(name, age)
        if alarms:
            self._backups.fail("; ".join(alarms))
        room = has_room(self._data, self._settings.reserve_gb)
        self.diagnostics.note("disk", "ok" if room else "below the reservation")
        if not room:
            self._disk.fail(
                f"less than {self._settings.reserve_gb:g} GB free in the data folder: cycles are still written, "
                "video and pictures are not; free some space"
            )

    def _release(self) -> None:
        """Hold no more memory after months than after an hour: pages of the file are kept by the system, too."""
        if self._database is not None:
            with contextlib.suppress(StoreError):  # `_look` says what is wrong with it
                release_memory(self._database.engine)

    def _look_at_the_plant_file(self) -> None:
        """Take over stations (zones, rules, limits) that were changed in it. All else waits for the next start."""
        changed = self._plant_file.changed()
        if isinstance(changed, str):
            self.get_logger().error(f"{changed}; the zones stay as they are")
        if not isinstance(changed, Plant):
            return
        plant = with_stations_of(self.plant, changed)
        if plant != changed:
            self.get_logger().warning("the plant file has changes that come into force at the next start")
        if plant == self.plant:
            return
        if self._database is not None:
            try:
                self._database.take(plant, now_ns=self.get_clock().now().nanoseconds)
            except StoreError as error:
                self._plant_file.forget()  # tried again at the next look
                self._trouble.fail(str(error))
                return
        self.plant = plant
        self.get_logger().info("stations of the plant file have changed: taken over")
        if self._database is not None:
            for camera in self._rois:
                self._publish_rois(self._database, camera)
            self._info.publish(self._plant_info(self._database.generation))

    def _bring_back(self, there: bool) -> None:
        """Use a database that somebody has put into the place of the one that is gone. Never make an empty one."""
        problem = (
            f"{self._path}: the database is gone; events wait. Bring it back with `lbzf restore`. To begin an empty "
            f"one instead, delete {database_marker(self._data)}."
        )
        if there or not had_database(self._data):
            try:
                self._open()
                return
            except StoreError as error:
                problem = str(error)
        self._trouble.fail(problem)
        if time.monotonic() - self._lost_said_s > _SAY_LOST_EVERY_S:
            self._lost_said_s = time.monotonic()
            self.get_logger().error(problem)

    def close(self) -> None:
        """Write what is waiting."""
        self._commit()
        self._try_again()
        if self._unentered:
            self.get_logger().error(f"lost: {', '.join(self._unentered)}")
        self._keeper.close()

    def _plant_info(self, generation: int) -> PlantInfo:
        return PlantInfo(
            name=self.plant.name,
            time_zone=self.plant.time_zone,
            modules=[module.code for module in self.plant.modules],
            cameras=[camera.label for camera in self.plant.cameras],
            nodes=node_names(self.plant),
            software_version=__version__,
            database_generation=generation,
        )

    def _on_event(self, message: Any) -> None:
        self._counter.received += 1
        try:
            event = convert.event_from_msg(message)
        except (InvalidValue, ValueError) as error:
            self._keep_broken(message, str(error))
            return
        self._since_s = self._since_s if self._waiting else time.monotonic()
        self._waiting.append(event)
        if len(self._waiting) >= self._settings.commit_every_events:
            self._commit()

    def _commit(self) -> None:
        if not self._waiting:
            return
        self._look()
        batch, self._waiting = self._waiting, []
        if self._database is None:
            return  # nothing is acknowledged, so the sender keeps it all and sends it again
        try:
            refused = self._database.writer.write(batch, now_ns=self.get_clock().now().nanoseconds)
        except StoreError as error:
            self._cannot_write(self._trouble, error)
            self.get_logger().error(f"{len(batch)} events not written, they will be sent again: {error}")
            return
        for _, why in refused:
            self._refuse(str(why))
        self._acknowledge([(event.event_uid, event.kind.value) for event in batch])
        for _ in batch:
            self._counter.done(time.monotonic() - self._since_s)

    def _acknowledge(self, done: list[tuple[str, str]]) -> None:
        self._ack.publish(
            CycleEventAck(event_uids=[uid for uid, _ in done], kinds=[kind for _, kind in done])
        )

    def _keep_broken(self, message: Any, why: str) -> None:
        """A message that is no event: kept as it came, and acknowledged, or it would come back for ever."""
        uid, kind = message.event_uid, message.kind
        now_ns = self.get_clock().now().nanoseconds
        error = self._write(
            lambda database: database.writer.refuse(uid, kind, convert.fields_of(message), why, now_ns)
        )
        if error:
            self.get_logger().error(f"event {uid} not entered, it will be sent again: {error}")
            return
        self._refuse(f"event {uid}: {why}")
        self._acknowledge([(uid, kind)])

    def _refuse(self, text: str) -> None:
        """An event that can never be written: said loudly and acknowledged, or it would come back for ever."""
        self._counter.skipped += 1
        self._counter.fail(text)
        self.get_logger().error(f"refused: {text}")

    def _on_segment(self, message: Any) -> None:
        self._enter(
            f"segment {message.path}",
            lambda database: database.writer.write_segment(
                camera=message.camera,
                path=message.path,
                start_ns=convert.time_from_msg(message.start),
                end_ns=convert.time_from_msg(message.end),
                frames=message.frames,
                codec=message.codec,
            ),
        )

    def _on_gap(self, message: Any) -> None:
        try:
            values = gap_values(message)
        except InvalidValue as error:
            self._refuse(str(error))
            return
        self._enter(
            f"gap of {values['camera']} from {values['start_ns']} ns",
            lambda database: write_gap(database.engine, **values),
        )

    def _on_reference(self, message: Any) -> None:
        meant = self._database
        self._enter(
            f"reference picture {message.path}", lambda database: self._take(database, message, meant)
        )

    def _take(self, database: _Database, message: Any, meant: _Database | None) -> None:
        """Keep a reference picture; who compares with it hears of it at once.

        Row ids of zones are those of one database. Of another one the recorder hears its zones, and sends it anew.
        """
        if database is not meant:
            return
        engine, camera = database.engine, message.camera
        if set_reference(engine, list(message.roi_version_ids), message.path, bytes(message.features)):
            with transaction(engine, "read the reference pictures") as connection:
                database.rois[camera] = with_references(connection, database.rois[camera])
            self._publish_rois(database, camera)

    def _enter(self, what: str, write: _Write) -> None:
        """Enter what nobody sends again; what the database does not take for now waits, and is tried again.

        A gap that goes on is told again and again, under one name: it takes its own place and pushes out no segment.
        """
        others_wait = bool(self._unentered)
        self._unentered[what] = write
        if not others_wait and (error := self._enter_waiting()):
            self.get_logger().error(f"{what} not entered for now, it waits: {error}")
        if len(self._unentered) > _MOST_WAITING:
            oldest = next(iter(self._unentered))
            del self._unentered[oldest]
            self.get_logger().error(f"{oldest} not entered: more than {_MOST_WAITING} wait for the database")
        self._note_waiting()

    def _try_again(self) -> None:
        waited = len(self._unentered)
        if waited and self._enter_waiting() is None:
            self.get_logger().warning(f"the database takes again what waited: {waited} {_WHAT_WAITS}")
        self._note_waiting()

    def _enter_waiting(self) -> StoreError | None:
        """Enter what waits, in the order in which it came; the error of the first that has to wait on."""
        while self._unentered:
            what, write = next(iter(self._unentered.items()))
            error = self._write(write)
            if error and self._may_work_later(error):
                return error
            del self._unentered[what]
            if error:
                self.get_logger().error(f"{what} not entered: {error}")
        return None

    def _write(self, write: _Write) -> StoreError | None:
        database = self._present_database()
        if database is None:
            return StoreError("the database is gone")
        try:
            write(database)
        except StoreError as error:
            self._cannot_write(self._counter, error)
            return error
        return None

    def _may_work_later(self, error: StoreError) -> bool:
        """Whether it is about the database, not about what was to be entered; one that is gone may come back."""
        return self._present_database() is None or may_work_later(error)

    def _present_database(self) -> _Database | None:
        """The database, unless its file is another one by now: row ids that are known are not those of that one."""
        if self._database is not None and file_identity(self._path) == self._database.file:
            return self._database
        return None  # until `_look` has opened what is there

    def _note_waiting(self) -> None:
        self.diagnostics.note("waiting", f"{len(self._unentered)} {_WHAT_WAITS}")

    def _cannot_write(self, counter: Counter, error: StoreError) -> None:
        """Say it at once: while the database is locked each write waits for seconds, so the next period is far."""
        counter.fail(str(error))
        self.diagnostics.publish()


main = functools.partial(run, Persistence)

if __name__ == "__main__":
    main()
