"""Writes an evaluation as files. The same evaluation gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.reports.evaluation.coverage import Coverage
from lbzf_ros.reports.evaluation.detection import Share
from lbzf_ros.reports.evaluation.evaluate import Comparison, Evaluation
from lbzf_ros.reports.evaluation.groups import Group
from lbzf_ros.reports.evaluation.labels.model import Labels
from lbzf_ros.reports.evaluation.latex import latex
from lbzf_ros.reports.evaluation.measured import Duration
from lbzf_ros.reports.evaluation.spans import Span
from lbzf_ros.store.timestamps import to_text

DIGITS = 6
"""Digits behind the point in files: more than is measured, fewer than differ between machines."""


def write(evaluation: Evaluation, folder: Path, *, software_version: str, plots: bool = True) -> list[Path]:
    """Write evaluation.json, groups.csv, pairs.csv, cycle_times.csv, tables.tex and the plots.

    Args:
        evaluation: what to write.
        folder: is made; files of the same names are replaced.
        software_version: of LBZF.
        plots: whether to draw.

    Raises:
        LbzfError: the folder cannot be written.
    """
    files = {
        "evaluation.json": to_json(evaluation, software_version).encode(),
        "groups.csv": to_csv(_group_rows(evaluation)).encode(),
        "pairs.csv": to_csv(_pair_rows(evaluation)).encode(),
        "cycle_times.csv": to_csv(_cycle_time_rows(evaluation)).encode(),
        "tables.tex": latex(evaluation).encode(),
    }
    if plots:
        from lbzf_ros.reports.evaluation.plots import draw  # matplotlib takes half a second

        files |= draw(evaluation)
    paths = [folder / name for name in files]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
    except OSError as error:
        raise LbzfError(f"{error.filename}: {error.strerror}; name another folder with --out") from None
    return paths


def to_json(evaluation: Evaluation, software_version: str) -> str:
    """The evaluation as JSON; null: not known."""
    content = {
        "software_version": software_version,
        "parameters": asdict(evaluation.parameters),
        "from": _time(evaluation.window.from_ns),
        "to": _time(evaluation.window.to_ns),
        "stations": evaluation.stations,
        "labels": [_labels(one) for one in evaluation.labels],
        "comparisons": [
            {"one": one.one, "two": one.two, "groups": [asdict(group) for group in one.groups]}
            for one in evaluation.comparisons
        ],
        "cycle_times": [{"station": one.station, **asdict(one.advice)} for one in evaluation.cycle_times],
        "notes": evaluation.notes,
    }
    return json.dumps(_rounded(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(rows: Iterable[dict[str, object]]) -> str:
    """Rows as CSV with the columns of the first one; an empty cell: not known."""
    text = io.StringIO(newline="")
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(text, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(_rounded(row))
    return text.getvalue()


def _labels(labels: Labels) -> dict[str, object]:
    window = labels.window
    return {
        "rater": labels.rater,
        "labels": len(labels.spans),
        "from": None if window is None else _time(window.from_ns),
        "to": None if window is None else _time(window.to_ns),
        "files": [{"name": name, "sha256": sha256} for name, sha256 in labels.files],
    }


def _group_rows(evaluation: Evaluation) -> Iterator[dict[str, object]]:
    for comparison in evaluation.comparisons:
        for group in comparison.groups:
            yield {"one": comparison.one, "two": comparison.two} | _flat_group(group)


def _flat_group(group: Group) -> dict[str, object]:
    """All figures of a group, one a column, the same columns for every group."""
    blank = {"by": group.by, "name": group.name}
    found = group.detection
    counts = {
        "matched": None if found is None else found.counts.matched,
        "extra": None if found is None else found.counts.extra,
        "missed": None if found is None else found.counts.missed,
    }
    shares = {
        f"{name}{part}": value
        for name in ("precision", "recall", "f1")
        for part, value in _flat_share(Share() if found is None else getattr(found, name)).items()
    }
    figures: dict[str, object] = {}
    empty = asdict(group.durations.errors)
    for name, errors in (("start", group.start), ("end", group.end), ("duration", group.durations.errors)):
        known = _flat("", asdict(errors)) if errors is not None else {}
        figures |= {f"{name}_{key}": known.get(key) for key in _flat("", empty)}
    limits = asdict(group.durations.bland_altman)
    del limits["n"], limits["bias"]  # as those of the duration's errors
    figures |= _flat("limits_", limits)
    figures |= _flat("icc_", asdict(group.durations.icc))
    figures |= _flat("concordance_", asdict(group.durations.concordance))
    covered = _flat("", asdict(group.coverage)) if group.coverage is not None else {}
    figures |= {f"uncertainty_{key}": covered.get(key) for key in _flat("", asdict(Coverage(0, 0, 0)))}
    return blank | counts | shares | figures


def _flat_share(share: Share) -> dict[str, object]:
    return {
        "": share.value,
        "_bootstrap_low": share.bootstrap.low,
        "_bootstrap_high": share.bootstrap.high,
        "_exact_low": share.exact.low,
        "_exact_high": share.exact.high,
    }


def _flat(prefix: str, values: dict[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(f"{prefix}{name}_", value)
        else:
            found[f"{prefix}{name}"] = value
    return found


def _pair_rows(evaluation: Evaluation) -> Iterator[dict[str, object]]:
    """Every pair and everything without a partner."""
    for comparison in evaluation.comparisons:
        names: dict[str, object] = {"one": comparison.one, "two": comparison.two}
        for duration in comparison.durations:
            yield names | _duration_row(duration)
        yield from (names | row for row in _matching_rows(comparison))


def _matching_rows(comparison: Comparison) -> Iterator[dict[str, object]]:
    found = comparison.matching
    if found is None:
        return
    rows = [
        *((pair.one.start_ns, _sides(pair.one, pair.two, pair.iou)) for pair in found.pairs),
        *((span.start_ns, _sides(span, None)) for span in found.only_one),
        *((span.start_ns, _sides(None, span)) for span in found.only_two),
    ]
    yield from (row for _, row in sorted(rows, key=lambda item: item[0]))


def _sides(one: Span | None, two: Span | None, iou: float | None = None) -> dict[str, object]:
    some = one or two
    assert some is not None
    return {
        "module": some.station[0],
        "workstation": some.station[1],
        "quality": one.band if one else None,
        "name_one": one.name if one else None,
        "start_one": _time(one.start_ns) if one else None,
        "end_one": _time(one.end_ns) if one else None,
        "duration_one_s": one.duration_s if one else None,
        "uncertainty_one_s": one.uncertainty_s if one else None,
        "name_two": two.name if two else None,
        "start_two": _time(two.start_ns) if two else None,
        "end_two": _time(two.end_ns) if two else None,
        "duration_two_s": two.duration_s if two else None,
        "iou": iou,
    }


def _duration_row(duration: Duration) -> dict[str, object]:
    return _sides(duration.event, None) | {"duration_two_s": duration.seconds}


def _cycle_time_rows(evaluation: Evaluation) -> Iterator[dict[str, object]]:
    for one in evaluation.cycle_times:
        yield {"station": one.station, **asdict(one.advice)}


def _time(time_ns: int | None) -> str | None:
    return None if time_ns is None else to_text(time_ns)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0  # no minus before a zero
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return value
