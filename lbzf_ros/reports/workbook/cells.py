"""Changes cells in the XML of a sheet; what is not named stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lxml import etree
from openpyxl.utils.cell import get_column_letter, range_boundaries

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.reports.workbook.kinds import Kind, Value, clean, excel_number

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_LOOKS_ESCAPED = re.compile("(_x[0-9a-fA-F]{4}_)")
_BLOCK = re.compile(rb"<\?lbzf-rows (\d+)\?>")

Place = tuple[int, int]
"""Row and column, from 1."""
Content = tuple[Value, Kind]


class SheetCells:
    """A sheet of a template whose cells are being filled."""

    def __init__(
        self, title: str, root: Any, namespace: str, style_for: Callable[[int, Kind], int], *, has_1904: bool
    ) -> None:
        """Of the sheet's XML.

        Args:
            title: for messages.
            root: of the XML; is changed.
            namespace: of its elements.
            style_for: gives the style for a value of a kind in a cell that has a style.
            has_1904: how days are counted.
        """
        self._title, self._root, self._namespace = title, root, namespace
        self._style_for, self._has_1904 = style_for, has_1904
        data = root.find(self._tag("sheetData"))
        if data is None:
            raise ConfigError(f"template: sheet {title} has no cells; save the template anew")
        self._data = data
        self._rows = {int(row.get("r")): row for row in data.iterfind(self._tag("row")) if row.get("r")}
        self._merged = [
            area_of(merged.get("ref"))
            for merged in root.iterfind(f"{self._tag('mergeCells')}/{self._tag('mergeCell')}")
        ]
        self._new: dict[int, dict[int, tuple[Content, int]]] = {}

    def style_of(self, place: Place) -> int:
        """Number of the style of a cell, 0 where there is none."""
        cell = self._cell(place)
        return int(cell.get("s", "0")) if cell is not None else 0

    def put(self, place: Place, content: Content, style: int) -> None:
        """Set a cell; an empty one loses its value.

        Args:
            place: of the cell.
            content: None as value empties it.
            style: of a cell that has none yet.

        Raises:
            ConfigError: it holds a formula, or is hidden behind a merged cell.
        """
        value, kind = content
        cell = self._cell(place)
        if cell is not None and cell.find(self._tag("f")) is not None:
            raise ConfigError(
                f"template: {self._name(place)} holds a formula, which is never overwritten; name another cell, or "
                "null for this column in the mapping file"
            )
        self._check_merged(place)
        if cell is None and value is None:
            return
        if cell is None and place[0] not in self._rows:
            self._new.setdefault(place[0], {})[place[1]] = (content, self._style_for(style, kind))
            return
        if cell is None:
            cell = self._inserted(place, style)
        for child in list(cell):
            cell.remove(child)
        cell.attrib.pop("t", None)
        if value is not None:
            self._fill(cell, content)

    def xml(self) -> bytes:
        """The changed sheet."""
        blocks = self._with_new_rows()
        self._grow_dimension()
        text = etree.tostring(self._root, xml_declaration=True, encoding="UTF-8", standalone=True)
        parts = _BLOCK.split(text)
        for number in range(1, len(parts), 2):
            parts[number] = blocks[int(parts[number])]
        return b"".join(parts)

    def _fill(self, cell: Any, content: Content) -> None:
        value, kind = content
        style = self._style_for(int(cell.get("s", "0")), kind)
        if style:
            cell.set("s", str(style))
        if isinstance(value, str):
            cell.set("t", "inlineStr")
            text = etree.SubElement(etree.SubElement(cell, self._tag("is")), self._tag("t"))
            text.text = escaped(value)
            text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        elif value is not None:
            number = excel_number(value, kind, has_1904=self._has_1904)
            etree.SubElement(cell, self._tag("v")).text = repr(number)

    def _inserted(self, place: Place, style: int) -> Any:
        """A new cell in its place in a row that is there."""
        row = self._rows[place[0]]
        row.attrib.pop("spans", None)
        new = etree.Element(self._tag("c"), r=_reference(place))
        if style:
            new.set("s", str(style))
        for number, cell in enumerate(row.iterfind(self._tag("c"))):
            if _column_of(cell) > place[1]:
                row.insert(number, new)
                break
        else:
            row.append(new)
        return new

    def _with_new_rows(self) -> list[bytes]:
        """Put a mark where rows are missing; gives the text that belongs there. Elements for all would be too many."""
        blocks: list[bytes] = []
        present = sorted(self._rows)
        waiting = sorted(self._new)
        for before in [*present, None]:
            ours = []
            while waiting and (before is None or waiting[0] < before):
                ours.append(self._row_text(waiting.pop(0)))
            if ours:
                mark = etree.ProcessingInstruction("lbzf-rows", str(len(blocks)))
                if before is None:
                    self._data.append(mark)
                else:
                    self._rows[before].addprevious(mark)
                blocks.append("".join(ours).encode())
        return blocks

    def _row_text(self, number: int) -> str:
        prefix = self._data.prefix
        p = f"{prefix}:" if prefix else ""
        cells = []
        for column, ((value, kind), style) in sorted(self._new[number].items()):
            s = f' s="{style}"' if style else ""
            r = _reference((number, column))
            if isinstance(value, str):
                inner = f'<{p}is><{p}t xml:space="preserve">{_xml(escaped(value))}</{p}t></{p}is>'
                cells.append(f'<{p}c r="{r}"{s} t="inlineStr">{inner}</{p}c>')
            elif value is not None:
                number_text = repr(excel_number(value, kind, has_1904=self._has_1904))
                cells.append(f'<{p}c r="{r}"{s}><{p}v>{number_text}</{p}v></{p}c>')
        return f'<{p}row r="{number}">{"".join(cells)}</{p}row>'

    def _grow_dimension(self) -> None:
        dimension = self._root.find(self._tag("dimension"))
        if dimension is None or not self._new:
            return
        left, top, right, bottom = area_of(dimension.get("ref"))
        columns = [column for row in self._new.values() for column in row]
        left, right = min(left, *columns), max(right, *columns)
        top, bottom = min(top, *self._new), max(bottom, *self._new)
        dimension.set("ref", f"{_reference((top, left))}:{_reference((bottom, right))}")

    def _cell(self, place: Place) -> Any:
        row = self._rows.get(place[0])
        if row is None:
            return None
        reference = _reference(place)
        return next((cell for cell in row.iterfind(self._tag("c")) if cell.get("r") == reference), None)

    def _check_merged(self, place: Place) -> None:
        for left, top, right, bottom in self._merged:
            if left <= place[1] <= right and top <= place[0] <= bottom and place != (top, left):
                raise ConfigError(
                    f"template: {self._name(place)} lies behind the merged cell {_reference((top, left))}; name that"
                )

    def _name(self, place: Place) -> str:
        return f"{self._title}!{_reference(place)}"

    def _tag(self, name: str) -> str:
        return f"{{{self._namespace}}}{name}"


def escaped(text: str) -> str:
    """A text in the notation of the file format, in which control characters are _xHHHH_."""
    text = _LOOKS_ESCAPED.sub(r"_x005F\1", clean(text))
    return _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def without_results(root: Any, namespace: str) -> bool:
    """Take away the results of a sheet's formulas: they are of other figures. Says whether there were some."""
    found = False
    for cell in root.iter(f"{{{namespace}}}c"):
        if cell.find(f"{{{namespace}}}f") is not None:
            for value in cell.findall(f"{{{namespace}}}v"):
                cell.remove(value)
                found = True
            cell.attrib.pop("t", None)
    return found


def _reference(place: Place) -> str:
    return f"{get_column_letter(place[1])}{place[0]}"


def _column_of(cell: Any) -> int:
    return area_of(cell.get("r"))[0]


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def area_of(text: str) -> tuple[int, int, int, int]:
    """First column, first row, last column, last row of A1 or A1:B2, from 1."""
    left, top, right, bottom = range_boundaries(text)
    if left is None or top is None or right is None or bottom is None:
        raise ConfigError(
            f"template: {text!r} is no range such as A5:K204; whole columns or rows are too large"
        )
    return left, top, right, bottom
