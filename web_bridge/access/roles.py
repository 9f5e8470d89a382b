"""The file of people and roles. It is read again when it changes; a broken one leaves the last good one in force.

```yaml
people:
  ingeniero@planta.example: {role: engineer, modules: [ANGELA]}   # modules left out: all
  gerencia@planta.example: {role: executive}
  ana: {role: none}                                               # known, and sees nothing
```
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from lbzf_ros.core.errors import ConfigError
from web_bridge.access.identity import Claim, Identity, Role

_LOOK_EVERY_S = 1.0
_MAX_BYTES = 1_000_000
_LOG = logging.getLogger("lbzf.access")


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Person:
    """What the file says about one person; `modules` None: all."""

    role: Literal["admin", "engineer", "executive", "none"]
    modules: (
        Annotated[list[Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9_]{0,63}$")]], Field(min_length=1)]
        | None
    ) = None

    @property
    def known_role(self) -> Role | None:
        """The role; None: the person shall see nothing."""
        return None if self.role == "none" else Role(self.role)


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class _File:
    people: Annotated[dict[str, Person], Field(default_factory=dict)]


_FILE = TypeAdapter(_File)


def key(name: str) -> str:
    """A name as names are compared: e-mail addresses are the same in capitals."""
    return name.strip().casefold()


def parse(text: str, *, where: str) -> dict[str, Person]:
    """People by `key` of their name.

    Raises:
        ConfigError: it is no YAML, breaks the form, or names somebody twice.
    """
    try:
        # A second entry of the same name would silently win.
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(f"{where}: is no valid YAML: {line}{getattr(error, 'problem', '')}") from None
    if data is not None and not isinstance(data, dict):
        raise ConfigError(
            f"{where}: holds {type(data).__name__}, it must be a mapping that begins with 'people:'"
        )
    data = {name: {} if value is None else value for name, value in (data or {}).items()}
    try:
        people = _FILE.validate_python(data).people
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(str(part) for part in wrong["loc"])
        raise ConfigError(
            f"{where}: {place}: {wrong['msg']}. A person is written NAME: {{role: engineer, modules: [ANGELA]}}; roles "
            "are admin, engineer, executive, none."
        ) from None
    names = [key(name) for name in _names(node)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{where}: {twice[0]} is there twice; leave one")
    return {key(name): person for name, person in people.items()}


def _names(node: yaml.Node | None) -> list[str]:
    for name, value in node.value if isinstance(node, yaml.MappingNode) else []:
        if name.value == "people" and isinstance(value, yaml.MappingNode):
            return [str(entry.value) for entry, _ in value.value]
    return []


@dataclass(frozen=True, slots=True)
class _Seen:
    """A state of the file, told apart without reading it."""

    mtime_ns: int
    size: int
    inode: int


class Roles:
    """The people of a file, as it is now. Safe in several threads."""

    def __init__(self, path: Path, *, now_s: Callable[[], float] = time.monotonic) -> None:
        """Watch `path`, which need not be there: then nobody has a role from it."""
        self._path, self._now_s = path, now_s
        self._people: Mapping[str, Person] = {}
        self._seen: _Seen | None = None
        self._looked_s = float("-inf")
        self._lock = threading.Lock()
        self.problem = ""
        """What is wrong with the file now; empty: nothing. For /diagnostics and the log."""

    def of(self, claim: Claim) -> Identity:
        """The identity of somebody: the file goes before what the provider knows, and scope is never widened."""
        person = self.people().get(key(claim.name))
        if person is None:
            return Identity(claim.name, claim.role, claim.provider, claim.modules)
        own = None if person.modules is None else frozenset(person.modules)
        both = own if claim.modules is None else claim.modules if own is None else own & claim.modules
        return Identity(claim.name, person.known_role, claim.provider, both)

    def people(self) -> Mapping[str, Person]:
        """People by `key`; the file is looked at no more than once a second."""
        now_s = self._now_s()
        if now_s - self._looked_s >= _LOOK_EVERY_S:
            with self._lock:
                self._looked_s = now_s
                self._look()
        return self._people

    def _look(self) -> None:
        try:
            found = self._path.stat()
            seen = _Seen(found.st_mtime_ns, found.st_size, found.st_ino)
            if seen == self._seen:
                return
            self._people = parse(self._read(found.st_size), where=str(self._path))
        except FileNotFoundError:
            # Taking the file away takes the roles away: what is not there cannot be half written.
            self._people, self._seen, self.problem = {}, None, ""
            return
        except (OSError, UnicodeDecodeError, ConfigError) as error:
            problem = f"roles stay as they were: {error}"
            if problem != self.problem:
                _LOG.error(problem)
            self.problem = problem
            return
        if self._seen is not None:
            _LOG.warning("%s: read again, %d people", self._path, len(self._people))
        self._seen, self.problem = seen, ""

    def _read(self, size: int) -> str:
        if size > _MAX_BYTES:
            raise ConfigError(f"{self._path}: is larger than {_MAX_BYTES} bytes")
        return self._path.read_text("utf-8")
