"""Fills the plant's own workbook where the mapping file says.

A workbook is a zip of parts. openpyxl reads one and writes it anew, without what it does not know (charts lose their
looks, shapes and slicers go): so only the XML of the sheets that have targets is changed, cell by cell, and every other
part is copied as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from lxml import etree

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.reports.workbook.cells import SheetCells, area_of, without_results
from lbzf_ros.reports.workbook.fields import FIELDS, SINGLE, USUAL_FORMAT
from lbzf_ros.reports.workbook.kinds import Kind, Value
from lbzf_ros.reports.workbook.mapping import Mapping, Range, Sheet
from lbzf_ros.reports.workbook.package import Package, opened
from lbzf_ros.reports.workbook.styles import Styles
from lbzf_ros.reports.workbook.table import Row, Table

MOST_ROWS = 50_000
"""Rows of a range: they are held in memory."""
_TARGET = re.compile(
    r"^(?:'((?:[^']|'')+)'|([^'!]+))!(\$?[A-Za-z]{1,3}\$?\d{1,7}(?::\$?[A-Za-z]{1,3}\$?\d{1,7})?)$"
)

Area = tuple[str, int, int, int, int]
"""Sheet, and first column, first row, last column, last row from 1."""


class Filled:
    """What goes into a template, gathered while the rows go by."""

    def __init__(self, layout: Mapping) -> None:
        """Of a mapping file that says where.

        Raises:
            ConfigError: it does not.
        """
        if not layout.template.cells and not layout.template.ranges:
            raise ConfigError(
                "--template: the mapping file does not say where figures go; fill in its part 'template' "
                "(docs/export.md)"
            )
        self.layout = layout
        self._wanted = {target.sheet for target in layout.template.ranges}
        self._rows: dict[str, list[Row]] = {}

    def sheet(self, sheet: Sheet, table: Table, on_row: Callable[[Row], None]) -> None:
        """Take the rows of a sheet."""
        kept = self._rows.setdefault(sheet.title, [])
        is_wanted = sheet.title in self._wanted
        if is_wanted and table.count > MOST_ROWS:
            raise ConfigError(
                f"template: {sheet.title} has {table.count} rows, a range of a template takes {MOST_ROWS}; "
                "export shift by shift, or take it out of the mapping's ranges"
            )
        for row in table.rows([column.source for column in sheet.columns]):
            if is_wanted:
                kept.append(row)
            on_row(row)

    def rows(self, target: Range) -> tuple[list[Row], list[tuple[int, Kind] | None]]:
        """The rows for a range, and which of their values go into its columns, with their kinds."""
        sheet = next(sheet for sheet in self.layout.sheets if sheet.title == target.sheet)
        places = {column.column: number for number, column in enumerate(sheet.columns)}
        kinds = {column.column: FIELDS[sheet.source][column.source].kind for column in sheet.columns}
        columns = [None if name is None else (places[name], kinds[name]) for name in target.columns]
        return self._rows[target.sheet], columns


def fill_template(template: Path, target: Path, filled: Filled, single: Callable[[str], Value]) -> None:
    """Write a filled copy; the template itself is only read.

    Args:
        template: the plant's workbook.
        target: the new file.
        filled: rows and where they go.
        single: gives single figures by their names.

    Raises:
        ConfigError: it cannot be filled so; the text says why and what to do.
        OSError: the new file cannot be written.
    """
    layout = filled.layout
    with opened(template) as package:
        formats = {kind: layout.formats[name] for kind, name in USUAL_FORMAT.items()}
        part = package.styles_part
        styles = Styles(package.xml(part), package.namespace, formats) if part else None
        sheets: dict[str, SheetCells] = {}

        def cells_of(title: str) -> SheetCells:
            if title not in sheets:
                root = package.xml(package.sheets[title])
                without_results(root, package.namespace)
                style_for = styles.style_for if styles else lambda style, _kind: style
                sheets[title] = SheetCells(
                    title, root, package.namespace, style_for, has_1904=package.has_1904
                )
            return sheets[title]

        for cell in layout.template.cells:
            area = _area(package, cell.to)
            sheet = cells_of(area[0])
            place = (area[2], area[1])
            sheet.put(place, (single(cell.value), SINGLE[cell.value].kind), sheet.style_of(place))
        for wanted in layout.template.ranges:
            area = _area(package, wanted.to)
            _fill_range(cells_of(area[0]), area, wanted, *filled.rows(wanted))
        changed = {package.sheets[title]: sheet.xml() for title, sheet in sheets.items()}
        if styles and part and styles.is_changed:
            changed[part] = package_xml(styles.root)
        package.write(target, changed | _to_be_calculated(package, set(sheets)))


def package_xml(root: object) -> bytes:
    """A part as it is written."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)  # type: ignore[call-overload,no-any-return]


def _fill_range(
    sheet: SheetCells,
    area: Area,
    wanted: Range,
    rows: Sequence[Row],
    columns: Sequence[tuple[int, Kind] | None],
) -> None:
    _, left, top, right, bottom = area
    if right - left + 1 != len(columns):
        raise ConfigError(
            f"template: {wanted.to} has {right - left + 1} columns, the mapping file names {len(columns)} for it"
        )
    if len(rows) > bottom - top + 1:
        raise ConfigError(
            f"template: {wanted.to} has room for {bottom - top + 1} rows, {wanted.sheet} has {len(rows)}; make the "
            "range larger in the template and in the mapping file"
        )
    first = [sheet.style_of((top, column)) for column in range(left, right + 1)]
    for number in range(bottom - top + 1):
        row = rows[number] if number < len(rows) else None
        for offset, column in enumerate(columns):
            if column is not None:
                place, kind = column
                value = row[place] if row is not None else None
                sheet.put((top + number, left + offset), (value, kind), first[offset])


def _area(package: Package, text: str) -> Area:
    """A place in the template.

    Raises:
        ConfigError: there is no such sheet or name.
    """
    names = package.defined_names()
    found = _TARGET.match(names.get(text, text).strip())
    if found is None:
        there = ", ".join(sorted(names)) or "none"
        raise ConfigError(
            f"{package.path}: {text!r} is neither SHEET!A1:B2 nor a defined name of the template that stands for one; "
            f"its names: {there}"
        )
    title = (found[1] or found[2]).replace("''", "'")
    if title not in package.sheets:
        raise ConfigError(f"{package.path}: has no sheet {title!r}; it has {', '.join(package.sheets)}")
    left, top, right, bottom = area_of(found[3].replace("$", "").upper())
    return title, left, top, right, bottom


def _to_be_calculated(package: Package, filled: set[str]) -> dict[str, bytes]:
    """Results of formulas are of other figures: they go from all sheets, and programs calculate on opening."""
    changed = {}
    for title, part in package.sheets.items():
        if title not in filled:
            root = package.xml(part)
            if without_results(root, package.namespace):
                changed[part] = package_xml(root)
    properties = package.workbook.find(package.tag("calcPr"))
    if properties is None:
        properties = package.workbook.makeelement(package.tag("calcPr"))
        after = ("sheets", "functionGroups", "externalReferences", "definedNames")
        last = [child for child in package.workbook if etree.QName(child).localname in after][-1]
        last.addnext(properties)
    properties.set("fullCalcOnLoad", "1")
    changed[package.workbook_part] = package_xml(package.workbook)
    return changed
