"""Where in the plant's own file the figures stand: a small YAML file, so that nobody has to rearrange a workbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from lbzf_ros.config.base import Settings
from lbzf_ros.core.errors import ConfigError, InvalidValue
from lbzf_ros.store.imports.sheets import Line, Sheet, column_letter, plain

Name = Literal["operation", "sam", "machine_code", "reference", "version"]
NEEDED: tuple[Name, ...] = ("operation", "sam")

HEADERS: dict[Name, tuple[str, ...]] = {
    "operation": ("operation", "operacion", "operaciones", "nombre operacion", "descripcion operacion"),
    "sam": ("sam", "sam minutes", "sam min", "sam minutos", "tiempo std", "tiempo estandar"),
    "machine_code": ("machine code", "machine", "maquina", "codigo maquina", "tipo maquina"),
    "reference": ("reference", "referencia", "ref"),
    "version": ("version",),
}
"""What a column may be called without a mapping; capitals, accents and signs do not matter."""

_SEARCHED_ROWS = 50


class Skip(Settings):
    """Rows that are no operations, such as the one with the total."""

    column: Name = Field(description="Column that is looked at.")
    matches: str = Field(description="Regular expression that its text begins with; capitals do not matter.")

    @field_validator("matches")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return pattern

    def applies(self, value: object) -> bool:
        """Whether a row with this value is left out."""
        return re.match(self.matches, "" if value is None else str(value), re.IGNORECASE) is not None


class Mapping(Settings):
    """How a balanceo file is read."""

    sheet: str | None = Field(
        default=None, description="Sheet of a workbook. Default: the only one, or the one called Balanceo."
    )
    header_row: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="Row with the columns' names, from 1; 0: there is none, columns are letters. Default: the first "
        "row that has the needed names.",
    )
    columns: dict[Name, str] = Field(
        default_factory=dict,
        description="Name in the header row, or letter, of operation, sam, machine_code, reference, version.",
    )
    reference: str | None = Field(
        default=None, description="Product reference of all rows where no column has it."
    )
    version: str | None = Field(default=None, description="Version of all rows where no column has it.")
    sam_unit: Literal["minutes", "seconds"] = Field(default="minutes", description="Unit of the SAM.")
    fill_down: list[Name] = Field(
        default_factory=list,
        description="Columns in which an empty cell means the one above: cells merged downwards.",
    )
    skip: list[Skip] = Field(
        default_factory=lambda: [Skip(column="operation", matches=r"\s*(gran\s+)?(sub)?total\b")],
        description="Rows that are left out. Default: those whose operation begins with total.",
    )
    source: str = Field(
        default="tiempo std manual", min_length=1, description="How the plant found the figures."
    )


def read_mapping(file: Path) -> Mapping:
    """Read a mapping file (YAML).

    Raises:
        ConfigError: it cannot be read or is wrong; the text lists every error.
    """
    try:
        data = yaml.safe_load(file.read_text("utf-8"))
        return Mapping.model_validate(data or {})
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: is no valid YAML: {error}") from None
    except ValidationError as error:
        lines = [
            f"{file}: {'.'.join(map(str, item['loc'])) or 'mapping'}: found {str(item['input'])[:60]!r}: {item['msg']}"
            for item in error.errors()
        ]
        raise ConfigError("\n".join(lines)) from None


def locate(sheet: Sheet, mapping: Mapping) -> tuple[int, dict[Name, int]]:
    """Find the header.

    Returns:
        Its row number (0: there is none), and the number of each column that is there, from 0.

    Raises:
        InvalidValue: a needed column is not there, or one is there twice.
    """
    if mapping.header_row == 0:
        return 0, _by_letter(sheet, mapping)
    if mapping.header_row is not None:
        line = next((line for line in sheet.lines if line.number == mapping.header_row), None)
        if line is None:
            raise InvalidValue(
                f"{sheet.file}: row {mapping.header_row} is empty; header_row must be the names' row"
            )
        return line.number, _columns(sheet, line, mapping)
    reasons = []
    for line in sheet.lines[:_SEARCHED_ROWS]:
        try:
            return line.number, _columns(sheet, line, mapping)
        except InvalidValue as error:
            reasons.append(str(error))
    raise InvalidValue(
        f"{sheet.file}: no row has the names of the needed columns ({', '.join(NEEDED)}). Name them in a mapping "
        f"file, --mapping. {reasons[0] if reasons else 'It is empty.'}"
    )


def _columns(sheet: Sheet, line: Line, mapping: Mapping) -> dict[Name, int]:
    found: dict[Name, int] = {}
    heads = [plain(cell) if isinstance(cell, str) else "" for cell in line.cells]
    for name, usual in HEADERS.items():
        wanted = mapping.columns.get(name)
        names = (plain(wanted),) if wanted else usual
        places = [column for column, head in enumerate(heads) if head and head in names]
        if not places and wanted and (letter := _letter(wanted)) is not None:
            places = [letter]
        if len(places) > 1:
            letters = ", ".join(column_letter(column) for column in places)
            raise InvalidValue(
                f"{sheet.file}: row {line.number}: columns {letters} are all called {name}; name one by its letter"
            )
        if places:
            found[name] = places[0]
        elif wanted or name in NEEDED:
            there = ", ".join(str(cell) for cell in line.cells if cell is not None)[:200]
            raise InvalidValue(
                f"{sheet.file}: row {line.number}: has no column {wanted or name}; it has {there}"
            )
    return found


def _by_letter(sheet: Sheet, mapping: Mapping) -> dict[Name, int]:
    found: dict[Name, int] = {}
    for name, text in mapping.columns.items():
        letter = _letter(text)
        if letter is None:
            raise InvalidValue(
                f"{sheet.file}: without a header row column {name} must be a letter, not {text!r}"
            )
        found[name] = letter
    if missing := [name for name in NEEDED if name not in found]:
        raise InvalidValue(f"{sheet.file}: without a header row the mapping must name {', '.join(missing)}")
    return found


def _letter(text: str) -> int | None:
    """Number of a column from 0 by its letters A to ZZ; None: that is no letter."""
    if not re.fullmatch("[A-Z]{1,2}", text):
        return None
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
