"""Read an MCAP file from its beginning, without its index, as far as it is whole: what a power cut has left."""

from __future__ import annotations

import importlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.records import Attachment, Channel, Chunk, Message, Schema, Statistics

from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.metadata import FileFacts, TopicFacts

MAGIC = b"\x89MCAP0\r\n"
_HEAD = struct.Struct("<BQ")
_LONGEST = 1 << 30
"""No record of ours is longer: a length above is damage."""
_END = frozenset({int(Opcode.DATA_END), int(Opcode.FOOTER)})

Record = Schema | Channel | Message | Attachment


@dataclass
class Scan:
    """What was found in a file; filled while its records are read.

    Attributes:
        whole: the file was finished in order.
        lost_bytes: bytes from which nothing could be read.
        damaged_chunks: pieces in the middle of the file whose checksum is wrong.
    """

    whole: bool = False
    lost_bytes: int = 0
    damaged_chunks: int = 0


def is_whole(path: Path) -> bool:
    """Whether a file was finished in order, by its end alone."""
    try:
        with path.open("rb") as stream:
            return make_reader(stream).get_summary() is not None
    except (OSError, McapError, struct.error, ValueError, AssertionError):
        return False


def facts_of(path: Path) -> tuple[FileFacts, list[TopicFacts]]:
    """What a file that was finished holds, from its index.

    Raises:
        BagError: it was not finished.
    """
    try:
        with path.open("rb") as stream:
            summary = make_reader(stream).get_summary()
    except (OSError, McapError, struct.error, ValueError, AssertionError) as error:
        raise BagError(f"{path}: cannot be read ({error}); try `lbzf bag recover {path}`") from error
    statistics: Statistics | None = summary.statistics if summary else None
    if summary is None or statistics is None:
        raise BagError(f"{path}: was cut off; `lbzf bag recover {path}` brings back what is in it")
    topics = [
        TopicFacts(
            channel.topic,
            summary.schemas[channel.schema_id].name if channel.schema_id in summary.schemas else "",
            channel.metadata.get("offered_qos_profiles", ""),
            channel.metadata.get("topic_type_hash", ""),
            statistics.channel_message_counts.get(number, 0),
        )
        for number, channel in summary.channels.items()
    ]
    return FileFacts(
        path.name, statistics.message_count, statistics.message_start_time, statistics.message_end_time
    ), topics


def scan(path: Path, found: Scan) -> Iterator[Record]:
    """Read every record that is whole, in order, also those of a chunk whose end is missing.

    Args:
        path: the file.
        found: is filled on the way.

    Raises:
        BagError: the file cannot be read, or is no MCAP file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                raise BagError(f"{path}: does not begin as an MCAP file does; nothing can be recovered")
            yield from _records(stream, size, found)
    except OSError as error:
        raise BagError(f"{path}: cannot be read: {error.strerror}") from error


def _records(stream: BinaryIO, size: int, found: Scan) -> Iterator[Record]:
    while True:
        began = stream.tell()
        head = stream.read(_HEAD.size)
        if len(head) < _HEAD.size:
            found.lost_bytes += len(head)
            return
        opcode, length = _HEAD.unpack(head)
        if opcode in _END:
            found.whole = True
            return
        there = min(length, size - stream.tell())
        if there < length:
            found.lost_bytes += size - began
            if opcode == Opcode.CHUNK and length < _LONGEST:
                yield from _cut_chunk(stream.read(there))
            return
        try:
            yield from _record(opcode, head + stream.read(length), found)
        except (McapError, struct.error, ValueError, zstandard.ZstdError):
            found.damaged_chunks += opcode == Opcode.CHUNK
            found.lost_bytes += length


def _record(opcode: int, record: bytes, found: Scan) -> Iterator[Record]:
    content = ReadDataStream(BytesIO(record[_HEAD.size :]))
    if opcode == Opcode.CHUNK:
        chunk = Chunk.read(content)
        data = _decompressed(chunk.compression, chunk.data)
        if chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc:
            found.damaged_chunks += 1
            found.lost_bytes += len(chunk.data)
        else:
            yield from _inside(data)
    elif opcode == Opcode.ATTACHMENT:
        yield Attachment.read(content)
    elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
        yield from _inside(record)


def _cut_chunk(content: bytes) -> Iterator[Record]:
    """The messages at the beginning of a chunk whose end is missing."""
    fixed = struct.Struct("<QQQII")
    try:
        *_, name_length = fixed.unpack_from(content)
        name = content[fixed.size : fixed.size + name_length].decode()
        data = content[fixed.size + name_length + 8 :]
        yield from _inside(_decompressed(name, data))
    except (struct.error, ValueError, McapError, zstandard.ZstdError):
        return


def _decompressed(compression: str, data: bytes) -> bytes:
    """As much of it as can be decompressed."""
    if not compression:
        return data
    if compression == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return bytes(importlib.import_module("lz4.frame").LZ4FrameDecompressor().decompress(data))


def _inside(data: bytes) -> Iterator[Record]:
    """The whole records of a chunk's content."""
    at = 0
    while at + _HEAD.size <= len(data):
        opcode, length = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        if end > len(data):
            return
        content = ReadDataStream(BytesIO(data[at + _HEAD.size : end]))
        if opcode == Opcode.MESSAGE:
            yield Message.read(content, length)
        elif opcode == Opcode.SCHEMA:
            yield Schema.read(content)
        elif opcode == Opcode.CHANNEL:
            yield Channel.read(content)
        at = end
