"""Writes rows as CSV and as Parquet, batch by batch, so that the memory needed does not grow with their number.

The same rows give the same bytes: the order is given, batches have one size, and Parquet is written by one version of
pyarrow (pinned) with everything said here that could be a default there. Nothing in the files says when they were made.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lbzf_ros.core.errors import StoreError
from lbzf_ros.reports.dataset.columns import CATEGORY, INTEGER, REAL, TEXT, TIME, PackColumn
from lbzf_ros.store.keeping.packing import Progress

BATCH_ROWS = 1 << 15
"""Rows at once, and of a row group of Parquet."""
LONG_BATCH_ROWS = 1 << 11
"""The same where a row holds kilobytes of text."""

_TYPES = {
    CATEGORY: pa.dictionary(pa.int32(), pa.string()),
    TEXT: pa.string(),
    TIME: pa.timestamp("ms", "UTC"),
    INTEGER: pa.int64(),
    REAL: pa.float64(),
}

Row = tuple[Any, ...]


def write_rows(
    cursor: sqlite3.Cursor,
    columns: Sequence[PackColumn],
    stem: Path,
    *,
    has_csv: bool = True,
    convert: Callable[[list[Row]], list[Row]],
    progress: Progress,
    total: int,
) -> int:
    """Write `stem`.csv and `stem`.parquet, or only the latter, of rows with long texts.

    Args:
        cursor: gives rows, in their order.
        columns: of the rows as they are written.
        stem: path without an ending.
        has_csv: whether CSV is written.
        convert: makes what is written of each batch of rows.
        progress: shown on the way.
        total: rows that are expected.

    Returns:
        How many rows there were.

    Raises:
        StoreError: a value is of another type than its column.
    """
    schema = schema_of(columns, stem.name)
    categories = [column.name for column in columns if column.kind == CATEGORY]
    batch_rows, done = BATCH_ROWS if has_csv else LONG_BATCH_ROWS, 0
    csv_path = stem.with_suffix(".csv") if has_csv else Path(os.devnull)
    with (
        csv_path.open("w", encoding="utf-8", newline="") as file,
        pq.ParquetWriter(
            stem.with_suffix(".parquet"),
            schema,
            version="2.6",
            data_page_version="1.0",
            compression="zstd",
            compression_level=3,
            use_dictionary=categories,  # type: ignore[arg-type]  # a list of names, as its documentation has it
            write_statistics=True,
            data_page_size=1 << 20,
            store_schema=True,
        ) as parquet,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in columns])
        while rows := convert(cursor.fetchmany(batch_rows)):
            parquet.write_table(_batch(rows, columns, schema), row_group_size=batch_rows)
            if has_csv:
                writer.writerows(rows)
            done += len(rows)
            progress(f"writing {stem.name}", done, total)
    return done


def schema_of(columns: Sequence[PackColumn], name: str) -> pa.Schema:
    """Arrow's schema: each column with its unit and meaning."""
    fields = [
        pa.field(
            column.name,
            _TYPES[column.kind],
            nullable=column.is_null,
            metadata={"unit": column.unit, "meaning": column.meaning},
        )
        for column in columns
    ]
    return pa.schema(fields, metadata={"lbzf": name})


def _batch(rows: Sequence[Row], columns: Sequence[PackColumn], schema: pa.Schema) -> pa.Table:
    arrays = [_array(values, column) for values, column in zip(zip(*rows, strict=True), columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], column: PackColumn) -> pa.Array[Any]:
    try:
        if column.kind in (INTEGER, REAL):
            return pa.array(values, _TYPES[column.kind])
        texts = pa.array(values, pa.string())
        if column.kind == CATEGORY:
            return texts.dictionary_encode()
        return texts.cast(pa.timestamp("ms", "UTC")) if column.kind == TIME else texts
    except pa.ArrowException as error:
        raise StoreError(
            f"column {column.name}: the database holds a value that is no {column.kind}: {error}; find and correct it, "
            "or leave out its time with --from and --to"
        ) from None
