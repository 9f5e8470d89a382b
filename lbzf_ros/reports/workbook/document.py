"""The tables of docs/export.md from the program, so that the page cannot disagree with it."""

from __future__ import annotations

import sys
from pathlib import Path

from lbzf_ros.config.base import Settings
from lbzf_ros.reports.workbook import mapping
from lbzf_ros.reports.workbook.fields import FIELDS, SINGLE
from lbzf_ros.resources import resource_path

MARK = "<!-- made by python -m lbzf_ros.reports.workbook.document -->"
_PARTS: tuple[tuple[str, type[Settings]], ...] = (
    ("Top level", mapping.Mapping),
    ("sheets[]", mapping.Sheet),
    ("sheets[].columns[]", mapping.Column),
    ("sheets[].columns[].total, where it is not `sum`", mapping.Total),
    ("sheets[].chart", mapping.Chart),
    ("sheets[].chart.series[]", mapping.Series),
    ("csv", mapping.Csv),
    ("template", mapping.Template),
    ("template.cells[]", mapping.Cell),
    ("template.ranges[]", mapping.Range),
)


def tables() -> str:
    """Everything below the mark."""
    lines = [MARK, "", "## The mapping file", ""]
    for title, kind in _PARTS:
        lines += [f"### {title}", "", "| setting | meaning |", "|---|---|"]
        lines += [
            f"| `{name}`{' (needed)' if field.is_required() else ''} | {field.description} |"
            for name, field in kind.model_fields.items()
        ]
        lines.append("")
    lines += ["## Figures", ""]
    for source, figures in (*FIELDS.items(), ("template.cells", SINGLE)):
        lines += [f"### {source}", "", "| figure | kind | meaning |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {figure.kind.value} | {figure.meaning} |" for name, figure in figures.items()
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def page() -> Path:
    """The file."""
    return resource_path("docs", "export.md")


if __name__ == "__main__":
    head = page().read_text("utf-8").partition(MARK)[0]
    page().write_text(head + tables(), "utf-8")
    sys.stdout.write(f"{page()}\n")
