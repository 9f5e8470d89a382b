"""`lbzf record`: write what the running system says into a bag."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from lbzf_ros.bags import BAGS
from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.cli.plant_file import plant_of
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.environment import node_environment
from lbzf_ros.stop_signals import StopSignals

if TYPE_CHECKING:
    from lbzf_ros.bags.contents import Images
    from lbzf_ros.bags.recording import BagRecorder
    from lbzf_ros.bags.writing import BagWriter, Split

_TICK_S = 0.2
_SAY_EVERY_S = 60.0
_CATCHES_UP_WITHIN_S = 15.0
"""Pictures that wait to be compressed when it is told to stop are still written."""

_BYTES_PER_MB = 1_000_000
_NS_PER_MIN = 60_000_000_000


def record(
    data: Path = DATA,
    plant: Path | None = PLANT,
    out: Path | None = typer.Option(
        None,
        "--out",
        help="Folder of the bag; must not be there yet.",
        show_default="bags/YYYYMMDD_HHMMSS in the data folder, UTC",
    ),
    images: str | None = typer.Option(
        None,
        "--images",
        help="Pictures: none, jpeg (small), png or raw (pixel by pixel, for replays that measure the same).",
        show_default="the plant file's bag.images",
    ),
    seconds: float | None = typer.Option(
        None, "--seconds", min=0.1, help="Stop by itself after so many seconds.", show_default="at Ctrl-C"
    ),
    max_file_mb: int | None = typer.Option(
        None,
        "--max-file-mb",
        min=1,
        help="Begin a new file after so many MB.",
        show_default="bag.max_file_mb",
    ),
    max_file_minutes: int | None = typer.Option(
        None,
        "--max-file-minutes",
        min=1,
        help="Begin a new file after so many minutes.",
        show_default="bag.max_file_minutes",
    ),
) -> None:
    """Record what the running system says into a bag (MCAP) until Ctrl-C.

    It hears the lbzf up of the data folder, or whatever runs in ROS_DOMAIN_ID. People found, zones occupied, cycles,
    states, diagnostics and pictures are kept as the bytes that were sent, with the plant file; `lbzf replay` measures
    them again, and ros2 bag, Foxglove and rosbags read them.

    Exit status: 0 when the bag was finished, 1 when it could not be (what was written can be recovered).
    """
    from lbzf_ros.bags.contents import Images
    from lbzf_ros.bags.domain import domain_of
    from lbzf_ros.bags.writing import Split
    from lbzf_ros.disk import has_room

    _, settings = plant_of(data, plant)
    chosen = images or settings.bag.images
    if chosen not in [kind.value for kind in Images]:
        raise ConfigError(f"--images {chosen!r}: allowed are {', '.join(kind.value for kind in Images)}")
    domain = domain_of(data, os.environ.get("ROS_DOMAIN_ID"))
    folder = out or data / BAGS / f"{dt.datetime.now(dt.timezone.utc):%Y%m%d_%H%M%S}"
    if not has_room(_existing(folder), settings.storage.reserve_gb):
        raise ConfigError(
            f"{folder}: less than {settings.storage.reserve_gb:g} GB free there; make room first"
        )
    split = Split(
        (max_file_mb or settings.bag.max_file_mb) * _BYTES_PER_MB,
        (max_file_minutes or settings.bag.max_file_minutes) * _NS_PER_MIN,
    )
    _Session(settings, folder, split, Images(chosen)).run(domain, seconds)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.resolve()
    return folder if folder.exists() else _existing(folder.parent)


class _Session:
    def __init__(self, settings: Plant, folder: Path, split: Split, images: Images) -> None:
        self._settings, self._folder = settings, folder
        self._split, self._images = split, images
        self._console = Console(stderr=True)

    def run(self, domain: int, seconds: float | None) -> None:
        """Record until told to stop, or for so many seconds.

        Raises:
            ConfigError: the bag cannot be begun.
            BagError: the disk takes no more.
        """
        from lbzf_ros.bags.contents import repeated_topics
        from lbzf_ros.bags.errors import BagError
        from lbzf_ros.bags.plant import PLANT_NAME, plant_document
        from lbzf_ros.bags.writing import BagWriter

        stop = StopSignals()
        try:
            writer = BagWriter(
                self._folder,
                self._split,
                attachments={PLANT_NAME: plant_document(self._settings)},
                repeated=repeated_topics(self._settings),
            )
        except FileExistsError:
            raise ConfigError(f"{self._folder}: is there already; name another folder with --out") from None
        except OSError as error:
            raise ConfigError(f"{self._folder}: cannot be written: {error.strerror}") from None
        try:
            recorder = self._record(writer, domain, seconds, stop)
            if recorder.failure is not None:
                raise recorder.failure
            writer.close()
        except OSError as error:
            writer.abandon()
            raise BagError(
                f"{self._folder}: cannot be written any more: {error.strerror}. Make room; "
                f"`lbzf bag recover {self._folder}` brings back what was written"
            ) from error
        self._report(writer, recorder)

    def _record(
        self, writer: BagWriter, domain: int, seconds: float | None, stop: StopSignals
    ) -> BagRecorder:
        # Before ROS is loaded: the same discovery as the nodes have, and on this machine only.
        os.environ.update(node_environment())
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.signals import SignalHandlerOptions

        from lbzf_ros.bags.contents import recorded_topics
        from lbzf_ros.bags.recording import BagRecorder

        context = rclpy.Context()
        rclpy.init(args=[], context=context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        executor = SingleThreadedExecutor(context=context)
        recorder = BagRecorder(
            writer,
            recorded_topics(self._settings, self._images),
            self._images,
            jpeg_quality=self._settings.bag.jpeg_quality,
            flush_s=self._settings.bag.flush_s,
            context=context,
        )
        executor.add_node(recorder)
        self._say(f"Recording into {self._folder} (ROS domain {domain}); Ctrl-C ends it")
        if private := [c.label for c in self._settings.cameras if c.privacy.wanted]:
            self._say(f"Note: no pictures of {', '.join(private)}: their settings ask for privacy")
        until_s = time.monotonic() + (seconds if seconds is not None else float("inf"))
        say_s = time.monotonic() + _SAY_EVERY_S
        while not stop.is_set() and recorder.failure is None and time.monotonic() < until_s:
            executor.spin_once(timeout_sec=_TICK_S)
            if time.monotonic() > say_s:
                say_s += _SAY_EVERY_S
                self._say(f"{writer.messages} messages")
        until_s = time.monotonic() + _CATCHES_UP_WITHIN_S
        while recorder.failure is None and recorder.is_behind and time.monotonic() < until_s:
            executor.spin_once(timeout_sec=_TICK_S)
        executor.shutdown()
        recorder.destroy_node()
        rclpy.shutdown(context=context)
        return recorder

    def _say(self, text: str) -> None:
        with contextlib.suppress(
            OSError, SystemExit
        ):  # nobody reads it any more (rich exits then): the bag goes on
            self._console.print(text, soft_wrap=True, highlight=False)

    def _report(self, writer: BagWriter, recorder: BagRecorder) -> None:
        size = sum(path.stat().st_size for path in self._folder.iterdir())
        self._say(
            f"{self._folder}: {writer.messages} messages in {len(writer.facts.files)} files, {size / 1e6:.1f} MB"
        )
        for camera, count in recorder.missing.by_camera.items():
            looked_at = recorder.missing.looked_at[camera]
            self._say(
                f"Note: {camera}: {count} of {looked_at} pictures that were looked at are not in the bag"
            )
