"""One person's line in the text of a roles file. Everything else stays as people wrote it, comments too."""

from __future__ import annotations

from pathlib import Path

import yaml

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.disk import write_whole
from web_bridge.access.roles import Person, key, parse

_NEW = """# Who may see and change what: docs/access.md. It is read again when it changes.
people:
"""


def read(path: Path) -> tuple[str, dict[str, Person]]:
    """Text and people of a file; empty if there is none.

    Raises:
        ConfigError: it cannot be read, or is wrong.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return "", {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return text, parse(text, where=str(path))


def write(path: Path, text: str) -> None:
    """Replace the file as a whole.

    Raises:
        ConfigError: the text breaks the form, or cannot be written; the file is as it was.
    """
    parse(text, where=str(path))
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def with_person(text: str, name: str, person: Person | None) -> str:
    """The text with another entry of a person; None: without it."""
    if not text.strip():
        text = _NEW
    entry = "" if person is None else f"  {_quoted(name)}: {_written(person)}\n"
    lines = text.splitlines(keepends=True)
    people = _people(text)
    if not isinstance(people, yaml.MappingNode) or people.flow_style or not people.value:
        return _rewritten(text, name, person)
    for entry_key, value in people.value:
        if key(str(entry_key.value)) == key(name):
            first, last = entry_key.start_mark.line, _last_line(value)
            indent = lines[first][: entry_key.start_mark.column]
            if indent.strip():  # several on one line
                return _rewritten(text, name, person)
            return "".join([*lines[:first], indent + entry.lstrip() if entry else "", *lines[last + 1 :]])
    first_key = people.value[0][0]
    at, indent = first_key.start_mark.line, " " * first_key.start_mark.column
    return "".join([*lines[:at], indent + entry.lstrip() if entry else "", *lines[at:]])


def _people(text: str) -> yaml.Node | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for name, value in node.value if isinstance(node, yaml.MappingNode) else []:
        if name.value == "people":
            found: yaml.Node = value
            return found
    return None


def _last_line(node: yaml.Node) -> int:
    """The line on which a value ends. The mark of a block stands behind the comments that follow it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    return int(node.end_mark.line)


def _rewritten(text: str, name: str, person: Person | None) -> str:
    """The file written anew: it was empty, or in a form in which single lines cannot be changed."""
    people = parse(text, where="roles file")
    others = {other: found for other, found in people.items() if other != key(name)}
    if person is not None:
        others[key(name)] = person
    comments = [line for line in text.splitlines() if line.startswith("#")]
    if not others:
        return "\n".join([*comments, "people: {}", ""])
    entries = [f"  {_quoted(other)}: {_written(found)}" for other, found in others.items()]
    return "\n".join([*comments, "people:", *entries, ""])


def _written(person: Person) -> str:
    modules = "" if person.modules is None else f", modules: [{', '.join(person.modules)}]"
    return f"{{role: {person.role}{modules}}}"


def _quoted(name: str) -> str:
    """A name as a YAML key on one line."""
    return str(yaml.safe_dump(name, width=1000, allow_unicode=True)).splitlines()[0]
