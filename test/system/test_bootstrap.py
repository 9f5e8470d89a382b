"""What `./lbzf` does before the command line tool runs.

That a bare machine gets ready at all takes minutes and a network: every CI run begins with it. Here are the parts.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import prepare
import pytest
import system_packages
from steps import StepError, Steps

from lbzf_ros import __version__, graph
from lbzf_ros.config.load import load_plant
from lbzf_ros.resources import resource_path

ROOT = resource_path()
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


# ---- ./lbzf itself


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The files that `./lbzf` looks at, with a preparation and a command line tool that only say that they run."""
    tree = tmp_path / "a folder"
    tree.mkdir()
    for name in ("lbzf", "setup.py", "setup.cfg", "package.xml", "pyproject.toml"):
        shutil.copy(ROOT / name, tree / name)
    for name in ("requirements", "deploy", "lbzf_interfaces"):
        shutil.copytree(ROOT / name, tree / name)
    (tree / "deploy" / "prepare.py").write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "print('prepares for', sys.argv[sys.argv.index('--mode') + 1])\n"
        "if '--fail' in Path(__file__).parent.joinpath('fail').read_text(): sys.exit(1)\n"
        "Path(__file__).parents[1].joinpath('.venv', 'lbzf-ready').write_text(sys.argv[-1] + '\\n')\n"
    )
    (tree / "deploy" / "fail").write_text("")
    commands = tree / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "python").symlink_to(sys.executable)
    (commands / "lbzf").write_text('#!/bin/sh\necho "runs $*"\n')
    (commands / "lbzf").chmod(0o755)
    return tree


def call(tree: Path, *words: str, **variables: str) -> list[str]:
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [str(tree / "lbzf"), *words]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, cwd="/"
    ).stdout.splitlines()


def test_it_prepares_once(tree: Path) -> None:
    assert call(tree, "up", "--port", "1") == ["prepares for wheels", "runs up --port 1"]
    assert call(tree, "up", "--port", "1") == ["runs up --port 1"]


@pytest.mark.parametrize("changed", ["requirements/runtime.lock", "lbzf_interfaces/msg/Zone.msg", "setup.py"])
def test_it_prepares_again_after_a_change(tree: Path, changed: str) -> None:
    call(tree, "up")
    with (tree / changed).open("a") as file:
        file.write("\n")
    assert call(tree, "up") == ["prepares for wheels", "runs up"]


def test_it_prepares_again_where_it_was_moved_to(tree: Path) -> None:
    call(tree, "up")
    assert call(tree.rename(tree.with_name("elsewhere")), "up") == ["prepares for wheels", "runs up"]


def test_it_prepares_again_when_the_environment_is_gone(tree: Path) -> None:
    call(tree, "up")
    (tree / ".venv" / "bin" / "python").unlink()
    assert call(tree, "up")[0] == "prepares for wheels"


def test_the_tests_need_more_than_a_run(tree: Path) -> None:
    call(tree, "up")
    assert call(tree, "test") == ["prepares for wheels", "runs test"]


def test_a_sourced_ros_is_used(tree: Path) -> None:
    (tree / "install").mkdir()
    (tree / "install" / "local_setup.sh").write_text('echo "sources $COLCON_CURRENT_PREFIX"\n')
    ros = {"ROS_DISTRO": "jazzy", "AMENT_PREFIX_PATH": "/opt/ros/jazzy"}
    assert call(tree, "up", **ros) == ["prepares for ros-jazzy", f"sources {tree / 'install'}", "runs up"]


def test_nothing_runs_when_the_preparation_fails(tree: Path) -> None:
    (tree / "deploy" / "fail").write_text("--fail")
    assert call(tree, "up") == ["prepares for wheels"]


def test_a_python_that_does_not_fit_is_named(tree: Path) -> None:
    done = subprocess.run(
        [str(tree / "lbzf"), "up"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "LBZF_PYTHON": "/bin/false"},
        check=False,
    )
    assert done.returncode == 1
    assert "LBZF_PYTHON=/bin/false is not Python 3.10 to 3.13" in done.stderr


# ---- system packages


def test_every_line_of_the_list_can_be_looked_up() -> None:
    assert set(system_packages.missing("run")) <= set(system_packages.missing("test"))


def test_a_missing_compiler_is_noticed_and_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "g++" in system_packages.missing("run")
    assert "sudo apt-get install g++" in system_packages.advice(["g++"])
    assert system_packages.installer() is None


# ---- steps


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(tmp_path / "log.txt", held=os.open(os.devnull, os.O_RDONLY))


def test_a_failed_step_shows_the_end_of_its_output(steps: Steps) -> None:
    script = "for n in range(100): print('line', n)\nraise SystemExit(3)"
    with pytest.raises(StepError) as error, steps.step("Counting"):
        steps.run([sys.executable, "-c", script])
    text = str(error.value)
    assert "'Counting' failed (exit status 3)" in text
    assert "line 99" in text
    assert "line 50" not in text
    assert "line 50" in steps.log.read_text()


def test_a_command_that_is_not_there(steps: Steps) -> None:
    with pytest.raises(StepError, match="no-such-command: No such file"), steps.step("Trying"):
        steps.run(["no-such-command"])


def test_an_interrupted_step_takes_its_commands_with_it(tmp_path: Path) -> None:
    script = (
        "import os, prepare, signal, steps, sys\n"
        "from pathlib import Path\n"
        "signal.signal(signal.SIGTERM, prepare._interrupt)\n"
        "run = steps.Steps(Path(sys.argv[1]), os.open(os.devnull, os.O_RDONLY))\n"
        "with run.step('Waiting'): run.run(['sh', '-c', 'sleep 61 & echo $!; wait'])\n"
    )
    log = tmp_path / "log.txt"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "deploy")}
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(log)], env=environment, stderr=subprocess.DEVNULL
    )
    until_s = time.monotonic() + 20
    while not (log.exists() and re.search(r"^\d+$", log.read_text(), re.MULTILINE)):
        assert time.monotonic() < until_s
        time.sleep(0.05)
    sleeping = re.findall(r"^\d+$", log.read_text(), re.MULTILINE)[0]
    process.terminate()
    process.wait(20)
    while Path("/proc", sleeping).exists() and "sleep" in Path("/proc", sleeping, "cmdline").read_text():
        assert time.monotonic() < until_s
        time.sleep(0.05)


# ---- what is there already


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment that the preparation takes for its own."""
    venv = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    site = next(venv.glob("lib/python3.*/site-packages"))
    (site / "pip").mkdir()
    (site / "pip" / "__init__.py").write_text("")
    (venv / "bin" / "pip").write_text(f"#!{venv}/bin/python\n")
    for name, path in {"VENV": venv, "PYTHON": venv / "bin" / "python", "DONE": venv / "done.json"}.items():
        monkeypatch.setattr(prepare, name, path)
    return venv


def test_a_whole_environment_is_kept(venv: Path) -> None:
    assert venv.exists()
    assert prepare._venv_works("wheels")


def test_an_environment_without_a_sourced_ros_does_not_serve_one(venv: Path) -> None:
    assert venv.exists()
    assert not prepare._venv_works("ros-jazzy")


def test_a_half_made_environment_is_made_anew(venv: Path) -> None:
    shutil.rmtree(next(venv.glob("lib/python3.*/site-packages/pip")))
    assert not prepare._venv_works("wheels")


def test_a_moved_environment_is_made_anew(venv: Path) -> None:
    (venv / "bin" / "pip").write_text("#!/elsewhere/.venv/bin/python\n")
    assert not prepare._venv_works("wheels")


def test_an_environment_whose_python_is_gone_is_made_anew(venv: Path) -> None:
    for name in ("python", "python3"):
        (venv / "bin" / name).unlink(missing_ok=True)
    assert not prepare._venv_works("wheels")


def test_packages_cut_off_while_being_installed_are_installed_again(venv: Path) -> None:
    site = next(venv.glob("lib/python3.*/site-packages"))
    for name, files in {"whole": ["METADATA", "RECORD"], "half": ["METADATA"]}.items():
        (site / f"{name}-1.0.dist-info").mkdir()
        for file in files:
            (site / f"{name}-1.0.dist-info" / file).write_text("")
    prepare._remove_half_installed()
    assert sorted(path.name for path in site.glob("*.dist-info")) == ["whole-1.0.dist-info"]


def test_the_build_hosts_folders_become_this_machines(venv: Path) -> None:
    file = venv / "share" / "std_msgs" / "cmake" / "export.cmake"
    file.parent.mkdir(parents=True)
    python = "/opt/python/cp311-cp311"
    file.write_text(
        f'"{python}/include/python3.11;{python}/lib/python3.11/site-packages/numpy/_core/include"'
    )
    prepare._fix_cmake_prefixes()
    site = next(venv.glob("lib/python3.*/site-packages"))
    assert file.read_text() == f'"{sysconfig.get_path("include")};{site}/numpy/_core/include"'


def test_a_finished_step_is_not_done_again_until_its_reason_changes(venv: Path) -> None:
    assert venv.exists()
    prepare._set_done("Packages", "one")
    assert prepare._is_done("Packages", "one")
    assert not prepare._is_done("Packages", "two")
    prepare.DONE.write_text("{ cut off")
    assert not prepare._is_done("Packages", "one")


def test_two_at_once_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "LOG_FOLDER", tmp_path)
    script = (
        "import prepare, sys; from pathlib import Path\n"
        "prepare.LOG_FOLDER = Path(sys.argv[1])\n"
        "with prepare._lock(): print('mine')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "deploy")}
    with prepare._lock():
        other = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert other.stdout is not None
        assert "another ./lbzf is preparing" in other.stdout.readline()
    assert other.stdout.readline() == "mine\n"
    assert other.wait(20) == 0


@pytest.mark.parametrize(
    ("mode", "said"), [("ros-foxy", "supported are humble, jazzy, kilted"), ("ros-", "''")]
)
def test_another_ros_is_refused(mode: str, said: str) -> None:
    with pytest.raises(StepError, match=said):
        prepare._check_platform(mode)


# ---- what belongs together


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_pins_every_package_by_hash_and_names_no_host(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert "://" not in text
    blocks = re.split(r"\n(?=\S)", text.partition("\n")[2])
    assert len(blocks) > 5
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)


def test_everything_asked_for_is_locked() -> None:
    def normal(name: str) -> str:
        return re.split(r"[\[<>=;\s]", name)[0].lower().replace("_", "-")

    asked = {
        normal(line)
        for file in (ROOT / "requirements").glob("*.in")
        for line in file.read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    }
    locked = {normal(line) for lock in LOCKS for line in lock.read_text("utf-8").splitlines() if "==" in line}
    assert asked <= locked


def test_one_version_everywhere() -> None:
    packages = [ROOT / "package.xml", ROOT / "lbzf_interfaces" / "package.xml"]
    found = {path: ET.parse(path).getroot().findtext("version") for path in packages}
    found[ROOT / "setup.py"] = re.findall(r'version="([^"]+)"', (ROOT / "setup.py").read_text())[0]
    assert set(found.values()) == {__version__}


def test_every_node_of_the_graph_is_an_executable() -> None:
    plant = load_plant(resource_path("config", graph.DEMO_PLANT))
    commands = {path.name for path in Path(sys.prefix, "bin").iterdir()}
    assert {process.executable for process in graph.node_processes(plant, Path(), Path())} <= commands
