"""`lbzf bag`: what is in a bag, and bags that were cut off."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.bars import shown_progress

bag = typer.Typer(
    name="bag", no_args_is_help=True, help="Look into bags, and recover those that were cut off."
)


@bag.command()
def recover(path: Path = typer.Argument(metavar="BAG", help="The bag's folder, or one .mcap file.")) -> None:
    """Make a bag that was cut off (power failure, kill, full disk) whole again, with everything that reached the disk.

    A file that was cut off stays beside the recovered one with the ending .damaged; delete it when you like. A whole
    bag is left as it is. metadata.yaml is written anew.

    Exit status: 0 when the bag is whole now, also if something was lost; 1 when nothing could be read.
    """
    from lbzf_ros.bags import recover as recovering
    from lbzf_ros.bags.errors import BagError

    try:
        files = recovering.files_of(path)
        with shown_progress() as show:
            numbers = {file: number for number, file in enumerate(files)}
            done = recovering.recover(path, progress=lambda file: show(file.name, numbers[file], len(files)))
    except OSError as error:
        raise BagError(f"{path}: cannot be recovered: {error.strerror}; make room and start again") from error
    for item in done:
        typer.echo(f"{item.path}: {_in_words(item)}")
    if not any(item.messages for item in done):
        raise BagError(f"{path}: not a single message could be read")


@bag.command()
def info(path: Path = typer.Argument(metavar="BAG", help="The bag's folder, or one .mcap file.")) -> None:
    """Say what is in a bag: topics, messages, times, and from where it can be replayed."""
    from lbzf_ros.bags.metadata import BagFacts
    from lbzf_ros.bags.plant import plant_in_bag
    from lbzf_ros.bags.recover import bag_facts, files_of, require_whole

    require_whole(path)
    files = files_of(path)
    facts: BagFacts = bag_facts(files)
    console = Console()
    table = Table(title=path.name)
    for name in ("topic", "type", "messages"):
        table.add_column(name, justify="right" if name == "messages" else "left", overflow="fold")
    for topic in sorted(facts.topics.values(), key=lambda item: item.name):
        table.add_row(topic.name, topic.type_name, str(topic.messages))
    console.print(table)
    with_messages = [file for file in facts.files if file.messages]
    if with_messages:
        begin, end = min(file.first_ns for file in with_messages), max(file.last_ns for file in with_messages)
        console.print(f"From {_time(begin)} to {_time(end)}, {(end - begin) / 1e9:.1f} s", highlight=False)
    size_mb = sum(file.stat().st_size for file in files) / 1e6
    console.print(f"{len(files)} files, {size_mb:.1f} MB", highlight=False)
    plant = plant_in_bag(path)
    console.print(f"Plant: {plant.get('name')}" if plant else "Plant: none in it; lbzf replay needs --plant")


def _in_words(item: object) -> str:
    from lbzf_ros.bags.recover import Recovered

    assert isinstance(item, Recovered)
    if item.was_whole:
        return f"is whole, {item.messages} messages"
    damaged = f", {item.damaged_chunks} damaged pieces in its middle" if item.damaged_chunks else ""
    return f"was cut off: {item.messages} messages recovered, {item.lost_bytes} bytes lost{damaged}"


def _time(time_ns: int) -> str:
    return dt.datetime.fromtimestamp(time_ns / 1e9, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
