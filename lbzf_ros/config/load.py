"""Read a plant file. A wrong one gets every error at once: file, key path, what was found, what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.config.secrets import hidden
from lbzf_ros.core.errors import ConfigError

_FOUND_LENGTH = 80


def load_plant(path: Path) -> Plant:
    """Read and check a plant file (YAML).

    Raises:
        ConfigError: the file cannot be read, is no YAML, or breaks the schema; the text lists every error.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}. Name a plant file with --plant."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is no valid YAML: {_yaml_problem(error)}") from None
    if not isinstance(data, dict):
        raise ConfigError(
            f"{path}: holds {type(data).__name__}, a plant file is a mapping that begins with 'modules:'"
        )
    return parse_plant(data, where=str(path), folder=path.resolve().parent)


def parse_plant(data: dict[str, Any], *, where: str, folder: Path) -> Plant:
    """Check the content of a plant file.

    Args:
        data: the parsed YAML.
        where: name of the file, for the messages.
        folder: relative video files are looked up here.

    Raises:
        ConfigError: lists every error.
    """
    try:
        return Plant.model_validate(_absolute_files(data, folder))
    except ValidationError as error:
        lines = [line for item in error.errors() for line in _lines(where, item)]
        count = f"{len(lines)} error" + ("s" if len(lines) > 1 else "")
        raise ConfigError("\n".join([f"{where}: {count}", *lines])) from None


def _yaml_problem(error: yaml.YAMLError) -> str:
    """What is wrong, without the line itself: it may hold a password."""
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{hidden(str(getattr(error, 'problem', None) or type(error).__name__))}"


def _lines(where: str, item: Any) -> list[str]:
    path = ".".join(str(part) for part in item["loc"])
    message = str(item["msg"]).removeprefix("Value error, ")
    if not path:  # the plant as a whole: the messages name their own place
        return [f"{where}: {line}" for line in message.splitlines()]
    if item["type"] == "missing":
        return [f"{where}: {path}: is missing"]
    if item["type"] == "extra_forbidden":
        return [f"{where}: {path}: is no setting; check the spelling (docs/configuration.md lists all)"]
    found = hidden(repr(item["input"]))
    found = found if len(found) <= _FOUND_LENGTH else found[:_FOUND_LENGTH] + "…"
    return [f"{where}: {path}: found {found}: {message}"]


def _absolute_files(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make relative files absolute, so that it does not matter where a node was started."""
    _absolute_detector_files(data.get("detector"), folder)
    modules = data.get("modules")
    for module in modules if isinstance(modules, list) else []:
        cameras = module.get("cameras") if isinstance(module, dict) else None
        for camera in cameras if isinstance(cameras, list) else []:
            source = camera.get("source") if isinstance(camera, dict) else None
            if isinstance(source, str) and _is_relative_file(source):
                camera["source"] = str(folder / source)
            if isinstance(camera, dict) and isinstance(secret := camera.get("credentials_file"), str):
                camera["credentials_file"] = str(folder / secret)
    return data


def _absolute_detector_files(detector: Any, folder: Path) -> None:
    for section, name in (("network", "weights"), ("network", "engine_folder"), ("recorded", "file")):
        values = detector.get(section) if isinstance(detector, dict) else None
        if isinstance(values, dict) and isinstance(file := values.get(name), str) and file:
            values[name] = str(folder / file)


def _is_relative_file(source: str) -> bool:
    return "://" not in source and not source.startswith(("simulator:", "/", "${"))


def starting_at(camera: Camera, start_time: str | None) -> Camera:
    """A camera whose file begins at another time (ISO 8601 with a zone); None or empty: as it was.

    Raises:
        ConfigError: it is no time, or has no zone.
    """
    if not start_time:
        return camera
    try:
        return Camera.model_validate({**camera.model_dump(), "start_time": start_time})
    except ValidationError as error:
        raise ConfigError(f"--start-time {start_time!r}: {error.errors()[0]['msg']!s}") from None
