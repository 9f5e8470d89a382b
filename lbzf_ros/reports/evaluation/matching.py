"""Which cycle belongs to which label: one to one, as many pairs as can be, and of those the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.evaluation.spans import Span, Station, Window, iou


@dataclass(frozen=True, slots=True)
class Pair:
    """Two spans that belong together. Errors are `one` minus `two` (measured minus labelled), seconds."""

    one: Span
    two: Span
    iou: float

    @property
    def start_error_s(self) -> float:
        """How much later the first begins."""
        return (self.one.start_ns - self.two.start_ns) / NS_PER_S

    @property
    def end_error_s(self) -> float:
        """How much later the first ends."""
        return (self.one.end_ns - self.two.end_ns) / NS_PER_S

    @property
    def duration_error_s(self) -> float:
        """How much longer the first is."""
        return self.one.duration_s - self.two.duration_s


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs, and what is in one list only; each by start."""

    pairs: tuple[Pair, ...]
    only_one: tuple[Span, ...]
    only_two: tuple[Span, ...]


def match(one: Sequence[Span], two: Sequence[Span], min_iou: float) -> Matching:
    """Pair the spans of two lists station by station.

    A pair needs an IoU of `min_iou`. Each span is in one pair at most. Among all ways to pair them, one with the
    most pairs is taken, and among those one with the greatest sum of IoU (optimal assignment).
    """
    found = _assigned(one, two, min_iou)
    paired_one, paired_two = {i for i, _, _ in found}, {j for _, j, _ in found}
    pairs = (Pair(one[i], two[j], value) for i, j, value in found)
    return Matching(
        tuple(sorted(pairs, key=lambda pair: _by_time(pair.one))),
        tuple(sorted((span for i, span in enumerate(one) if i not in paired_one), key=_by_time)),
        tuple(sorted((span for j, span in enumerate(two) if j not in paired_two), key=_by_time)),
    )


def within(matching: Matching, windows: Mapping[Station, Window]) -> Matching:
    """What of a matching counts: the stations and times that were looked at.

    A pair counts by the start of its label, so that a cycle over the edge of the window is neither missed nor extra
    because of an error of half a second.
    """

    def counts(span: Span) -> bool:
        window = windows.get(span.station)
        return window is not None and window.holds(span.start_ns)

    return Matching(
        tuple(pair for pair in matching.pairs if counts(pair.two)),
        tuple(filter(counts, matching.only_one)),
        tuple(filter(counts, matching.only_two)),
    )


def _by_time(span: Span) -> tuple[int, int, Station, str]:
    return span.start_ns, span.end_ns, span.station, span.name


def _assigned(one: Sequence[Span], two: Sequence[Span], min_iou: float) -> list[tuple[int, int, float]]:
    """Indices and IoU of the pairs.

    Spans that could be paired with one another, directly or through others, form a group; a group is assigned by
    itself. Groups hold a few spans, so a month of cycles takes no matrix of a month by a month.
    """
    possible = _possible(one, two, min_iou)
    if not possible:
        return []
    first, second, values = (np.array(column) for column in zip(*possible, strict=True))
    nodes = len(one) + len(two)
    graph = coo_array((np.ones(len(first)), (first, second + len(one))), shape=(nodes, nodes))
    _, group_of = connected_components(graph, directed=False)
    order = np.argsort(group_of[first], kind="stable")
    cuts = np.flatnonzero(np.diff(group_of[first][order])) + 1
    return [
        found
        for edges in np.split(order, cuts)
        for found in _assign_group(first[edges].tolist(), second[edges].tolist(), values[edges].tolist())
    ]


def _possible(one: Sequence[Span], two: Sequence[Span], min_iou: float) -> list[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = []
    numbers = _numbers(two)
    for station, mine in sorted(_numbers(one).items()):
        others = sorted(numbers.get(station, ()), key=lambda j: two[j].start_ns)
        if not others:
            continue
        starts = np.array([two[j].start_ns for j in others])
        last_ends = np.maximum.accumulate([two[j].end_ns for j in others])
        for i in mine:
            begin = int(np.searchsorted(last_ends, one[i].start_ns, side="right"))
            end = int(np.searchsorted(starts, one[i].end_ns, side="left"))
            values = ((i, j, iou(one[i], two[j])) for j in others[begin:end])
            found += [candidate for candidate in values if candidate[2] >= min_iou]
    return found


def _numbers(spans: Sequence[Span]) -> dict[Station, list[int]]:
    """Indices of the spans of each station."""
    found: dict[Station, list[int]] = {}
    for index, span in enumerate(spans):
        found.setdefault(span.station, []).append(index)
    return found


def _assign_group(first: list[int], second: list[int], values: list[float]) -> list[tuple[int, int, float]]:
    rows, columns = sorted(set(first)), sorted(set(second))
    row_of = {index: row for row, index in enumerate(rows)}
    column_of = {index: column for column, index in enumerate(columns)}
    worth = np.zeros((len(rows), len(columns)))
    # One more pair is worth more than any gain of IoU in the group.
    bonus = min(worth.shape) + 1
    for i, j, value in zip(first, second, values, strict=True):
        worth[row_of[i], column_of[j]] = bonus + value
    chosen = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    known = dict(zip(zip(first, second, strict=True), values, strict=True))
    pairs = ((rows[row], columns[column]) for row, column in chosen if worth[row, column] > 0)
    return [(i, j, known[i, j]) for i, j in pairs]
