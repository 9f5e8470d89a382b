"""Number formats for cells of a template that have none: a day in such a cell would look like 46218."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from lbzf_ros.reports.workbook.kinds import Kind

_GENERAL = "0"
_FIRST_OWN = 164
"""Numbers below are Excel's own formats."""


class Styles:
    """The styles of a template, to which some are added."""

    def __init__(self, root: Any, namespace: str, formats: Mapping[Kind, str]) -> None:
        """Of the XML of the styles.

        Args:
            root: is changed.
            namespace: of its elements.
            formats: number format of each kind of figures.
        """
        self.root, self._namespace, self._formats = root, namespace, formats
        self._cells = root.find(self._tag("cellXfs"))
        self._made: dict[tuple[int, Kind], int] = {}
        self.is_changed = False

    def style_for(self, style: int, kind: Kind) -> int:
        """The same style where it has a number format or the value is a text; else one like it that has one."""
        if kind is Kind.TEXT or self._cells is None or style >= len(self._cells):
            return style
        if self._cells[style].get("numFmtId", _GENERAL) != _GENERAL:
            return style
        if (style, kind) not in self._made:
            self._made[style, kind] = self._add(style, kind)
        return self._made[style, kind]

    def _add(self, style: int, kind: Kind) -> int:
        self.is_changed = True
        new = deepcopy(self._cells[style])
        new.set("numFmtId", str(self._number_format(self._formats[kind])))
        new.set("applyNumberFormat", "1")
        self._cells.append(new)
        self._cells.set("count", str(len(self._cells)))
        return len(self._cells) - 1

    def _number_format(self, code: str) -> int:
        formats = self.root.find(self._tag("numFmts"))
        if formats is None:
            formats = self.root.makeelement(self._tag("numFmts"))
            self.root.insert(0, formats)
        for known in formats:
            if known.get("formatCode") == code:
                return int(known.get("numFmtId"))
        number = max([_FIRST_OWN - 1, *(int(known.get("numFmtId")) for known in formats)]) + 1
        new = formats.makeelement(self._tag("numFmt"), numFmtId=str(number), formatCode=code)
        formats.append(new)
        formats.set("count", str(len(formats)))
        return number

    def _tag(self, name: str) -> str:
        return f"{{{self._namespace}}}{name}"
