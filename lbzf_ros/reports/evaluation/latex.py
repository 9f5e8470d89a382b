"""The tables of an evaluation in LaTeX, ready for a paper that uses booktabs."""

from __future__ import annotations

from lbzf_ros.reports.evaluation.evaluate import Evaluation
from lbzf_ros.reports.evaluation.tables import TextTable, tables

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"$<$",
        ">": r"$>$",
        "≥": r"$\geq$",
        "±": r"$\pm$",
        "–": "--",
    }
)


def latex(evaluation: Evaluation) -> str:
    """All tables, one after another."""
    return "% \\usepackage{booktabs}\n" + "\n".join(_table(table) for table in tables(evaluation))


def escaped(text: str) -> str:
    r"""Text as LaTeX shows it; a minus before a digit is one.

    >>> escaped("PUESTO_01 < 50 %")
    'PUESTO\\_01 $<$ 50 \\%'
    """
    return text.translate(_SPECIAL)


def _cell(text: str) -> str:
    """A cell; brackets at the begin of a row would be read as an argument of the line break before."""
    cell = escaped(text)
    if any(sign.isdigit() for sign in text) and set(text) <= set("+-0123456789.,[] "):
        cell = cell.replace("-", "$-$").replace("+", "$+$")
    return f"{{{cell}}}" if cell.startswith("[") else cell


def _table(table: TextTable) -> str:
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(table.title)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}",
        r"\toprule",
        " & ".join(map(_cell, table.columns)) + r" \\",
        r"\midrule",
        *(" & ".join(map(_cell, row)) + r" \\" for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"
