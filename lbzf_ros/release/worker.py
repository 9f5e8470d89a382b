"""What runs on the target: `python3 worker.pyz install | rollback | list | recover`. Standard library only.

`lbzf release` sends it there together with the archive, so that it does not matter what is installed already.
Exit status: 0 done; 1 not done, everything is as it was; 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn, TextIO

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.disk import write_whole
from lbzf_ros.release.change import install, recover, roll_back
from lbzf_ros.release.errors import ReleaseError
from lbzf_ros.release.listing import listing, listing_text
from lbzf_ros.release.site import Settings, Site

WORKER = "worker.pyz"
SETTINGS = ("data", "plant", "start", "stop", "health_url", "health_s", "steady", "keep", "environment_file")


def main(words: list[str] | None = None) -> None:
    """Do it."""
    arguments = parser().parse_args(words)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    signal.signal(signal.SIGHUP, _nothing)  # the connection broke: what is begun is brought to its end
    try:
        arguments.function(Site(Path(arguments.root).absolute()), arguments)
    except LbzfError as error:
        _say(f"error: {error}", sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        _say("interrupted; nothing has changed", sys.stderr)
        sys.exit(1)


def parser() -> argparse.ArgumentParser:
    """Of the command line."""
    top = argparse.ArgumentParser(
        prog=WORKER, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = top.add_subparsers(required=True)
    for name, function in (
        ("install", _install),
        ("rollback", _rollback),
        ("list", _list),
        ("recover", _recover),
    ):
        action = actions.add_parser(name)
        action.set_defaults(function=function)
        action.add_argument("--root", required=True, help="folder of the releases")
        if name == "install":
            action.add_argument("archive")
        if name in ("install", "rollback"):
            for setting in SETTINGS:
                kind = {"health_s": float, "steady": int, "keep": int}.get(setting, str)
                action.add_argument(f"--{setting.replace('_', '-')}", type=kind)
        if name == "rollback":
            action.add_argument("name", nargs="?", default="")
            action.add_argument("--drop-data", action="store_true")
        if name == "list":
            action.add_argument("--json", action="store_true")
    return top


def _install(site: Site, arguments: argparse.Namespace) -> None:
    with site.locked():
        _keep_worker(site)
        settings = _settings(site, arguments)
        name = install(site, settings, Path(arguments.archive), _teller(site))
    _say(f"{name} is installed and well.")


def _rollback(site: Site, arguments: argparse.Namespace) -> None:
    with site.locked():
        settings = _settings(site, arguments)
        name = roll_back(site, settings, arguments.name, _teller(site), drop_data=arguments.drop_data)
    _say(f"{name} runs again and is well.")


def _list(site: Site, arguments: argparse.Namespace) -> None:
    found = listing(site)
    _say(json.dumps(asdict(found), indent=1) if arguments.json else listing_text(found))


def _recover(site: Site, _arguments: argparse.Namespace) -> None:
    with site.locked():
        recover(site, _teller(site), is_boot=True)


def _settings(site: Site, arguments: argparse.Namespace) -> Settings:
    """As they were kept, with what is given now."""
    given = {name: value for name in SETTINGS if (value := getattr(arguments, name)) is not None}
    kept = site.settings()
    if kept is not None:
        return replace(kept, **given)
    if missing := [name for name in ("data", "plant") if name not in given]:
        raise ReleaseError(
            f"{site.root}: nothing is installed yet: the first time --{' and --'.join(missing)} is needed"
        )
    return Settings(**given)


def _keep_worker(site: Site) -> None:
    """Keep this program at the site: at its start the machine calls it to undo what was cut off."""
    program = Path(sys.argv[0])
    if program.name == WORKER and program.is_file() and program.absolute() != site.root / WORKER:
        write_whole(site.root / WORKER, program.read_bytes())


def _teller(site: Site) -> Callable[[str], None]:
    def tell(line: str) -> None:
        with site.log.open("a") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")
        _say(f"  {line}")

    return tell


def _say(line: str, stream: TextIO = sys.stdout) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more; the log has it
        print(line, file=stream, flush=True)


def _nothing(_number: int, _frame: object) -> None:
    """Not SIG_IGN: programs that are started would inherit that, LBZF itself among them."""


def _interrupt(_number: int, _frame: object) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _nothing)  # once is enough: undoing must not be cut off
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
