"""Import a line balance (balanceo): the SAM of every operation of a reference, from CSV or the plant's workbook.

It may be run as often as you like: what is the same changes nothing, a SAM that changed is a new version.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping as Dict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, text

from lbzf_ros.config.schema import StandardTime
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.imports.mapping import Mapping, Name, locate
from lbzf_ros.store.imports.problems import Problems
from lbzf_ros.store.imports.sheets import Line, Sheet, column_letter, read_sheet
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.entry import Entry, entry
from lbzf_ros.store.standard_times import EXAMPLE, Change, planned, put_into_force
from lbzf_ros.store.timestamps import to_text

_SHEET = "Balanceo"
_LONGEST_TEXT: Dict[Name, int] = {"operation": 200, "machine_code": 20, "reference": 100, "version": 40}
_DIGITS = 6
"""Decimals of a minute that are kept: less than a tenth of a millisecond."""
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)

_EXAMPLES = """
SELECT id, reference, version, operation, sam_minutes FROM standard_times
WHERE effective_to IS NULL AND source = :example AND reference = :reference
"""

_WITHOUT_SAM = """
SELECT m.code || '/' || w.code, w.operation FROM workstations w JOIN modules m ON m.id = w.module_id
WHERE w.active AND m.product_reference = :reference AND w.operation IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM standard_times s
  WHERE s.reference = m.product_reference AND s.operation = w.operation AND s.effective_to IS NULL
)
ORDER BY m.id, w.sequence_pos, w.id
"""


@dataclass(frozen=True, slots=True)
class Balanceo:
    """What a file says. `skipped`: rows that were left out by a rule, with their text."""

    file: Path
    times: tuple[StandardTime, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, or would change."""

    changes: tuple[Change, ...]
    withdrawn: tuple[str, ...]
    """Examples that gave way to real figures."""
    hints: tuple[str, ...]
    """What is worth a look: stations without a SAM."""

    def count(self, kind: str) -> int:
        """How many operations are new, changed or same."""
        return sum(change.kind == kind for change in self.changes)


def read_balanceo(
    file: Path, mapping: Mapping, *, reference: str | None = None, sheet: str | None = None
) -> Balanceo:
    """Read a balanceo file.

    Args:
        file: CSV or workbook.
        mapping: where its columns are.
        reference: of rows that name none; before the mapping's.
        sheet: of a workbook; before the mapping's.

    Raises:
        InvalidValue: something in it cannot be; the text lists every bad row.
    """
    table = read_sheet(file, sheet or mapping.sheet, _SHEET)
    header, columns = locate(table, mapping)
    reader = _Rows(table, mapping, columns, reference or mapping.reference)
    times = [time for line in table.lines if line.number > header and (time := reader.time(line))]
    reader.problems.stop_if_any()
    if not times:
        raise InvalidValue(f"{file}: has no operations below row {header}; is it the right sheet?")
    return Balanceo(file, tuple(times), tuple(reader.skipped))


def import_balanceo(
    engine: Engine, balanceo: Balanceo, actor: Actor, *, source: str, now_ns: int, dry_run: bool = False
) -> Imported:
    """Put the figures of a file into force, in one transaction.

    Args:
        engine: of `writing_engine`.
        balanceo: of `read_balanceo`.
        actor: who imports.
        source: how the plant found the figures.
        now_ns: from when they are valid.
        dry_run: only say what would change.

    Raises:
        StoreError: the database refused; nothing has changed.
    """
    with entry(engine, actor, now_ns, "import the balanceo") as making:
        connection = making.connection
        changes = planned(connection, balanceo.times)
        references = sorted({time.reference for time in balanceo.times})
        operations = {(time.reference, time.operation) for time in balanceo.times}
        if not dry_run:
            note = f"{balanceo.file.name} ({actor.name})"
            for change in changes:
                enter(making, change, source=source, notes=note)
        withdrawn = [
            name
            for reference in references
            for name in _withdraw_examples(making, reference, operations, dry_run=dry_run)
        ]
        hints = [hint for reference in references for hint in _hints(connection, reference, operations)]
    return Imported(changes, tuple(withdrawn), tuple(hints))


def enter(making: Entry, change: Change, *, source: str, notes: str | None) -> None:
    """Put one standard time into force, audited."""
    row = put_into_force(making.connection, change, now=to_text(making.now_ns), source=source, notes=notes)
    if row is None:
        return
    before = asdict(change.before) if change.before else None
    action = "standard_time.create" if before is None else "standard_time.change"
    making.audit(action, f"standard_times/{row['id']}", before, row)


def _withdraw_examples(
    making: Entry, reference: str, listed: set[tuple[str, str]], *, dry_run: bool
) -> list[str]:
    """Take made-up figures of a reference out of force, now that there are real ones."""
    rows = making.connection.execute(text(_EXAMPLES), {"example": EXAMPLE, "reference": reference}).all()
    gone = [row for row in rows if (row.reference, row.operation) not in listed]
    for row in gone if not dry_run else []:
        making.update(
            "standard_time.withdraw", "standard_times", row.id, {"effective_to": to_text(making.now_ns)}
        )
    return [row.operation for row in gone]


def _hints(connection: Connection, reference: str, listed: set[tuple[str, str]]) -> list[str]:
    rows = connection.execute(text(_WITHOUT_SAM), {"reference": reference})
    return [
        f"{station} works at {operation!r}, which has no SAM for {reference}; is it spelled as in the file?"
        for station, operation in rows
        if (reference, operation) not in listed
    ]


class _Rows:
    """Turns rows into standard times, and keeps account of what is wrong and what was left out."""

    def __init__(
        self, table: Sheet, mapping: Mapping, columns: Dict[Name, int], reference: str | None
    ) -> None:
        self.problems = Problems(table.file, table.name)
        self.skipped: list[str] = []
        self._mapping, self._columns = mapping, columns
        self._is_workbook = bool(table.name)
        self._defaults: dict[Name, str | None] = {
            "reference": reference,
            "version": mapping.version or StandardTime.model_fields["version"].default,
        }
        self._above: dict[Name, Any] = {}
        self._seen: dict[tuple[str, str, str], int] = {}

    def time(self, line: Line) -> StandardTime | None:
        """The standard time of a row; None where it is blank, left out or wrong."""
        cells: dict[Name, Any] = {name: line.cell(column) for name, column in self._columns.items()}
        if all(value in (None, "") for value in cells.values()):
            return None
        for name in self._mapping.fill_down:
            if cells.get(name) in (None, ""):
                cells[name] = self._above.get(name)
        if any(rule.applies(cells.get(rule.column)) for rule in self._mapping.skip):
            self.skipped.append(f"row {line.number}: {_row_text(line)}")
            return None
        self._above = cells
        values: dict[str, Any] = {name: self._text(line, name, cells.get(name)) for name in _LONGEST_TEXT}
        values["sam_minutes"] = self._sam(line, cells["sam"])
        if any(value is None for name, value in values.items() if name != "machine_code"):
            return None
        return self._once(line, self._checked(line, values, cells["sam"]))

    def _text(self, line: Line, name: Name, value: Any) -> str | None:
        if value in (None, "") and name in self._defaults:
            value = self._defaults[name]
            if value is None:
                self.problems.add(
                    line.number, name, None, "a reference; name it with --reference or a column"
                )
                return None
        if value in (None, "") and name == "machine_code":
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # Excel has no whole numbers: reference 22 is 22.0 there
        written = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        longest = _LONGEST_TEXT[name]
        if not written or len(written) > longest or not written.isprintable():
            self.problems.add(line.number, self._place(name), value, f"text of 1 to {longest} characters")
            return None
        return written

    def _sam(self, line: Line, value: Any) -> float | None:
        number: float | None = None
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value)
        elif isinstance(value, str) and _NUMBER.fullmatch(value):
            number = float(value.replace(",", "."))
        if number is None or not math.isfinite(number):
            allowed = f"a number of {self._mapping.sam_unit} such as 0,55 or 0.55"
            if value is None and self._is_workbook:
                allowed += (
                    " (a formula that was never calculated is empty too: open the file in Excel and save it)"
                )
            self.problems.add(line.number, self._place("sam"), value, allowed)
            return None
        return round(number / (60 if self._mapping.sam_unit == "seconds" else 1), _DIGITS)

    def _checked(self, line: Line, values: dict[str, Any], sam: Any) -> StandardTime | None:
        try:
            return StandardTime(**values)
        except ValidationError as error:
            for item in error.errors():
                allowed = f"in minutes: {item['msg'][0].lower()}{item['msg'][1:]}"
                self.problems.add(line.number, self._place("sam"), sam, allowed)
            return None

    def _once(self, line: Line, time: StandardTime | None) -> StandardTime | None:
        if time is None:
            return None
        first = self._seen.setdefault((time.reference, time.operation, time.version), line.number)
        if first != line.number:
            self.problems.add(
                line.number,
                self._place("operation"),
                time.operation,
                f"each operation once; it is in row {first} already",
            )
            return None
        return time

    def _place(self, name: Name) -> str:
        column = self._columns.get(name)
        return name if column is None else f"{column_letter(column)} ({name})"


def _row_text(line: Line) -> str:
    return " ".join(str(cell) for cell in line.cells if cell is not None and cell != "")[:80]
