"""Dockerfile and compose files: as far as that can be known without a container engine."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import dry_build
import pytest
import yaml

from lbzf_ros.resources import resource_path

DOCKERFILE = resource_path("Dockerfile")
COMPOSE = resource_path("compose.yaml")
JETSON = resource_path("deploy", "compose.jetson.yaml")
SERVICES = ("nodes", "bridge", "maintenance")
HADOLINT = Path(sys.executable).with_name("hadolint")


@pytest.fixture(scope="module")
def stages() -> dict[str, dry_build.Stage]:
    return {stage.name: stage for stage in dry_build.parse(DOCKERFILE.read_text("utf-8"))[1]}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text("utf-8")))


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint is not installed (no build for this machine)")
def test_the_linter_finds_nothing() -> None:
    done = subprocess.run([str(HADOLINT), str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_base_has_a_version(stages: dict[str, dry_build.Stage]) -> None:
    arguments, _ = dry_build.parse(DOCKERFILE.read_text("utf-8"))
    images = {
        dry_build.expand(stage.base, arguments | {"FLAVOUR": flavour})
        for stage in stages.values()
        for flavour in ("plain", "l4t")
    } - {*stages, "scratch"}
    assert images == {"ros:jazzy-ros-base-noble"}
    assert "latest" not in DOCKERFILE.read_text("utf-8")


def test_everything_that_is_installed_is_pinned(stages: dict[str, dry_build.Stage]) -> None:
    for stage in stages.values():
        for word, command in stage.steps:
            if word != "RUN":
                continue
            for words in re.findall(r"apt-get ([^&|;]*install [^&|;]*)", command):
                # by the day of the archive, or each by its version
                packages = [
                    item for item in words.partition(" install ")[2].split() if not item.startswith("-")
                ]
                assert "--snapshot=" in words or all("=" in package for package in packages), words
            for words in re.findall(r"pip install ([^&|;]*)", command):
                assert ".whl" in words  # everything else comes from the locks, by hash
    for lock in resource_path("requirements").glob("*.lock"):
        entries = re.findall(r"^[a-z0-9][^\s;]*==", lock.read_text("utf-8"), re.MULTILINE)
        assert entries
        assert not re.findall(r"^[a-z0-9][^\s=;]*\s*(?:>=|~=|$)", lock.read_text("utf-8"), re.MULTILINE)


def test_the_image_runs_without_root_and_nothing_in_it_is_the_users(
    stages: dict[str, dry_build.Stage],
) -> None:
    steps = stages["lbzf"].steps
    user = [rest for word, rest in steps if word == "USER"]
    assert user == ["10001:10001"]
    assert not any("--chown" in rest for word, rest in steps if word == "COPY")
    assert [word for word, _ in steps if word in ("HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT")]


def test_nothing_that_is_copied_is_missing_and_nothing_private_goes_in(
    stages: dict[str, dry_build.Stage],
) -> None:
    ignored = resource_path(".dockerignore").read_text("utf-8").splitlines()
    assert {".git", ".venv", "data", ".env"} <= set(ignored)
    for program in ("with_ros", "healthy", "bridge", "maintain"):
        assert resource_path("deploy", program).stat().st_mode & 0o111


def filled_in(text: str) -> str:
    """As docker compose puts the variables in before it looks at anything; what must be given is /given."""
    return re.sub(r"\$\{\w+:(?:-([^}]*)|\?[^}]*)\}", lambda found: found[1] or "/given", text)


@pytest.mark.parametrize("file", [COMPOSE, JETSON])
def test_compose_files_follow_the_specification(file: Path) -> None:
    compose_spec = pytest.importorskip("compose_spec", reason="compose-spec has no build for this machine")
    content = yaml.safe_load(
        filled_in(file.read_text("utf-8"))
    )  # the common part is put into each service too
    services = compose_spec.PyCompose.from_json(json.dumps(content)).service_names()
    assert set(services) <= set(SERVICES)


def test_every_service_is_locked_down_watched_and_started_again(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == set(SERVICES)
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["user"] == "10001:10001", name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == "unless-stopped", name
        assert service["tmpfs"], name
        assert service["healthcheck"]["test"], name
        assert {volume["target"]: volume.get("read_only", False) for volume in service["volumes"]} == {
            "/data": False,
            "/etc/lbzf": name != "bridge",  # who draws zones in the page changes the plant file
        }
        assert "privileged" not in service


def test_the_page_is_published_on_this_machine_only_and_shares_what_dds_needs(
    compose: dict[str, Any],
) -> None:
    bridge = compose["services"]["bridge"]
    assert compose["services"]["nodes"]["ports"] == ["127.0.0.1:5000:5000"]
    assert {bridge[name] for name in ("network_mode", "ipc", "pid")} == {"service:nodes"}


def test_dockerfile_and_compose_agree_on_what_can_be_chosen(compose: dict[str, Any]) -> None:
    text = DOCKERFILE.read_text("utf-8")
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)$", text, re.MULTILINE))
    given = compose["services"]["nodes"]["build"]["args"]
    for name, value in given.items():
        assert value.endswith(f":-{defaults[name]}}}"), name
    jetson = yaml.safe_load(JETSON.read_text("utf-8"))["services"]["nodes"]
    assert jetson["build"]["args"] == {"FLAVOUR": "l4t"}
    assert jetson["runtime"] == "nvidia"


@pytest.mark.parametrize("script", ["maintain", "pin", "bridge"])
def test_scripts_are_posix_shell(script: str) -> None:
    assert subprocess.run(["sh", "-n", str(resource_path("deploy", script))], check=False).returncode == 0


def test_pinning_writes_the_digest_where_compose_reads_it(tmp_path: Path) -> None:
    # docker needs a daemon and a registry: a script stands for it
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f"#!/bin/sh\necho sha256:{'ab' * 32}\n")
    docker.chmod(0o755)
    (tmp_path / "deploy").mkdir()
    shutil.copy(resource_path("deploy", "pin"), tmp_path / "deploy" / "pin")
    (tmp_path / ".env").write_text("LBZF_TZ=America/Bogota\nLBZF_BASE=old\n")
    environment = {"PATH": f"{docker.parent}:/usr/bin:/bin"}
    subprocess.run([str(tmp_path / "deploy" / "pin")], env=environment, check=True, capture_output=True)
    written = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
    assert written["LBZF_BASE"] == f"ros@sha256:{'ab' * 32}"
    assert re.fullmatch(r"\d{8}T000000Z", written["LBZF_UBUNTU_SNAPSHOT"])
    assert written["LBZF_TZ"] == "America/Bogota"
