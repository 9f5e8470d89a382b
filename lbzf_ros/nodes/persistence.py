"""Node: cycle events become rows. The only writer of measured rows.

It also brings the database to the present schema, enters the plant file, and tells all others which zones and
rules are in force.
"""

from __future__ import annotations

import functools
import time
from typing import Any

from lbzf_interfaces.msg import CycleEventAck, PlantInfo

from lbzf_ros import __version__
from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import CycleEvent
from lbzf_ros.graph import node_names
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.params import declare_settings
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter


class Persistence(LbzfNode):
    """Writes events and segments to the database and acknowledges what is committed."""

    lingers_s = 0.5  # the tracker gives up what runs, the recorder closes its segments

    def __init__(self) -> None:
        super().__init__("persistence")
        self._settings = declare_settings(self, self.plant.storage)
        data = self.data_folder()
        data.mkdir(parents=True, exist_ok=True)
        now_ns = self.get_clock().now().nanoseconds
        migrate(data / DATABASE_NAME, now_ns=now_ns)
        engine = writing_engine(data / DATABASE_NAME)
        self._writer = EventWriter(engine)
        rois = sync_plant(engine, self.plant, now_ns=now_ns, software_version=__version__)
        self._counter = self.diagnostics.counter("cycle_events")
        self._waiting: list[CycleEvent] = []
        self._since_s = 0.0
        self._ack = self.publisher(topics.CYCLE_EVENTS_ACK)
        self.subscribe(topics.CYCLE_EVENTS, self._on_event)
        for camera in self.plant.cameras:
            self.subscribe(topics.SEGMENTS, self._on_segment, camera.label)
            self.publisher(topics.ROI_SET, camera.label).publish(convert.rois_to_msg(rois[camera.label]))
        self.publisher(topics.PLANT_INFO).publish(self._plant_info())
        self.create_timer(self._settings.commit_every_s, self._commit)

    def close(self) -> None:
        """Write what is waiting."""
        self._commit()

    def _plant_info(self) -> PlantInfo:
        return PlantInfo(
            name=self.plant.name,
            time_zone=self.plant.time_zone,
            modules=[module.code for module in self.plant.modules],
            cameras=[camera.label for camera in self.plant.cameras],
            nodes=node_names(self.plant),
            software_version=__version__,
        )

    def _on_event(self, message: Any) -> None:
        self._counter.received += 1
        try:
            event = convert.event_from_msg(message)
        except (InvalidValue, ValueError) as error:
            self._refuse(f"event {message.event_uid}: {error}")
            return
        self._since_s = self._since_s if self._waiting else time.monotonic()
        self._waiting.append(event)
        if len(self._waiting) >= self._settings.commit_every_events:
            self._commit()

    def _commit(self) -> None:
        if not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        try:
            refused = self._writer.write(batch)
        except StoreError as error:
            # Nothing is acknowledged, so the sender keeps it all and sends it again.
            self._counter.fail(str(error))
            self.get_logger().error(f"{len(batch)} events not written, they will be sent again: {error}")
            return
        for event, why in refused:
            self._refuse(f"event {event.event_uid} ({event.kind.value}): {why}")
        self._ack.publish(
            CycleEventAck(
                event_uids=[event.event_uid for event in batch], kinds=[event.kind.value for event in batch]
            )
        )
        for _ in batch:
            self._counter.done(time.monotonic() - self._since_s)

    def _refuse(self, text: str) -> None:
        """An event that can never be written: said loudly and acknowledged, or it would come back for ever."""
        self._counter.skipped += 1
        self._counter.fail(text)
        self.get_logger().error(f"refused: {text}")

    def _on_segment(self, message: Any) -> None:
        try:
            self._writer.write_segment(
                camera=message.camera,
                path=message.path,
                start_ns=convert.time_from_msg(message.start),
                end_ns=convert.time_from_msg(message.end),
                frames=message.frames,
                codec=message.codec,
            )
        except StoreError as error:
            self._counter.fail(str(error))
            self.get_logger().error(f"segment {message.path} not entered: {error}")


main = functools.partial(run, Persistence)

if __name__ == "__main__":
    main()
