from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lbzf_ros.store.imports.balanceo import Imported, import_balanceo, read_balanceo
from lbzf_ros.store.imports.mapping import Mapping
from lbzf_ros.store.people.audit import Actor
from test.store.examples import MORNING_NS

ACTOR = Actor("engineer@plant.example", "engineer")
REFERENCE = "Ref22 Slim"

WriteBook = Callable[..., Path]


@pytest.fixture
def write_book(tmp_path: Path) -> WriteBook:
    """Write a workbook: sheets by name, each a list of rows; and cells to merge in the last sheet."""

    def write(merged: Iterable[str] = (), **sheets: list[list[Any]]) -> Path:
        book = openpyxl.Workbook()
        assert book.active is not None
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
        path = tmp_path / "balanceo.xlsx"
        book.save(path)
        return path

    return write


def run_import(
    engine: Any,
    file: Path,
    mapping: Mapping | None = None,
    *,
    now_ns: int = MORNING_NS,
    dry_run: bool = False,
) -> Imported:
    """Read a file of Ref22 Slim and import it."""
    found = read_balanceo(file, mapping or Mapping(), reference=REFERENCE)
    return import_balanceo(engine, found, ACTOR, source="tiempo std manual", now_ns=now_ns, dry_run=dry_run)
