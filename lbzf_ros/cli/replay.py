"""`lbzf replay`: measure a recording again, into a folder of its own."""

from __future__ import annotations

from pathlib import Path

import typer

from lbzf_ros.cli.options import DATA
from lbzf_ros.core.errors import ConfigError


def replay(  # noqa: PLR0913, PLR0917  # one for each option
    what: str = typer.Argument(
        metavar="BAG|SEGMENTS|DAY",
        help="A bag (its folder, or one .mcap file), a segment of video or a folder of them, or a day of the data "
        "folder (YYYY-MM-DD, local time of the plant).",
    ),
    origin: str = typer.Option(
        "images", "--from", help="What is taken from the recording: images, detections or occupancy."
    ),
    speed: str = typer.Option(
        "max", "--speed", help="Times real time, e.g. 1 or 10; max: as fast as it goes."
    ),
    offline: bool = typer.Option(False, "--offline", help="Without ROS, as lbzf process does."),
    out: Path | None = typer.Option(
        None,
        "--out",
        help="Data folder of the replay; never one in which something was measured.",
        show_default="replays/NAME_FROM in the data folder",
    ),
    force: bool = typer.Option(False, "--force", help="Replace an earlier replay in that folder."),
    data: Path = DATA,
    plant: Path | None = typer.Option(
        None,
        "--plant",
        help="Measure with the zones, rules and model of this plant file instead.",
        show_default="as it was recorded",
    ),
    detector: str | None = typer.Option(
        None, "--detector", help="Measure with another detector.", show_default="as it was recorded"
    ),
    page: bool = typer.Option(False, "--page", help="Show the page meanwhile."),
    port: int | None = typer.Option(
        None, "--port", min=1, max=65535, help="Port of the page.", show_default="the plant's web.port"
    ),
    listed: bool = typer.Option(
        False,
        "--list",
        hidden=True,
        help="Only prepare the folder and print what the launch file needs, as JSON.",
    ),
    finish: bool = typer.Option(
        False,
        "--finish",
        hidden=True,
        help="Only write what the nodes of a replay have left; for the launch file.",
    ),
) -> None:
    """Measure a recording again: through the graph in lock-step, or --offline without ROS, with the recorded times.

    Nothing is dropped; what is too slow makes the replay slower. The same recording gives the same cycles as when it
    was recorded, with the same ids, from whichever step (from pictures: if they were recorded as png or raw).
    Database and pictures go into a folder of their own; the database of the plant is never touched.

    Exit status: 0 when everything was played, 1 after an error, 130 after Ctrl-C (the folder then holds a part).
    """
    from lbzf_ros.bags.reading import Origin
    from lbzf_ros.cli.replay_steps import Replay, Wanted

    if origin not in [kind.value for kind in Origin]:
        raise ConfigError(f"--from {origin!r}: allowed are {', '.join(kind.value for kind in Origin)}")
    wanted = Wanted(
        what, Origin(origin), _speed(speed), out, data, plant, detector, force=force, page=page, port=port
    )
    run = Replay(wanted)
    if finish:
        run.finish()
    elif listed:
        typer.echo(run.as_json())
    elif offline:
        run.offline()
    else:
        run.through_the_graph()


def _speed(text: str) -> float | None:
    """Times real time; None: as fast as it goes."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise ConfigError(f"--speed {text!r}: allowed are max and numbers above 0, e.g. 1 or 10")
    return speed
