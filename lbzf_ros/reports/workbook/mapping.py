"""The mapping file: which sheets and columns the workbook has, and where in the plant's own workbook they go.

A wrong file gets every error at once: file, place, what was found, what is allowed.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from lbzf_ros.config.base import Settings
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.reports.workbook import formulas
from lbzf_ros.reports.workbook.fields import FIELDS, SINGLE, USUAL_FORMAT
from lbzf_ros.resources import resource_path

NAME = "workbook.yaml"
SourceName = Literal["indicators", "summary", "events", "rejected", "balance", "lost_time", "quality"]
_FORBIDDEN_IN_TITLE = re.compile(r"[\[\]:*?/\\]")


def _sheet_title(title: str) -> str:
    if _FORBIDDEN_IN_TITLE.search(title) or title.startswith("'") or title.endswith("'"):
        raise ValueError("must not hold [ ] : * ? / \\ nor begin or end with '")
    return title


ColumnName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
SheetTitle = Annotated[str, Field(min_length=1, max_length=31), AfterValidator(_sheet_title)]


class Total(Settings):
    """A formula in the row of totals. `{column}` is the total of a column, `{column:all}` all its cells."""

    formula: str = Field(min_length=1, max_length=1000, description="As in a column.")


class Column(Settings):
    """A column of a sheet."""

    column: ColumnName = Field(description="Its name, for formulas, charts and templates.")
    title: str = Field(min_length=1, max_length=60, description="What stands above it.")
    source: str = Field(description="The figure that it shows; docs/export.md lists them.")
    format: str | None = Field(
        default=None, description="One of formats; without it the usual one of the figure."
    )
    formula: str | None = Field(
        default=None,
        max_length=1000,
        description="Live formula with {column} for cells of its row; must give the source's figure.",
    )
    total: Literal["sum"] | Total | None = Field(
        default=None, description="What stands in the row of totals."
    )
    width: float = Field(default=12, ge=1, le=120, description="In characters.")


class Series(Settings):
    """A line or a row of bars of a chart."""

    column: ColumnName = Field(description="The figures.")
    type: Literal["bars", "line"] = Field(default="bars", description="How it is drawn.")
    up: ColumnName | None = Field(default=None, description="How far the whisker reaches above the bar.")
    down: ColumnName | None = Field(default=None, description="How far it reaches below.")


class Chart(Settings):
    """A chart below a table, one for every value of a column."""

    title: str = Field(description="What stands above it, followed by the value of `each`.")
    each: ColumnName = Field(description="A chart for every value of this column.")
    categories: ColumnName = Field(description="What stands below the bars.")
    axis: str = Field(default="", description="What the bars count.")
    series: list[Series] = Field(min_length=1, max_length=8, description="What is drawn.")


class Sheet(Settings):
    """A sheet of the workbook."""

    title: SheetTitle = Field(description="On its tab.")
    source: SourceName = Field(description="What its rows are.")
    csv: str = Field(
        default="", pattern=r"^[a-z_]*$", description="Ending of its CSV's name; one sheet has none."
    )
    columns: list[Column] = Field(min_length=1, max_length=100, description="From left to right.")
    chart: Chart | None = Field(default=None, description="Below the table.")

    @model_validator(mode="after")
    def _fits_together(self) -> Sheet:
        names = [column.column for column in self.columns]
        wrong = [f"{name}: is there twice" for name, count in Counter(names).items() if count > 1]
        for column in self.columns:
            wrong += [f"{column.column}: {text}" for text in _wrong_in(column, self.source, names)]
        wrong += [
            f"chart: {name} is no column of this sheet" for name in _drawn(self.chart) if name not in names
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class Csv(Settings):
    """How the mirror is written. The usual ones open with a double click where Excel speaks es-CO."""

    delimiter: Literal[";", ",", "\t"] = Field(default=";", description="Between cells.")
    decimal: Literal[",", "."] = Field(default=",", description="Of numbers.")


class Cell(Settings):
    """One figure of the whole export in one cell of the template."""

    to: str = Field(description="SHEET!A1, or a defined name.")
    value: str = Field(description="The figure; docs/export.md lists them.")

    @model_validator(mode="after")
    def _is_known(self) -> Cell:
        if self.value not in SINGLE:
            raise ValueError(f"{self.value!r} is no figure; allowed are {', '.join(SINGLE)}")
        return self


class Range(Settings):
    """Rows of a sheet of the mapping in a range of the template."""

    to: str = Field(description="SHEET!A5:K204, or a defined name. What is left of it is emptied.")
    sheet: SheetTitle = Field(description="The sheet (of this file) whose rows go there.")
    columns: list[ColumnName | None] = Field(
        min_length=1, description="Its columns from left to right; null leaves the template's own as it is."
    )


class Template(Settings):
    """Where in the plant's own workbook (lbzf export --template) figures go; all else stays as it is."""

    file: str | None = Field(
        default=None,
        description="The template, beside the mapping file, for exports that name none: the button, the night.",
    )
    cells: list[Cell] = Field(default=[], description="Single figures.")
    ranges: list[Range] = Field(default=[], description="Tables.")


class Mapping(Settings):
    """The layout of the workbook."""

    name: str = Field(
        default="indicadores", pattern=r"^[a-z0-9_]{1,40}$", description="Begin of the files' names."
    )
    formats: dict[str, str] = Field(description="Number formats as Excel writes them, by name.")
    words: dict[str, str] = Field(default={}, description="What codes of the database are called.")
    csv: Csv = Field(default_factory=Csv, description="The mirror.")
    sheets: list[Sheet] = Field(min_length=1, max_length=20, description="From left to right.")
    template: Template = Field(default_factory=Template, description="For lbzf export --template.")

    @model_validator(mode="after")
    def _fits_together(self) -> Mapping:
        wrong = [
            f"sheets: {what} {name!r} is there twice"
            for what, names in (
                ("title", [sheet.title.casefold() for sheet in self.sheets]),
                ("csv", [sheet.csv for sheet in self.sheets]),
            )
            for name, count in Counter(names).items()
            if count > 1
        ]
        usual = [name for name in USUAL_FORMAT.values() if name not in self.formats]
        if usual:
            wrong.append(f"formats: {', '.join(usual)}: must be there")
        for sheet in self.sheets:
            wrong += [
                f"sheets: {sheet.title}: {column.column}: format {column.format!r} is none of formats; "
                f"there are {', '.join(self.formats)}"
                for column in sheet.columns
                if column.format is not None and column.format not in self.formats
            ]
        by_title = {sheet.title: {column.column for column in sheet.columns} for sheet in self.sheets}
        for target in self.template.ranges:
            if target.sheet not in by_title:
                wrong.append(f"template: {target.to}: there is no sheet {target.sheet!r}")
                continue
            missing = [name for name in target.columns if name and name not in by_title[target.sheet]]
            wrong += [f"template: {target.to}: {name} is no column of {target.sheet}" for name in missing]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


def _wrong_in(column: Column, source: str, names: list[str]) -> list[str]:
    wrong = []
    if column.source not in FIELDS[source]:
        allowed = ", ".join(FIELDS[source])
        wrong.append(f"source {column.source!r} is no figure of {source}; allowed are {allowed}")
    others = [name for name in names if name != column.column]
    if column.formula is not None:
        wrong += [f"formula: {text}" for text in formulas.problems(column.formula, others, has_all=False)]
    if isinstance(column.total, Total):
        wrong += [f"total: {text}" for text in formulas.problems(column.total.formula, names, has_all=True)]
    return wrong


def _drawn(chart: Chart | None) -> list[str]:
    if chart is None:
        return []
    series = [name for one in chart.series for name in (one.column, one.up, one.down) if name]
    return [chart.each, chart.categories, *series]


def mapping_file(data: Path, given: Path | None = None) -> Path:
    """The one that was given, else workbook.yaml in the data folder, else the one that comes with LBZF."""
    if given is not None:
        return given
    own = data / NAME
    return own if own.exists() else resource_path("config", NAME)


def load_mapping(path: Path | None = None) -> Mapping:
    """Read and check a mapping file (YAML).

    Args:
        path: the file; None: the one that comes with LBZF.

    Raises:
        ConfigError: it cannot be read, is no YAML, or is wrong; the text lists every error.
    """
    path = path or resource_path("config", NAME)
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}. Name a mapping file with --mapping."
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is no valid YAML: {str(error).replace(chr(10), ' ')}") from None
    try:
        return Mapping.model_validate(data)
    except ValidationError as error:
        lines = [_line(str(path), item["loc"], item["type"], item["msg"]) for item in error.errors()]
        raise ConfigError(
            "\n".join([f"{path}: {len(lines)} errors" if len(lines) > 1 else f"{path}: 1 error", *lines])
        ) from None


def _line(path: str, place: tuple[int | str, ...], kind: str, message: str) -> str:
    where = f"{path}: {'.'.join(map(str, place))}".removesuffix(": ")
    if kind == "missing":
        return f"{where}: is missing"
    if kind == "extra_forbidden":
        return f"{where}: is no setting; check the spelling (docs/export.md lists all)"
    return f"{where}: {message.removeprefix('Value error, ')}"
