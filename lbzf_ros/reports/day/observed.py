"""How much of the scheduled time was seen: recorded video, and gaps with their cause, of the cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lbzf_ros.core.indicators.formulas import percent
from lbzf_ros.core.indicators.spans import Span, length_ns, merged, minutes, within, without
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.day.values import Coverage, CoverageSource
from lbzf_ros.store.day.seen import Seen

_PAUSE_NS = 5 * NS_PER_S // 2
"""Between two pictures up to so far apart nothing is missing (as in `lbzf video`)."""
_PENDING_NS = 75 * 60 * NS_PER_S
"""A piece of video is entered when it is closed: after an hour at most, and some time to be closed."""
_NOT_SEEN = ("camera", "restart", "maintenance")
"""With the cause `disk` there is no video, but cycles may have been measured: nothing is known of such time."""


class Observed:
    """What is known of each camera (row id)."""

    def __init__(self, seen: Mapping[int, Seen], *, now_ns: int, min_percent: float) -> None:
        """Take what `store.day.seen` gives."""
        self._now_ns, self._min = now_ns, min_percent
        self._video = {camera: merged(one.video, pause_ns=_PAUSE_NS) for camera, one in seen.items()}
        self._gaps = {
            camera: merged([(start, end) for start, end, cause in one.gaps if cause in _NOT_SEEN])
            for camera, one in seen.items()
        }
        self._known = {camera for camera, one in seen.items() if one.video or one.gaps}
        self._until = {
            camera: max(end for _, end in [*self._video[camera], *self._gaps[camera], (0, 0)])
            for camera in seen
        }
        self._found: dict[tuple[int | None, tuple[Span, ...]], Coverage] = {}

    def of_camera(self, camera: int | None, spans: Sequence[Span]) -> Coverage:
        """Of one camera in spans of shifts that have passed."""
        asked = camera, tuple(spans)
        if asked not in self._found:  # every station before it asks the same
            self._found[asked] = self._of_camera(camera, spans)
        return self._found[asked]

    def _of_camera(self, camera: int | None, spans: Sequence[Span]) -> Coverage:
        scheduled = length_ns(spans)
        if camera is None or camera not in self._known:
            return self._coverage(scheduled, None)
        video, gaps, until = self._video[camera], self._gaps[camera], self._until[camera]
        seen = gap = pending = 0
        for span in spans:
            seen += length_ns(within(span, video))
            gap += sum(length_ns(within(part, gaps)) for part in without(span, video))
            if self._now_ns - until <= _PENDING_NS:
                pending += max(0, span[1] - max(span[0], until))
        return self._coverage(scheduled, (seen, gap, pending))

    def of_cameras(self, cameras: Sequence[int | None], spans: Sequence[Span]) -> Coverage:
        """Of a module: the mean over the cameras of its stations (one entry a station).

        Where nothing is known of some of them, their time is unknown.
        """
        each = {camera: self.of_camera(camera, spans) for camera in set(cameras)}
        known = [each[camera] for camera in cameras if each[camera].source is CoverageSource.VIDEO]
        scheduled = length_ns(spans)
        if not known:
            return self._coverage(scheduled, None)
        n, minute = len(cameras), 60 * NS_PER_S
        seen, gap, pending = (
            round(sum(values) / n * minute)
            for values in zip(
                *((c.observed_minutes or 0.0, c.gap_minutes or 0.0, c.pending_minutes) for c in known),
                strict=True,
            )
        )
        return self._coverage(scheduled, (seen, gap, pending))

    def _coverage(self, scheduled: int, known: tuple[int, int, int] | None) -> Coverage:
        if known is None:
            return Coverage(
                scheduled_minutes=minutes(scheduled),
                observed_minutes=None,
                gap_minutes=None,
                pending_minutes=0.0,
                unknown_minutes=minutes(scheduled),
                percent=None,
                low=False,
                source=CoverageSource.NONE,
            )
        seen, gap, pending = known
        share = percent(float(seen), float(scheduled - pending))
        return Coverage(
            scheduled_minutes=minutes(scheduled),
            observed_minutes=minutes(seen),
            gap_minutes=minutes(gap),
            pending_minutes=minutes(pending),
            unknown_minutes=minutes(max(0, scheduled - seen - gap - pending)),
            percent=share,
            low=share is not None and share < self._min,
            source=CoverageSource.VIDEO,
        )
