"""Import the plant's lost-time codes from CSV: columns code and display_name."""

from __future__ import annotations

from pathlib import Path

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.imports.problems import Problems
from lbzf_ros.store.imports.sheets import Line, Sheet, column_letter, plain, read_sheet
from lbzf_ros.store.people.checks import MAX_NAME, short_text
from lbzf_ros.store.people.lost_time import LostTimeCode

_HEADERS = {
    "code": ("code", "codigo", "cod"),
    "display_name": ("display name", "nombre", "descripcion", "tiempo perdido", "motivo"),
}


def read_lost_time_codes(file: Path, *, sheet: str | None = None) -> tuple[LostTimeCode, ...]:
    """Read a file of codes; what may be in it is checked, how many is up to `sync_lost_time_codes`.

    Raises:
        InvalidValue: something in it cannot be; the text lists every bad row.
    """
    table = read_sheet(file, sheet)
    if not table.lines:
        raise InvalidValue(f"{file}: is empty; it needs the columns code and display_name")
    head, *lines = table.lines
    columns = {name: _column(table, head, name) for name in _HEADERS}
    problems = Problems(file, table.name)
    seen: dict[str, int] = {}
    codes = []
    for line in lines:
        values = {name: _text(problems, line, name, column) for name, column in columns.items()}
        code = values["code"]
        if code and seen.setdefault(code, line.number) != line.number:
            problems.add(line.number, "code", code, f"each code once; it is in row {seen[code]} already")
        codes.append(LostTimeCode(code, values["display_name"]))
    problems.stop_if_any()
    return tuple(codes)


def _column(table: Sheet, head: Line, name: str) -> int:
    places = [number for number, cell in enumerate(head.cells) if plain(cell) in _HEADERS[name]]
    if len(places) != 1:
        there = ", ".join(str(cell) for cell in head.cells if cell)[:200]
        raise InvalidValue(
            f"{table.file}: row {head.number}: needs one column {name} ({', '.join(_HEADERS[name])}); it has {there}"
        )
    return places[0]


def _text(problems: Problems, line: Line, name: str, column: int) -> str:
    value = line.cell(column)
    try:
        return short_text(value if value is not None else "", name)
    except InvalidValue:
        place = f"{column_letter(column)} ({name})"
        problems.add(line.number, place, value, f"text of 1 to {MAX_NAME} characters on one line")
        return ""
