"""What a person reads first: README.md and data_dictionary.md of a pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lbzf_ros.reports.dataset.columns import CATEGORY, INTEGER, REAL, TEXT, TIME, PackColumn
from lbzf_ros.reports.dataset.manifest import CHECKSUM, ENVIRONMENT, GAPS, MANIFEST

_PARQUET = {
    CATEGORY: "dictionary of text",
    TEXT: "text",
    TIME: "timestamp[ms, UTC]",
    INTEGER: "int64",
    REAL: "double",
}


@dataclass(frozen=True, slots=True)
class Described:
    """A table of a pack.

    Attributes:
        name: events, rejected or explanations.
        meaning: what a row is.
        columns: in their order.
        left_out: columns of the database that are not in it, and why.
        rows: how many.
        has_csv: whether it is there as CSV too.
    """

    name: str
    meaning: str
    columns: Sequence[PackColumn]
    left_out: Mapping[str, str]
    rows: int
    has_csv: bool

    @property
    def files(self) -> tuple[str, ...]:
        """Their names."""
        return (f"{self.name}.csv",) * self.has_csv + (f"{self.name}.parquet",)


@dataclass(frozen=True, slots=True)
class Summary:
    """What README.md says of one pack.

    Attributes:
        lines: of which plant, stations and time, one a line.
        notes: what a reader has to know.
        files: further files and what they hold.
        personal: whether names of people are in it.
    """

    lines: Sequence[str]
    notes: Sequence[str]
    files: Mapping[str, str]
    personal: bool


def data_dictionary(tables: Sequence[Described]) -> str:
    """Every column of every table of a pack."""
    return "\n".join(_dictionary(tables))


def _dictionary(tables: Sequence[Described]) -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "An empty cell in CSV, null in Parquet: not known. Times are UTC. Shares are 0 to 1."
    for table in tables:
        yield from ("", f"## {', '.join(table.files)}", "", f"A row is {table.meaning}.", "")
        yield "| column | in Parquet | unit | may be unknown | allowed | meaning |"
        yield "|---|---|---|---|---|---|"
        for column in table.columns:
            allowed = f"`{_cell(column.allowed)}`" if column.allowed and column.kind != TIME else ""
            cells = (
                f"`{column.name}`",
                _PARQUET[column.kind],
                column.unit,
                "yes" if column.is_null else "",
                allowed,
                _cell(column.meaning),
            )
            yield f"| {' | '.join(cells)} |"
        if table.left_out:
            yield from ("", "Columns of the database that are not in it:", "")
            yield from (f"- `{name}`: {why}" for name, why in table.left_out.items())
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text


def readme(tables: Sequence[Described], summary: Summary) -> str:
    """How to read a pack, and what to know about it."""
    files = {
        "`, `".join(
            table.files
        ): f"{table.rows} rows{', the same in both' * (len(table.files) - 1)}: {table.meaning}"
        for table in tables
    } | dict(summary.files)
    return _README.format(
        about="\n".join(f"- {line}" for line in summary.lines),
        files="\n".join(f"| `{name}` | {meaning} |" for name, meaning in files.items()),
        notes="".join(f"- {note}\n" for note in summary.notes),
        people=_PERSONAL if summary.personal else _PSEUDONYMS,
        manifest=MANIFEST,
        checksum=CHECKSUM,
        environment=ENVIRONMENT,
        gaps=GAPS,
    )


_README = """# Measured work cycles

{about}

| file | holds |
|---|---|
{files}

## Know this

{notes}- {people}
- Rows stand in the order of `start_ts`, then `event_uid`; those of `explanations.parquet` in that of `event_uid`.
- Cycles that count have the status `complete` or `manual_override`. The figures are the measured ones, also where a
  person corrected them (`gt_corrected_duration_s`). `in_progress` still ran; the end of `aborted` is not known.
- `duration_uncertainty_s` is a half width; `evaluation/` says how often the labelled duration lies within it.

## Reading

```python
import pandas
events = pandas.read_parquet("events.parquet")  # or: pyarrow, R (arrow), DuckDB, or events.csv
counted = events[events.status.isin(["complete", "manual_override"])]
print(counted.groupby(["module", "workstation"], observed=True).duration_seconds.describe())
```

## Checking

```sh
sha256sum --quiet -c {manifest}                          # every file; also: lbzf dataset verify FOLDER
grep -v -e '  {environment}$' -e '  {gaps}$' {manifest} | sha256sum    # gives what stands in {checksum}
```

The checksum covers every file but two: `{environment}`, which says with what and when the pack was made, and when zones
and standard times were entered, and `{gaps}`: a recording that is measured again has no gaps.
The same cycles, labels and options give the same bytes and the same checksum, with the
same versions of LBZF and of its packages, which `{environment}` has.
"""
_PERSONAL = (
    """**It holds personal data**: codes of operators, who checked and labelled, notes. Do not publish it."""
)
_PSEUDONYMS = """People have pseudonyms (`operator-…`, `person-…`, `rater-…`): a keyed hash of the plant's code or name,
  the same in every pack that was made with the same key, which is not in it. Who knows when somebody worked where can
  still recognise him: pseudonyms are personal data too."""
