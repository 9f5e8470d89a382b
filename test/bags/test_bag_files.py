"""Bags as files: every tool reads them, and nothing that reached the disk is lost when they are cut off."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from mcap.reader import make_reader
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from sensor_msgs.msg import CompressedImage, Image

from lbzf_ros.bags.metadata import NAME
from lbzf_ros.bags.recover import DAMAGED, files_of, recover
from lbzf_ros.bags.schemas import schema_of
from lbzf_ros.bags.stored import messages
from lbzf_ros.bags.writing import BagWriter, Split
from lbzf_ros.core.errors import LbzfError
from lbzf_ros.ros import topics
from test.bags.recorded import command, plant, recorder
from test.support.ros import listener

BEGIN_NS = 1_784_127_600_000_000_000
STEP_NS = 10_000_000
NO_SPLIT = Split(1 << 40, 1 << 62)
ALL = [
    *(topic.type for topic in vars(topics).values() if isinstance(topic, topics.Topic)),
    CompressedImage,
]


def said(number: int) -> bytes:
    """A message that cannot be compressed away."""
    text = random.Random(number).randbytes(60).hex()
    return bytes(
        serialize_message(DiagnosticArray(status=[DiagnosticStatus(name=str(number), message=text)]))
    )


def write(folder: Path, count: int, split: Split = NO_SPLIT, *, flush_every: int = 250) -> list[bytes]:
    """A bag of so many messages, in chunks of `flush_every`; gives them."""
    writer = BagWriter(folder, split, attachments={"plant.yaml": b"name: LBZF"})
    contents = [said(number) for number in range(count)]
    for number, content in enumerate(contents):
        writer.write(
            "/diagnostics", DiagnosticArray, topics.DIAGNOSTICS.qos, content, BEGIN_NS + number * STEP_NS
        )
        if number % flush_every == flush_every - 1:
            writer.flush()
    writer.close()
    return contents


def read(bag: Path) -> list[bytes]:
    """All messages, as our replays read them."""
    return [message.cdr for message in messages([bag], ["/diagnostics"])]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_definitions_and_hashes_are_those_of_the_types(kind: Any) -> None:
    schema = schema_of(kind)
    types = get_typestore(Stores.EMPTY)
    types.register(
        get_types_from_msg(schema.definition, schema.name)
    )  # a second opinion: computed from the text
    assert types.hash_rihs01(schema.name) == schema.type_hash
    message = kind()
    again = types.deserialize_cdr(serialize_message(message), schema.name)
    assert set(message.get_fields_and_field_types()) <= set(vars(again))


def test_every_tool_reads_the_bytes_that_came(tmp_path: Path) -> None:
    contents = write(tmp_path / "bag", 600)
    with AnyReader([tmp_path / "bag"]) as bag:  # rosbags: metadata.yaml, index and definitions
        (connection,) = bag.connections
        assert (connection.msgtype, connection.msgcount) == ("diagnostic_msgs/msg/DiagnosticArray", 600)
        assert connection.digest == schema_of(DiagnosticArray).type_hash
        assert [bytes(cdr) for _, _, cdr in bag.messages()] == contents
    with (tmp_path / "bag" / "bag_0.mcap").open("rb") as stream:  # Foxglove's own library
        reader = make_reader(stream, validate_crcs=True)
        assert [message.data for _, _, message in reader.iter_messages()] == contents
        assert reader.get_header().profile == "ros2"
        assert [(item.name, item.data) for item in reader.iter_attachments()] == [
            ("plant.yaml", b"name: LBZF")
        ]
        assert [record.name for record in reader.iter_metadata()] == ["rosbag2"]
    assert read(tmp_path / "bag") == contents


def test_files_end_by_size_and_by_time(tmp_path: Path) -> None:
    by_time = write(tmp_path / "time", 600, Split(1 << 40, 200 * STEP_NS))
    by_size = write(tmp_path / "size", 600, Split(30_000, 1 << 62))
    assert [path.name for path in files_of(tmp_path / "time")] == [
        "time_0.mcap",
        "time_1.mcap",
        "time_2.mcap",
    ]
    assert len(files_of(tmp_path / "size")) > 1
    assert read(tmp_path / "time") == by_time
    assert read(tmp_path / "size") == by_size
    described = yaml.safe_load((tmp_path / "time" / NAME).read_text("utf-8"))["rosbag2_bagfile_information"]
    assert described["message_count"] == 600
    assert [file["message_count"] for file in described["files"]] == [200, 200, 200]


def test_every_file_begins_with_the_zones(tmp_path: Path) -> None:
    rois = bytes(serialize_message(topics.ROI_SET.type(camera="cam1")))
    name = topics.ROI_SET.of("cam1")
    writer = BagWriter(
        tmp_path / "bag", Split(1 << 40, 100 * STEP_NS), attachments={}, repeated=frozenset([name])
    )
    writer.write(name, topics.ROI_SET.type, topics.ROI_SET.qos, rois, BEGIN_NS)
    for number in range(250):
        writer.write(
            "/diagnostics", DiagnosticArray, topics.DIAGNOSTICS.qos, b"x", BEGIN_NS + number * STEP_NS
        )
    writer.close()
    files = files_of(tmp_path / "bag")
    assert len(files) == 3
    assert [[found.cdr for found in messages([file], [name])] for file in files] == [[rois]] * 3


def test_a_bag_that_was_cut_anywhere_keeps_every_message_of_its_whole_part(tmp_path: Path) -> None:
    flush_every = 250
    contents = write(tmp_path / "bag", 1500, flush_every=flush_every)
    whole = (tmp_path / "bag" / "bag_0.mcap").read_bytes()
    ends = chunk_ends(tmp_path / "bag" / "bag_0.mcap")
    places = [0, 5, 8, 40, *random.Random(1).sample(range(len(whole)), 40), len(whole) - 1]
    for cut in places:
        folder = tmp_path / str(cut)
        folder.mkdir()
        file = folder / f"{cut}_0.mcap"
        file.write_bytes(whole[:cut])
        (result,) = recover(folder)
        expected = flush_every * sum(end <= cut for end in ends)
        assert not result.was_whole
        assert result.messages >= expected
        assert file.with_name(file.name + DAMAGED).read_bytes() == whole[:cut]
        if result.messages:
            assert read(folder) == contents[: result.messages]
            with AnyReader([folder]) as bag:
                assert bag.message_count == result.messages
            assert all(item.was_whole for item in recover(folder))


def chunk_ends(file: Path) -> list[int]:
    with file.open("rb") as stream:
        summary = make_reader(stream).get_summary()
        assert summary is not None
        return [index.chunk_start_offset + index.chunk_length for index in summary.chunk_indexes]


def test_messages_of_a_chunk_whose_end_is_missing_are_kept(tmp_path: Path) -> None:
    contents = write(tmp_path / "bag", 6000, flush_every=6000)  # one chunk of a megabyte
    file = tmp_path / "bag" / "bag_0.mcap"
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    (result,) = recover(tmp_path / "bag")
    assert result.messages > 1000
    assert read(tmp_path / "bag") == contents[: result.messages]


def test_damage_in_the_middle_costs_its_chunk_only(tmp_path: Path) -> None:
    contents = write(tmp_path / "bag", 1000)
    file = tmp_path / "bag" / "bag_0.mcap"
    content = bytearray(file.read_bytes())
    second = list(chunk_ends(file))[1]
    content[second - 500] ^= 0xFF
    file.write_bytes(content[:-20])  # and cut off, or nobody would look
    (result,) = recover(tmp_path / "bag")
    assert result.damaged_chunks == 1
    assert read(tmp_path / "bag") == contents[:250] + contents[500:]


def test_what_is_no_bag_is_said(tmp_path: Path) -> None:
    with pytest.raises(LbzfError, match=r"has no \.mcap file"):
        recover(tmp_path)
    (tmp_path / "a.mcap").write_bytes(b"something else entirely")
    with pytest.raises(LbzfError, match="does not begin as an MCAP file does"):
        recover(tmp_path / "a.mcap")


def test_a_recorder_that_is_killed_loses_no_more_than_its_last_second(tmp_path: Path) -> None:
    plant_file = tmp_path / "plant.yaml"
    plant_file.write_text(yaml.safe_dump({**plant(), "bag": {"flush_s": 0.2}}), "utf-8")
    bag, sent = tmp_path / "bag", list[bytes]()
    with recorder(bag, plant_file) as process, listener() as ear:
        publisher = ear.publisher(topics.DIAGNOSTICS)
        images = ear.publisher(topics.IMAGE_LOSSLESS, "cam1")
        ear.wait_for("the recorder", lambda: publisher.get_subscription_count() > 0)
        ear.wait_for("the recorder", lambda: images.get_subscription_count() > 0)
        picture = Image(height=1, width=2, step=6, encoding="bgr8", data=b"\x01\x02\x03\x04\x05\x06")
        images.publish(picture)
        until_s = time.monotonic() + 20
        while not (files := list(bag.glob("*.mcap"))) or files[0].stat().st_size < 20_000:
            assert time.monotonic() < until_s
            sent.append(said(len(sent)))
            publisher.publish(sent[-1])
            time.sleep(0.002)
        process.kill()
    refused = subprocess.run(command("bag", "info", bag), capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "lbzf bag recover" in refused.stderr
    done = subprocess.run(command("bag", "recover", bag), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "was cut off" in done.stdout
    kept = read(bag)
    assert kept == sent[: len(kept)]  # byte by byte, none missing before the last
    assert len(kept) > 50
    (found,) = messages([bag], ["/lbzf/cam1/image_raw/compressed"])
    assert "jpeg" in deserialize_message(found.cdr, CompressedImage).format
    shown = subprocess.run(command("bag", "info", bag), capture_output=True, text=True, check=False)
    assert "/diagnostics" in shown.stdout
