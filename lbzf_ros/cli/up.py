"""`lbzf up`: run the whole graph until it is told to stop."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
from enum import Enum
from pathlib import Path

import typer

from lbzf_ros import __version__, graph
from lbzf_ros.cli import claims
from lbzf_ros.cli.log_stream import LogStream
from lbzf_ros.cli.plant_file import remember_plant
from lbzf_ros.cli.process_manager import ProcessManager
from lbzf_ros.cli.terminal import Terminal
from lbzf_ros.cli.watchdog import Watchdog
from lbzf_ros.config.load import load_plant, starting_at
from lbzf_ros.config.schema import START_TIME_HELP, Plant
from lbzf_ros.core.errors import GraphError
from lbzf_ros.page import ask_page, page_url
from lbzf_ros.resources import resource_path
from lbzf_ros.stop_signals import StopSignals

EXIT_CONFIG = 2
"""Exit status of a node that cannot run as it is configured; starting it again would not help."""
_TICK_S = 0.1
_SLOW_AFTER_S = 30.0
_ANSWER_S = 2.0

LogLevel = Enum("LogLevel", {name: name for name in graph.LOG_LEVELS}, type=str)  # type: ignore[misc]


def up(
    plant: Path | None = typer.Option(
        None, "--plant", help="Plant file (YAML).", show_default="the demo plant"
    ),
    data: Path = typer.Option(graph.DATA_FOLDER, "--data", help="Folder where the run keeps everything."),
    host: str | None = typer.Option(
        None, "--host", help="Address that the page listens on.", show_default="the plant file's web.host"
    ),
    port: int | None = typer.Option(
        None, "--port", min=1, max=65535, help="Port of the page.", show_default="the plant file's web.port"
    ),
    detector: str | None = typer.Option(
        None, "--detector", help="How people are found.", show_default="the plant file's detector.backend"
    ),
    start_time: str | None = typer.Option(
        None, "--start-time", help=START_TIME_HELP, show_default="the plant file's start_time"
    ),
    without: list[str] = typer.Option(
        [], "--without", help="Leave this node to somebody else (web_bridge in a container of its own)."
    ),
    log_level: LogLevel = typer.Option(graph.LOG_LEVEL, "--log-level", help="Least severity in the log."),
) -> None:
    """Run a plant: every node as its own process, restarted when it dies, until Ctrl-C.

    Without --plant it runs the demo plant with simulated cameras. The page's address is printed as soon as all
    nodes work together. Logs go to the terminal and to DIR/logs.
    """
    plant_file = plant or resource_path("config", graph.DEMO_PLANT)
    settings = load_plant(plant_file)
    data = data.resolve()
    url = page_url(settings.web, host=host, port=port)
    for camera in settings.cameras:
        starting_at(camera, start_time)  # said here in one line, rather than by each driver
    processes = graph.node_processes(
        settings, plant_file, data, detector=detector, host=host, port=port, start_time=start_time
    )
    processes = _chosen(processes, without)
    with (
        Terminal() as terminal,
        claims.data_folder(data),
        claims.ros_domain(os.environ.get("ROS_DOMAIN_ID")) as domain,
    ):
        if "web_bridge" not in without:
            claims.check_port(host or settings.web.host, port or settings.web.port)
        remember_plant(data, plant_file)
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        stop = StopSignals()
        terminal.say(_welcome(settings, plant_file, domain))
        seen = {station.camera for module in settings.modules for station in module.workstations}
        with (
            ProcessManager(processes, data, log_level.value) as manager,
            Watchdog(url, data, sorted(seen)) as watchdog,
        ):
            run = _Run(manager, [process.name for process in processes], url, data, terminal)
            run.until(stop, watchdog)
            terminal.say("Stopping…")
        terminal.say("Stopped.")


def _chosen(processes: list[graph.NodeProcess], without: list[str]) -> list[graph.NodeProcess]:
    """The processes that are not left out.

    Raises:
        GraphError: there is no such node.
    """
    names = [process.name for process in processes]
    if unknown := [name for name in without if name not in names]:
        raise GraphError(f"--without {unknown[0]}: there is no such node; there are: {', '.join(names)}")
    return [process for process in processes if process.name not in without]


class _Run:
    """Shows the log, and says when the graph is up."""

    def __init__(
        self, manager: ProcessManager, names: list[str], url: str, data: Path, terminal: Terminal
    ) -> None:
        self._manager, self._data, self._url, self._terminal = manager, data, url, terminal
        files = {name: manager.logs / f"{name}.log" for name in names}
        self._log = LogStream(files, terminal.say, coloured=_coloured())
        self._began_s = time.monotonic()
        self._missing = "nothing answers yet"
        self._told_slow = False
        self._is_managed = False

    def until(self, stop: StopSignals, watchdog: Watchdog) -> None:
        """Run until told to stop.

        Raises:
            GraphError: a node cannot run as it is configured, or the process manager has ended.
        """
        is_up = False
        while not stop.wait(_TICK_S):
            self._log.show_new()
            self._manager.check()
            watchdog.beat()
            if not is_up:  # a node that fails later is started again, and the others go on measuring
                self._check_configuration()
            if is_up:
                continue
            is_up = self._is_up()
            if is_up:
                self._log.show_new()
                self._terminal.say(self._ready())
            self._tell_slow()
        self._log.show_new()

    def _check_configuration(self) -> None:
        # Until it answers once, supervisor is asked at every tick: being asked is also what makes it start its
        # processes at once instead of a second later.
        self._is_managed = self._is_managed or bool(self._manager.states())
        for name in self._manager.exits_with(EXIT_CONFIG):
            self._log.show_new()
            raise GraphError(
                f"{name} cannot run as it is configured; its log says why: {self._manager.logs / name}.log"
            )

    def _is_up(self) -> bool:
        try:
            with ask_page(f"{self._url}/healthz", _ANSWER_S) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            self._missing = _summary(error.read())
        except (OSError, ValueError) as error:
            self._missing = f"the page does not answer ({error})"
        return False

    def _tell_slow(self) -> None:
        if not self._told_slow and time.monotonic() - self._began_s > _SLOW_AFTER_S:
            self._told_slow = True
            self._terminal.say(f"Not up after {_SLOW_AFTER_S:.0f} s, still trying: {self._missing}")

    def _ready(self) -> str:
        took_s = time.monotonic() - self._began_s
        lines = [
            f"Up after {took_s:.1f} s",
            f"  Page  {self._url}",
            f"  Data  {self._data}",
            "  Stop  Ctrl-C",
        ]
        return "\n".join(["", *(typer.style(line, bold=True) if _coloured() else line for line in lines), ""])


def _welcome(settings: Plant, plant_file: Path, domain: int) -> str:
    stations = sum(len(module.workstations) for module in settings.modules)
    text = f"LBZF {__version__}: {plant_file.name}, {len(settings.cameras)} cameras, {stations} workstations"
    return text + (f", ROS domain {domain}" if domain else "")


def _summary(body: bytes) -> str:
    """What /healthz says is missing, in one line."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")[:200]


def _coloured() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
