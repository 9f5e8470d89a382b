"""Make this machine ready for LBZF: the virtual environment, the messages, the project itself.

`./lbzf` calls it when something is missing or has changed. It does only what is missing, may be interrupted at any
point, and the next call goes on from there. Standard library only: it runs before anything is installed.

Where no ROS 2 is sourced, ROS comes from wheels into `.venv`, and the messages are installed there too, so that
`.venv/bin/python` needs no environment. Where one is sourced, `.venv` sees that ROS's packages, and colcon builds
into `build/` and `install/` as a ROS user would.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import system_packages
from steps import StepError, Steps

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG_FOLDER = ROOT / "log"
BUILD_FOLDER = ROOT / "build"
DONE = VENV / "lbzf-done.json"
"""What each finished step was done for."""
READY = VENV / "lbzf-ready"
"""What `./lbzf` looks at: written last."""

SUPPORTED_ROS = ("humble", "jazzy", "kilted")
EXIT_ERROR, EXIT_INTERRUPTED = 1, 130

_BUILD_HOST_SITE = re.compile(r"/opt/python/[^/;\"]+/lib/python[0-9.]+/site-packages")
_BUILD_HOST_INCLUDE = re.compile(r"/opt/python/[^/;\"]+/include/python[0-9.]+")


def main() -> None:
    """Do what is missing, or say what a person has to do."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--level", choices=("run", "test"), required=True, help="what is going to be called")
    parser.add_argument("--mode", required=True, help="wheels, or ros-DISTRO where a ROS 2 is sourced")
    parser.add_argument("--ready", required=True, help="line to write down when all is done")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with _lock() as held:
            if _is_ready(arguments.ready):  # somebody else prepared while this call waited
                return
            _prepare(Steps(LOG_FOLDER / "prepare.log", held), arguments.level, arguments.mode)
            READY.write_text(_ready_lines(arguments.ready), "utf-8")
    except StepError as error:
        print(
            f"error: {error}\nPut that right, then run the same command again: it goes on from here.",
            file=sys.stderr,
        )
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


def _prepare(steps: Steps, level: str, mode: str) -> None:
    print(f"Preparing (log: {steps.log.relative_to(ROOT)})", flush=True)
    READY.unlink(missing_ok=True)
    _check_platform(mode)
    _system(steps, level)
    _environment(steps, mode)
    locks = ["runtime"] if mode != "wheels" else ["runtime", "ros"]
    _packages(steps, "Python packages", locks)
    if level == "test":
        _packages(steps, "Python packages for the tests", ["dev"])
        _browser(steps)
    _project(steps)
    if mode == "wheels":
        _messages_into_venv(steps)
    else:
        _workspace(steps, mode)


# ---- the steps


def _check_platform(mode: str) -> None:
    if mode == "wheels":
        if platform.machine() != "x86_64":
            raise StepError(
                f"ROS 2 comes from PyPI for x86_64 only, this machine is {platform.machine()}: install a ROS 2 "
                f"({', '.join(SUPPORTED_ROS)}), source its setup.bash"
            )
        return
    distro = mode.removeprefix("ros-")
    if distro not in SUPPORTED_ROS:
        raise StepError(
            f"ROS_DISTRO is {distro!r}; supported are {', '.join(SUPPORTED_ROS)}. Source one of those, or none "
            "(unset ROS_DISTRO): then ROS comes from PyPI"
        )
    probe = subprocess.run(
        [_base_python(), "-c", "import rclpy"], capture_output=True, text=True, check=False
    )
    if probe.returncode:
        raise StepError(
            f"ROS 2 {distro} is sourced, but {_base_python()} cannot import its rclpy. Set LBZF_PYTHON to the Python "
            f"that this ROS was built for.\n{probe.stderr.strip()}"
        )


def _system(steps: Steps, level: str) -> None:
    packages = system_packages.missing(level)
    if not packages:
        return
    prefix = system_packages.installer()
    if prefix is None:
        raise StepError(system_packages.advice(packages))
    with steps.step(f"System packages: {len(packages)}"):
        steps.run([*prefix, "apt-get", "-q", "update"])
        steps.run([*prefix, "apt-get", "-q", "-y", "install", "--no-install-recommends", *packages])
        if still := system_packages.missing(level):
            raise StepError(system_packages.advice(still))


def _environment(steps: Steps, mode: str) -> None:
    if _venv_works(mode):
        return
    with steps.step("Virtual environment"):
        shutil.rmtree(VENV, ignore_errors=True)
        shared = ["--system-site-packages"] if mode != "wheels" else []
        steps.run([_base_python(), "-m", "venv", *shared, str(VENV)])


def _packages(steps: Steps, title: str, locks: list[str]) -> None:
    files = [ROOT / "requirements" / f"{name}.lock" for name in locks]
    key = _digest(files)
    if _is_done(title, key):
        return
    with steps.step(title):
        _remove_half_installed()
        listed = [word for file in files for word in ("-r", str(file))]
        steps.run([*_pip(), "--require-hashes", *listed], env=_clean_environment())
        if "ros" in locks:
            _fix_cmake_prefixes()
        _set_done(title, key)


def _browser(steps: Steps) -> None:
    """Ubuntu's Chromium is a snap, which a container cannot run: take the one that Playwright brings."""
    if not system_packages.is_ubuntu() or shutil.which("google-chrome"):
        return
    title, key = "Browser for the tests", _digest([ROOT / "requirements" / "dev.lock"])
    if _is_done(title, key):
        return
    with steps.step(title):
        if prefix := system_packages.installer():
            steps.run([*prefix, str(VENV / "bin" / "playwright"), "install-deps", "chromium"])
        steps.run([str(VENV / "bin" / "playwright"), "install", "chromium"])
        _set_done(title, key)


def _project(steps: Steps) -> None:
    title, key = (
        "Project",
        _digest([ROOT / name for name in ("setup.py", "setup.cfg", "pyproject.toml", "package.xml")]),
    )
    if _is_done(title, key):
        return
    with steps.step(title):
        steps.run(
            [*_pip(), "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], env=_clean_environment()
        )
        _register()
        _set_done(title, key)


def _register() -> None:
    """Make the project in place a ROS package for `ros2 run` and `ros2 launch`: what an installation would copy."""
    links = {
        VENV / "share" / "ament_index" / "resource_index" / "packages" / "lbzf": ROOT / "resource" / "lbzf",
        **{VENV / "share" / "lbzf" / name: ROOT / name for name in ("package.xml", "config", "db", "launch")},
        **{VENV / "lib" / "lbzf" / name: VENV / "bin" / name for name in _executables()},
    }
    for link, target in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def _executables() -> list[str]:
    """Names of the project's commands, as its installation wrote them down."""
    entry_points = next(VENV.glob("lib/python3.*/site-packages/lbzf-*.dist-info/entry_points.txt"))
    lines = entry_points.read_text("utf-8").splitlines()
    return [line.partition("=")[0].strip() for line in lines if "=" in line]


def _messages_into_venv(steps: Steps) -> None:
    """Build lbzf_interfaces and install it beside the ROS wheels."""
    title = "Messages (lbzf_interfaces)"
    key = _digest([*_interface_sources(), ROOT / "requirements" / "ros.lock"])
    if _is_done(title, key):
        return
    with steps.step(title):
        shutil.rmtree(BUILD_FOLDER / "lbzf_interfaces", ignore_errors=True)
        for installed in (VENV / "share" / "lbzf_interfaces", VENV / "include" / "lbzf_interfaces"):
            shutil.rmtree(installed, ignore_errors=True)
        for installed in VENV.glob("lib/python3.*/site-packages/lbzf_interfaces"):
            shutil.rmtree(installed)  # a message that no longer exists must not stay importable
        environment = {
            **_clean_environment(),
            "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "AMENT_PREFIX_PATH": str(VENV),
            "CMAKE_PREFIX_PATH": str(VENV),
            "LD_LIBRARY_PATH": str(VENV / "lib"),
            "CMAKE_GENERATOR": "Ninja",
        }
        layout = ["--install-base", str(VENV), "--merge-install"]
        _colcon(steps, ["--base-paths", "lbzf_interfaces", *layout], environment)
        _set_done(title, key)


def _workspace(steps: Steps, mode: str) -> None:
    """Build the project and its messages with the sourced ROS."""
    title = f"Workspace for ROS 2 {mode.removeprefix('ros-')}"
    sources = [*_interface_sources(), *(ROOT / name for name in ("setup.py", "setup.cfg", "package.xml"))]
    key = _digest(sources) + os.environ["AMENT_PREFIX_PATH"]
    if _is_done(title, key) and (ROOT / "install" / "local_setup.sh").exists():
        return
    with steps.step(title):
        for folder in (BUILD_FOLDER, ROOT / "install"):
            shutil.rmtree(folder, ignore_errors=True)
        # Colcon and what else the system has comes first, as for any ROS user.
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}{os.pathsep}{VENV / 'bin'}"}
        _colcon(steps, ["--base-paths", ".", "lbzf_interfaces", "--symlink-install"], environment)
        _set_done(title, key)


def _colcon(steps: Steps, options: list[str], environment: dict[str, str]) -> None:
    python = [f"-DPython3_EXECUTABLE={PYTHON}", f"-DPYTHON_EXECUTABLE={PYTHON}"]
    steps.run(
        [
            *(str(VENV / "bin" / "colcon"), "--log-base", str(LOG_FOLDER), "build", *options),
            *("--event-handlers", "console_direct+", "desktop_notification-"),
            *("--cmake-args", *python, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=OFF", "-Wno-dev"),
        ],
        env=environment,
        cwd=ROOT,
    )


# ---- what is there already


def _venv_works(mode: str) -> bool:
    """Whether the virtual environment is whole, belongs to this folder and fits the way ROS comes."""
    try:
        settings = (VENV / "pyvenv.cfg").read_text("utf-8")
        shebang = (VENV / "bin" / "pip").read_text("utf-8")[:1000]
    except OSError:
        return False
    shared = "include-system-site-packages = true" in settings
    if shared != (mode != "wheels") or str(VENV / "bin") not in shebang:
        return False
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    probe = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([str(PYTHON), "-c", probe], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.stdout.strip() == version


def _remove_half_installed() -> None:
    """Forget packages whose installation was cut off: pip takes them for whole although files are missing."""
    for information in VENV.glob("lib/python3.*/site-packages/*.dist-info"):
        if not (information / "RECORD").exists():
            shutil.rmtree(information)


def _fix_cmake_prefixes() -> None:
    """The ROS wheels name the folders of the machine that built them: put this machine's there."""
    site = next(VENV.glob("lib/python3.*/site-packages"))
    for path in VENV.glob("share/*/cmake/*.cmake"):
        text = path.read_text("utf-8")
        fixed = _BUILD_HOST_SITE.sub(str(site), text)
        fixed = _BUILD_HOST_INCLUDE.sub(sysconfig.get_path("include"), fixed)
        if fixed != text:
            path.write_text(fixed, "utf-8")


def _is_done(step: str, key: str) -> bool:
    return _done().get(step) == key


def _set_done(step: str, key: str) -> None:
    part = DONE.with_suffix(".part")
    part.write_text(json.dumps({**_done(), step: key}, indent=1), "utf-8")
    part.replace(DONE)


def _done() -> dict[str, str]:
    try:
        return dict(json.loads(DONE.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def _is_ready(line: str) -> bool:
    return READY.exists() and PYTHON.exists() and line in READY.read_text("utf-8").splitlines()


def _ready_lines(line: str) -> str:
    """What is ready for the tests is ready to run."""
    level, digest = line.split()
    return "".join(f"{name} {digest}\n" for name in dict.fromkeys((level, "run")))


# ---- small things


def _interface_sources() -> list[Path]:
    return sorted(path for path in (ROOT / "lbzf_interfaces").rglob("*") if path.is_file())


def _digest(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return total.hexdigest()


def _pip() -> list[str]:
    return [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]


def _base_python() -> str:
    """The Python behind this one: a virtual environment that is about to be removed must not run the removal."""
    return str(getattr(sys, "_base_executable", sys.executable))


def _clean_environment() -> dict[str, str]:
    """The environment without another ROS's traces."""
    leave = ("AMENT_", "CMAKE_", "COLCON_", "PYTHONPATH", "LD_LIBRARY_PATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(leave)}


@contextlib.contextmanager
def _lock() -> Iterator[int]:
    """One preparation at a time."""
    LOG_FOLDER.mkdir(exist_ok=True)
    with (LOG_FOLDER / "prepare.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting: another ./lbzf is preparing this folder", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
