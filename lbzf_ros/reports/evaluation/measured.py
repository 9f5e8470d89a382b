"""What was measured, from the database of a data folder, and what people noted beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Engine, text

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.evaluation.spans import REJECTED, Span, Station, Window
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.observations import ObservationKind
from lbzf_ros.store.people.reading import ObservationRow, PeopleReader
from lbzf_ros.store.reader import MAX_PAGE, CycleFilter, StoreReader
from lbzf_ros.store.rows import CycleRow, Page
from lbzf_ros.store.timestamps import from_text

T = TypeVar("T")

FINISHED = ("complete", "manual_override")
"""Status of cycles that count; an override leaves what was measured as it is."""
MARGIN_NS = 24 * 3600 * NS_PER_S
"""So much longer than the window is looked for cycles that reach into it."""
_SECOND_OPINIONS = """
SELECT EXISTS (SELECT 1 FROM manual_observations WHERE kind = :kind)
  OR EXISTS (SELECT 1 FROM cycle_events WHERE gt_verified_by IS NOT NULL)
"""
_FIRST_NS, _LAST_NS = from_text("2000-01-01T00:00:00.000Z"), from_text("2099-12-31T23:59:59.999Z")


@dataclass(frozen=True, slots=True)
class Duration:
    """A cycle and how long it was by a person's watch."""

    event: Span
    seconds: float


@dataclass(frozen=True, slots=True)
class Checked:
    """Cycles that people checked by hand: `corrected` had another duration than measured, `confirmed` had it."""

    durations: tuple[Duration, ...]
    confirmed: int
    corrected: int


def stations(engine: Engine, module: str | None, wanted: tuple[str, ...]) -> tuple[Station, ...]:
    """Stations of the data folder, those that are asked for.

    Args:
        engine: that reads.
        module: only this one; None: all.
        wanted: codes of stations, alone or as MODULE/STATION; none: all.

    Raises:
        ConfigError: what is asked for is not there.
    """
    reader = StoreReader(engine)
    found = tuple(
        (row.module, row.code)
        for row in _all(lambda after: reader.workstations(after=after))
        if module in (None, row.module)
    )
    if not found:
        modules = sorted({row.code for row in _all(lambda after: reader.modules(after=after))})
        raise ConfigError(
            f"no station of module {module}; there are the modules {', '.join(modules) or '(none)'}"
        )
    for name in wanted:
        if not any(_is_named(station, name) for station in found):
            known = ", ".join("/".join(station) for station in found)
            raise ConfigError(f"--station {name}: no such station; there are {known}")
    return tuple(s for s in found if not wanted or any(_is_named(s, name) for name in wanted))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the database holds.

    Attributes:
        events: cycles of the stations that may reach into the window, by start.
        without_length: so many rejected cycles have no end or no length.
        checked: cycles that began in the window and were checked by hand (the columns gt_…).
    """

    events: list[Span]
    without_length: int
    checked: Checked


def measured(engine: Engine, chosen: tuple[Station, ...], window: Window, *, rejected: bool) -> Measured:
    """Read the cycles of some stations, once."""
    reader = StoreReader(engine)
    spans: list[Span] = []
    checked: list[tuple[Span, float | None]] = []
    without_length = 0
    for station in chosen:
        for row in _rows(reader, station, window, rejected=rejected):
            if row.end_ns is None or row.end_ns <= row.start_ns:
                without_length += 1
                continue
            span = _span(row)
            spans.append(span)
            if row.gt_verified_by is not None and window.holds(row.start_ns):
                checked.append((span, row.gt_corrected_duration_s))
    return Measured(sorted(spans, key=_place), without_length, _checked(checked))


def has_second_opinions(engine: Engine) -> bool:
    """Whether anybody ever noted a stopwatch reading or checked a cycle by hand."""
    values = {"kind": ObservationKind.GROUND_TRUTH_DURATION.value}
    with transaction(engine, "look for stopwatch readings") as connection:
        return bool(connection.execute(text(_SECOND_OPINIONS), values).scalar_one())


def _checked(rows: list[tuple[Span, float | None]]) -> Checked:
    rows.sort(key=lambda row: _place(row[0]))
    corrected = sum(seconds is not None for _, seconds in rows)
    durations = tuple(
        Duration(span, span.duration_s if seconds is None else seconds) for span, seconds in rows
    )
    return Checked(durations, len(rows) - corrected, corrected)


def _place(span: Span) -> tuple[int, str]:
    return span.start_ns, span.name


def stopwatch(
    engine: Engine, chosen: tuple[Station, ...], window: Window, events: list[Span]
) -> tuple[dict[str, tuple[Duration, ...]], int]:
    """Stopwatch readings by observer, and how many belong to no cycle.

    A reading belongs to the cycle that it names, or else to the one that ran at its station when it was observed.
    Several readings of one cycle by one observer are averaged.
    """
    reader = PeopleReader(engine)
    by_uid = {event.name: event for event in events}
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    alone = 0
    for row in _readings(reader, chosen, window):
        event = by_uid.get(row.event_uid) if row.event_uid else _running(events, row)
        seconds = row.payload.get("stopwatch_seconds")
        if event is None or not isinstance(seconds, (int, float)):
            alone += 1
        else:
            found[row.observer][event.name].append(float(seconds))
    return {
        observer: tuple(
            Duration(by_uid[uid], sum(times) / len(times))
            for uid, times in sorted(cycles.items(), key=lambda item: by_uid[item[0]].start_ns)
        )
        for observer, cycles in sorted(found.items())
    }, alone


def _readings(reader: PeopleReader, chosen: tuple[Station, ...], window: Window) -> Iterator[ObservationRow]:
    from_ns = _FIRST_NS if window.from_ns is None else window.from_ns
    to_ns = _LAST_NS if window.to_ns is None else window.to_ns
    for module in sorted({module for module, _ in chosen}):
        for row in _observations(reader, module, from_ns, to_ns):
            is_reading = row.kind == ObservationKind.GROUND_TRUTH_DURATION.value
            if is_reading and (row.module, row.workstation) in chosen:
                yield row


def _observations(reader: PeopleReader, module: str, from_ns: int, to_ns: int) -> Iterator[ObservationRow]:
    return _all(lambda after: reader.observations(module=module, from_ns=from_ns, to_ns=to_ns, after=after))


def _rows(reader: StoreReader, station: Station, window: Window, *, rejected: bool) -> Iterator[CycleRow]:
    which = _filter(station, window)
    for row in _all(lambda after: reader.cycles(which, limit=MAX_PAGE, after=after)):
        if row.status in FINISHED:
            yield row
    if rejected:
        yield from _all(lambda after: reader.rejected(which, limit=MAX_PAGE, after=after))


def _running(events: list[Span], row: ObservationRow) -> Span | None:
    running = [
        event
        for event in events
        if event.station == (row.module, row.workstation)
        and event.start_ns <= row.observed_ns <= event.end_ns
    ]
    return running[0] if len(running) == 1 else None


def _span(row: CycleRow) -> Span:
    assert row.end_ns is not None
    band = REJECTED if row.status == "rejected" else row.quality
    station = (row.module, row.workstation)
    return Span(station, row.start_ns, row.end_ns, row.event_uid, band, row.duration_uncertainty_s)


def _filter(station: Station, window: Window) -> CycleFilter:
    return CycleFilter(
        module=station[0],
        workstation=station[1],
        from_ns=None if window.from_ns is None else max(_FIRST_NS, window.from_ns - MARGIN_NS),
        to_ns=None if window.to_ns is None else min(_LAST_NS, window.to_ns + MARGIN_NS),
    )


def _is_named(station: Station, name: str) -> bool:
    return name in (station[1], "/".join(station))


def _all(page_after: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """Every row of a list, page by page."""
    after: str | None = None
    while True:
        page = page_after(after)
        yield from page.items
        after = page.next_key
        if after is None:
            return
