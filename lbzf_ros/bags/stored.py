"""Messages of bags as the bytes that were recorded, by topic, in the order in which they came.

MCAP is read by the `mcap` library: by its index, so that chunks of other topics are passed over. Bags in SQLite are
read by `rosbags`, which also takes messages apart for the detector backend `recorded`.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mcap.exceptions import McapError
from mcap.reader import McapReader, make_reader

from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.recover import files_of
from lbzf_ros.detectors.bag import open_bag


class Stored(NamedTuple):
    """A message of a bag."""

    topic: str
    type_name: str
    log_ns: int
    cdr: bytes


def topics_of(paths: Sequence[Path]) -> set[str]:
    """The topics that bags have.

    Raises:
        BagError, DetectorError: a bag cannot be read.
    """
    found: set[str] = set()
    for path in paths:
        if not is_mcap(path):
            with open_bag(path) as bag:
                found |= {connection.topic for connection in bag.connections}
            continue
        for file in files_of(path):
            with _reader(file) as reader:
                summary = reader.get_summary()
                found |= {channel.topic for channel in summary.channels.values()} if summary else set()
    return found


def messages(paths: Sequence[Path], topics: Collection[str]) -> Iterator[Stored]:
    """All messages on some topics, in the order in which they were received.

    Raises:
        BagError, DetectorError: a bag cannot be read.
    """
    sources: list[Iterator[Stored]] = []
    for path in paths:
        sources += (
            [_of_mcap(file, topics) for file in files_of(path)]
            if is_mcap(path)
            else [_of_other(path, topics)]
        )
    return heapq.merge(*sources, key=lambda message: message.log_ns)


def is_mcap(path: Path) -> bool:
    """Whether a path is an MCAP file, or a folder with such files."""
    return path.suffix == ".mcap" or (path.is_dir() and next(path.glob("*.mcap"), None) is not None)


def _of_mcap(file: Path, topics: Collection[str]) -> Iterator[Stored]:
    with _reader(file) as reader:
        for schema, channel, message in reader.iter_messages(topics=list(topics)):
            yield Stored(channel.topic, schema.name if schema else "", message.log_time, message.data)


def _of_other(path: Path, topics: Collection[str]) -> Iterator[Stored]:
    with open_bag(path) as bag:
        chosen = [connection for connection in bag.connections if connection.topic in topics]
        for connection, log_ns, cdr in bag.messages(connections=chosen) if chosen else ():
            yield Stored(connection.topic, connection.msgtype, log_ns, bytes(cdr))


@contextmanager
def _reader(file: Path) -> Iterator[McapReader]:
    try:
        with file.open("rb") as stream:
            yield make_reader(stream)
    except (OSError, McapError, struct.error) as error:
        raise BagError(f"{file}: cannot be read ({error}); try `lbzf bag recover {file}`") from error
