"""Make a bag that was cut off whole again: everything that reached the disk, with a new index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.records import Attachment, Channel, Message, Schema
from mcap.writer import CompressionType, Writer

from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.metadata import BagFacts, write_metadata
from lbzf_ros.bags.scanning import MAGIC, Record, Scan, facts_of, is_whole, scan
from lbzf_ros.disk import partial_of

DAMAGED = ".damaged"
"""Ending of a file as the power cut has left it, beside the one that was recovered from it."""
_NUMBER = re.compile(r"_(\d+)\.mcap$")


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of one file of a bag.

    Attributes:
        path: the file.
        was_whole: nothing had to be done.
        messages: how many it has now.
        lost_bytes: bytes of the old file from which nothing could be read.
        damaged_chunks: pieces in its middle whose checksum is wrong; the messages in them are lost.
    """

    path: Path
    was_whole: bool
    messages: int
    lost_bytes: int = 0
    damaged_chunks: int = 0


def files_of(bag: Path) -> list[Path]:
    """The MCAP files of a bag in order: of its folder, or the single file that is named.

    Raises:
        BagError: there is none.
    """
    if bag.is_file():
        return [bag]
    found = sorted(
        bag.glob("*.mcap"), key=lambda path: (int(n[1]) if (n := _NUMBER.search(path.name)) else 0, path)
    )
    if not found:
        raise BagError(f"{bag}: has no .mcap file; name the folder of a bag that lbzf record wrote")
    return found


def recover(bag: Path, *, progress: Callable[[Path], None] = lambda _: None) -> list[Recovered]:
    """Recover what can be read of a bag, in place, and write its metadata.yaml anew.

    A file that was cut off stays beside the recovered one, with the ending `.damaged`. A bag that is whole is left as
    it is. After an interruption it can be started again.

    Args:
        bag: its folder, or one .mcap file.
        progress: is told each file before it is looked at.

    Raises:
        BagError: there is no bag, or nothing can be read.
        OSError: the disk takes no more; what was there is as it was.
    """
    done = []
    for path in files_of(bag):
        progress(path)
        if is_whole(path):
            done.append(Recovered(path, True, facts_of(path)[0].messages))
        else:
            done.append(_recover_file(path))
    if bag.is_dir():
        # A file from which nothing came back is no part of the bag any more.
        write_metadata(bag, bag_facts([item.path for item in done if item.path.exists()]))
    return done


def bag_facts(files: list[Path]) -> BagFacts:
    """What the files of a bag hold together.

    Raises:
        BagError: one was not finished.
    """
    facts = BagFacts()
    for path in files:
        file, topics = facts_of(path)
        facts.files.append(file)
        for topic in topics:
            known = facts.topics.setdefault(topic.name, topic)
            if known is not topic:
                known.messages += topic.messages
    return facts


def _recover_file(path: Path) -> Recovered:
    found = Scan()
    damaged = path.with_name(path.name + DAMAGED)
    if path.stat().st_size < len(MAGIC):
        lost = path.stat().st_size
        path.rename(damaged)
        return Recovered(path, False, 0, lost)
    with partial_of(path) as partial:
        messages = _copy(scan(path, found), partial)
        damaged.unlink(missing_ok=True)
        damaged.hardlink_to(path)  # the old file keeps a name until the new one has its own
    if not messages:
        path.unlink()
    return Recovered(path, False, messages, found.lost_bytes, found.damaged_chunks)


def _copy(records: Iterator[Record], to: Path) -> int:
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    registered: dict[int, int] = {}
    messages = 0
    with to.open("xb") as stream:
        writer: Any = Writer(stream, compression=CompressionType.ZSTD)
        writer.start(profile="ros2", library="lbzf")
        for record in records:
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel):
                channels[record.id] = record
            elif isinstance(record, Attachment):
                writer.add_attachment(
                    record.create_time, record.log_time, record.name, record.media_type, record.data
                )
            elif isinstance(record, Message) and record.channel_id in channels:
                number = registered.get(record.channel_id)
                if number is None:
                    number = registered[record.channel_id] = _register(
                        writer, channels[record.channel_id], schemas
                    )
                writer.add_message(number, record.log_time, record.data, record.publish_time, record.sequence)
                messages += 1
        writer.finish()
    return messages


def _register(writer: Any, channel: Channel, schemas: dict[int, Schema]) -> int:
    schema = schemas.get(channel.schema_id)
    number = writer.register_schema(schema.name, schema.encoding, schema.data) if schema else 0
    return int(writer.register_channel(channel.topic, channel.message_encoding, number, channel.metadata))


def require_whole(bag: Path) -> None:
    """See that every file of a bag was finished.

    Raises:
        BagError: one was not, or the list of files is not there.
    """
    cut = [path.name for path in files_of(bag) if not is_whole(path)]
    if cut:
        raise BagError(
            f"{bag}: {', '.join(cut)} was cut off; `lbzf bag recover {bag}` brings back what is in it"
        )
