"""Write a bag: MCAP files in a folder with metadata.yaml, as `ros2 bag record -s mcap` makes it.

Messages are written as the bytes that came. What came is on the disk after `flush`, in whole chunks: a file that is cut
off there or anywhere has everything up to its last whole chunk, and `recover.py` makes a bag of it again.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import yaml
from mcap.writer import CompressionType, Writer
from rclpy.qos import QoSProfile

from lbzf_ros.bags.metadata import BagFacts, FileFacts, TopicFacts, document, qos_yaml, write_metadata
from lbzf_ros.bags.schemas import Schema, schema_of

_CHUNK_BYTES = 1 << 20
_PICTURE_CHUNK_BYTES = 4 << 20
_NO_LIMIT = 1 << 40
_PICTURES = frozenset({"sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"})


@dataclass(frozen=True, slots=True)
class Split:
    """When a file of a bag ends and the next one begins.

    Attributes:
        max_bytes: before it is longer than this.
        max_ns: before it covers more time than this.
    """

    max_bytes: int
    max_ns: int


class BagWriter:
    """Writes one bag. Not for several threads at once."""

    def __init__(
        self,
        folder: Path,
        split: Split,
        *,
        attachments: dict[str, bytes],
        repeated: frozenset[str] = frozenset(),
    ) -> None:
        """Begin.

        Args:
            folder: of the bag; it is made, and its last part is the bag's name.
            split: when files end.
            attachments: what every file also holds, by name.
            repeated: topics whose latest message every file begins with, so that it can be played alone.

        Raises:
            OSError: it cannot be written; FileExistsError when it is there already.
        """
        folder.mkdir(parents=True)
        self.folder = folder
        self._split, self._attachments, self._repeated = split, attachments, repeated
        self.facts = BagFacts()
        self._latest: dict[str, tuple[TopicFacts, Schema, bytes]] = {}
        self._file: _File | None = None

    @property
    def messages(self) -> int:
        """Messages written so far."""
        return sum(file.messages for file in self.facts.files)

    def write(
        self,
        topic: str,
        message_type: Any,
        qos: QoSProfile,
        cdr: bytes,
        log_ns: int,
        publish_ns: int | None = None,
    ) -> None:
        """Add a message.

        Args:
            topic: its full name.
            message_type: its class.
            qos: how it is published; the first word on a topic counts.
            cdr: the message as it came.
            log_ns: when it was received.
            publish_ns: when it was sent, by the sender; None: not known.

        Raises:
            OSError: the disk takes no more.
        """
        schema = schema_of(message_type)
        known = self.facts.topics.get(topic)
        if known is None:
            known = TopicFacts(topic, schema.name, qos_yaml(qos), schema.type_hash)
            self.facts.topics[topic] = known
        self._file_for(log_ns).write(known, schema, cdr, log_ns, publish_ns or log_ns)
        if topic in self._repeated:
            self._latest[topic] = (known, schema, cdr)

    def flush(self) -> None:
        """Bring everything to the disk, so that a power cut takes none of it.

        Raises:
            OSError: the disk takes no more.
        """
        if self._file:
            self._file.flush()

    def close(self) -> None:
        """Finish the bag.

        Raises:
            OSError: the disk takes no more; what was written before stays, to be recovered.
        """
        file, self._file = self._file, None
        if file:
            file.close(self.facts)
        write_metadata(self.folder, self.facts)

    def abandon(self) -> None:
        """Let go of the file as it is, where it cannot be finished; it can be recovered."""
        file, self._file = self._file, None
        if file:
            file.abandon()

    def _file_for(self, log_ns: int) -> _File:
        current = self._file
        if current and (
            current.bytes_written >= self._split.max_bytes
            or (current.facts.messages and abs(log_ns - current.facts.first_ns) >= self._split.max_ns)
        ):
            self._file = None
            current.close(self.facts)
            write_metadata(self.folder, self.facts)
            current = None
        if current is None:
            number = len(self.facts.files)
            current = _File(self.folder / f"{self.folder.name}_{number}.mcap", self._attachments, log_ns)
            self._file = current
            self.facts.files.append(current.facts)
            for topic, schema, cdr in self._latest.values():
                current.write(topic, schema, cdr, log_ns, log_ns)
        return current


class _File:
    """One MCAP file. Pictures have chunks of their own: who reads detections need not decompress pictures."""

    def __init__(self, path: Path, attachments: dict[str, bytes], log_ns: int) -> None:
        self.facts = FileFacts(path.name)
        self._channels: dict[str, int] = {}
        self._stream: BinaryIO = path.open("xb")
        # Any: some methods of the library have no types.
        self._writer: Any = Writer(self._stream, chunk_size=_NO_LIMIT, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library="lbzf")
        for name, content in attachments.items():
            self._writer.add_attachment(log_ns, log_ns, name, "application/yaml", content)
        self._messages, self._pictures = _Waiting(_CHUNK_BYTES), _Waiting(_PICTURE_CHUNK_BYTES)

    @property
    def bytes_written(self) -> int:
        return self._stream.tell() + self._pictures.size

    def write(self, topic: TopicFacts, schema: Schema, cdr: bytes, log_ns: int, publish_ns: int) -> None:
        channel = self._channels.get(topic.name)
        if channel is None:
            channel = self._channels[topic.name] = self._register(topic, schema)
        waiting = self._pictures if schema.name in _PICTURES else self._messages
        waiting.add(channel, cdr, log_ns, publish_ns)
        self.facts.add(log_ns)
        topic.messages += 1
        if waiting.is_full:
            self._write_chunk(waiting)

    def _register(self, topic: TopicFacts, schema: Schema) -> int:
        number = self._writer.register_schema(schema.name, "ros2msg", schema.definition.encode())
        described = {"offered_qos_profiles": topic.qos, "topic_type_hash": topic.type_hash}
        return int(self._writer.register_channel(topic.name, "cdr", number, described))

    def _write_chunk(self, waiting: _Waiting) -> None:
        for channel, cdr, log_ns, publish_ns in waiting.take():
            self._writer.add_message(channel, log_ns, cdr, publish_ns)
        self._writer.flush()

    def flush(self) -> None:
        self._write_chunk(self._messages)
        self._write_chunk(self._pictures)
        os.fsync(self._stream.fileno())

    def close(self, facts: BagFacts) -> None:
        self._write_chunk(self._messages)
        self._write_chunk(self._pictures)
        # Where `ros2 bag info` looks in a file that has no metadata.yaml beside it.
        content = yaml.safe_dump(document(facts), sort_keys=False)
        self._writer.add_metadata("rosbag2", {"serialized_metadata": content})
        self._writer.finish()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def abandon(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()


class _Waiting:
    """Messages that will be one chunk."""

    def __init__(self, limit: int) -> None:
        self._limit, self.size = limit, 0
        self._messages: list[tuple[int, bytes, int, int]] = []

    @property
    def is_full(self) -> bool:
        return self.size >= self._limit

    def add(self, channel: int, cdr: bytes, log_ns: int, publish_ns: int) -> None:
        self._messages.append((channel, cdr, log_ns, publish_ns))
        self.size += len(cdr)

    def take(self) -> list[tuple[int, bytes, int, int]]:
        taken, self._messages, self.size = self._messages, [], 0
        return taken
