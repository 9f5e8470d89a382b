"""The data dictionary, `docs/data_dictionary.md`: what the database says of itself.

Everything comes from a freshly migrated database; the meanings are the comments in the migrations, which SQLite keeps
in the text of a table. `python -m lbzf_ros.store.dictionary` writes the page anew.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.resources import resource_path
from lbzf_ros.store.migrate import connect, migrate

_HEAD = """# Data dictionary

Every table of the database. Made from `db/migrations/` by `python -m lbzf_ros.store.dictionary`; do not edit.
`docs/data.md` says how the tables work together. Times (`…_ts`, `…_at`, `…_from`, `…_to`) are UTC text
`YYYY-MM-DDTHH:MM:SS.mmmZ`; paths are relative to the data folder; "now" is the time of the insert.

"""
_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
_TOKENS = re.compile(r"--[^\n]*|'(?:[^']|'')*'|[(),\n]|[^-'(),\n]+|-")
_CONSTRAINT = re.compile(r"(CHECK|UNIQUE|PRIMARY|FOREIGN|CONSTRAINT)\b")


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `checks` are its own; those of several columns stand with the table."""

    name: str
    type: str
    is_null: bool
    default: str
    key: str
    """primary key, unique or nothing; keys of several columns stand with the table."""
    checks: tuple[str, ...]
    refers_to: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the database has it."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    """Primary key, unique keys and checks of the table as a whole."""
    indexes: tuple[str, ...]
    triggers: tuple[str, ...]


def tables() -> list[Table]:
    """All tables that the migrations make, by name."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "dictionary.db")
        migrate(database, now_ns=0)
        with closing(connect(database)) as connection:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%yoyo%' ORDER BY name"
            return [_table(connection, name, sql) for name, sql in connection.execute(query).fetchall()]


def markdown() -> str:
    """The whole page."""
    return _HEAD + "\n".join(_section(table) for table in tables())


def _table(connection: sqlite3.Connection, name: str, sql: str) -> Table:
    head, *items = _items(sql)
    own = {item.name: item for item in items if not _CONSTRAINT.match(item.code)}
    keys = tuple(item.code for item in items if item.name not in own)
    targets = {
        row[3]: f"{row[2]}.{row[4]}" + ("" if row[6] == "NO ACTION" else f" on delete {row[6].lower()}")
        for row in connection.execute(f"PRAGMA foreign_key_list({name})")
    }
    columns = [
        _column(own[row[1]], row, targets.get(row[1], ""))
        for row in connection.execute(f"PRAGMA table_xinfo({name})")
    ]
    return Table(
        name, head.meaning, tuple(columns), keys, _indexes(connection, name), _triggers(connection, name)
    )


@dataclass(frozen=True, slots=True)
class _Item:
    """A line of a CREATE TABLE: a column or a constraint, with its comment."""

    code: str
    meaning: str

    @property
    def name(self) -> str:
        return self.code.split()[0] if self.code else ""


def _items(sql: str) -> Iterator[_Item]:
    """The head of a CREATE TABLE, then what stands between its outer commas."""
    code, comments, depth = "", "", 0
    waiting: list[_Item] = []  # ended by a comma; the comment may follow on the same line
    for token in _TOKENS.findall(sql):
        if token.startswith("--"):
            # A column that was added later stands on the line of the last one before it, and brings its own comment.
            if waiting and not code.strip():
                waiting[0] = _Item(waiting[0].code, f"{waiting[0].meaning} {token[2:].strip()}".strip())
            else:
                comments = f"{comments} {token[2:].strip()}".strip()
            continue
        if token == "\n" and not code.strip():
            yield from waiting
            waiting = []
        depth += (token == "(") - (token == ")")
        ends = (token == "(" and depth == 1) or (token == "," and depth == 1) or (token == ")" and not depth)
        if not ends:
            code += " " if token == "\n" else token
            continue
        if token == ")":
            yield from waiting
            yield _Item(_one_line(code), comments)
            return
        waiting.append(_Item(_one_line(code), comments))
        code, comments = "", ""


def _one_line(code: str) -> str:
    return re.sub(r"\( | \)", lambda found: found[0].strip(), " ".join(code.split()))


def _column(item: _Item, row: tuple[object, ...], refers_to: str) -> Column:
    _, name, kind, not_null, default, key, hidden = row
    computed = re.search(r"GENERATED ALWAYS AS \((.*)\) STORED", item.code)
    shown = "now" if default == _NOW else "" if default is None else str(default)
    is_null = not (not_null or key)
    return Column(
        name=str(name),
        type=str(kind).removesuffix(" GENERATED ALWAYS"),
        is_null=is_null,
        default=f"computed: {computed[1]}" if computed and hidden else shown,
        key=next((word.lower() for word in ("PRIMARY KEY", "UNIQUE") if word in item.code), ""),
        checks=tuple(_checks(item.code)),
        refers_to=refers_to,
        meaning=item.meaning,
    )


def _checks(code: str) -> Iterator[str]:
    """What stands in the brackets of each CHECK of a column."""
    for found in re.finditer(r"CHECK \(", code):
        depth, end = 1, found.end()
        while depth:
            depth += (code[end] == "(") - (code[end] == ")")
            end += 1
        yield code[found.end() : end - 1]


def _indexes(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    query = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY name"
    return tuple(_one_line(sql.removeprefix("CREATE ")) for (sql,) in connection.execute(query, (table,)))


def _triggers(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? ORDER BY name"
    return tuple(
        _one_line(sql.partition("BEGIN")[0].removeprefix("CREATE TRIGGER "))
        for (sql,) in connection.execute(query, (table,))
    )


def _section(table: Table) -> str:
    lines = [f"## {table.name}", "", _cell(table.meaning[:1].upper() + table.meaning[1:]) + ".", ""]
    lines += [
        "| column | type | null | default | allowed | refers to | meaning |",
        "|---|---|---|---|---|---|---|",
    ]
    for column in table.columns:
        cells = [
            f"`{column.name}`",
            column.type,
            "yes" if column.is_null else "",
            _code(column.default),
            " ".join(part for part in (column.key, *map(_code, column.checks)) if part),
            column.refers_to,
            _cell(column.meaning),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    for title, entries in (
        ("Keys and checks", table.keys),
        ("Indexes", table.indexes),
        ("Triggers", table.triggers),
    ):
        if entries:
            lines += ["", f"{title}:", "", *(f"- `{entry}`" for entry in entries)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _main() -> None:
    resource_path("docs", "data_dictionary.md").write_text(markdown(), "utf-8")


if __name__ == "__main__":
    _main()
